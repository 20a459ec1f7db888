// The fernet suite against its bare primitives (Google Benchmark): AES-128-CBC, HMAC-SHA256 and SHA-256 of Crypto++ run
// back to back over the same bytes, and the envelope of the suite over the same content.
#include <benchmark/benchmark.h>
#include <cryptopp/aes.h>
#include <cryptopp/hmac.h>
#include <cryptopp/modes.h>
#include <cryptopp/sha.h>

#include <cstdlib>

#include "drawbridge/envelope.h"
#include "kernel/node.h"

namespace drawbridge {
namespace {

constexpr std::size_t chunk = 64 * 1024;

/// A node with just the suite.
kernel::Node& node() {
  static const auto node = [] {
    const char* plugins = std::getenv("DRAWBRIDGE_PLUGINS");
    kernel::NodeOptions options;
    options.plugin_dirs = {plugins ? plugins : "build/plugins"};
    auto made = kernel::Node::from_text(
        "node: {name: bench, data: /tmp/drawbridge-bench-suite}\nlog: {level: warning}\n"
        "ciphers: {suite: {plugin: cipher.fernet}}\n",
        "bench.yaml", options);
    made->start();
    return made;
  }();
  return *node;
}

void bare_seal(benchmark::State& state) {
  Bytes data(static_cast<std::size_t>(state.range(0)), 0x42);
  Bytes out(data.size());
  const Bytes key(16, 1), iv(16, 2);
  for (auto _ : state) {
    CryptoPP::SHA256 address;
    for (std::size_t at = 0; at < data.size(); at += chunk) {
      const std::size_t size = std::min(chunk, data.size() - at);
      CryptoPP::CBC_Mode<CryptoPP::AES>::Encryption cipher(key.data(), key.size(), iv.data());
      cipher.ProcessData(out.data() + at, data.data() + at, size);
      CryptoPP::HMAC<CryptoPP::SHA256> mac(key.data(), key.size());
      mac.Update(out.data() + at, size);
      std::uint8_t tag[32];
      mac.Final(tag);
      address.Update(out.data() + at, size);
    }
    std::uint8_t digest[32];
    address.Final(digest);
    benchmark::DoNotOptimize(digest);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void suite_seal(benchmark::State& state) {
  const auto suite = node().find<CipherSuite>("suite");
  Bytes data(static_cast<std::size_t>(state.range(0)), 0x42);
  const Secret key = system_random().secret(32);
  Bytes out;
  for (auto _ : state) {
    out.clear();
    EnvelopeSealer sealer(*suite, key, system_random(), {});
    sealer.update(data, out);
    sealer.finish(out);
    auto hasher = suite->hasher();
    hasher->update(out);
    benchmark::DoNotOptimize(hasher->finish());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void bare_open(benchmark::State& state) {
  Bytes data(static_cast<std::size_t>(state.range(0)), 0x42);
  Bytes out(data.size());
  const Bytes key(16, 1), iv(16, 2);
  for (auto _ : state) {
    for (std::size_t at = 0; at < data.size(); at += chunk) {
      const std::size_t size = std::min(chunk, data.size() - at);
      CryptoPP::HMAC<CryptoPP::SHA256> mac(key.data(), key.size());
      mac.Update(data.data() + at, size);
      std::uint8_t tag[32];
      mac.Final(tag);
      benchmark::DoNotOptimize(tag);
      CryptoPP::CBC_Mode<CryptoPP::AES>::Decryption cipher(key.data(), key.size(), iv.data());
      cipher.ProcessData(out.data() + at, data.data() + at, size);
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void suite_open(benchmark::State& state) {
  const auto suite = node().find<CipherSuite>("suite");
  const Bytes data(static_cast<std::size_t>(state.range(0)), 0x42);
  const Secret key = system_random().secret(32);
  Bytes sealed;
  EnvelopeSealer sealer(*suite, key, system_random(), {});
  sealer.update(data, sealed);
  sealer.finish(sealed);
  Bytes out;
  for (auto _ : state) {
    out.clear();
    EnvelopeOpener opener(
        *suite, key, BytesView(sealed).first(std::min(sealed.size(), EnvelopeOpener::max_header_bytes)), sealed.size());
    const auto bytes_of = [&](std::uint64_t index) {
      const ChunkExtent extent = opener.chunk(index);
      return BytesView(sealed).subspan(extent.offset, extent.size);
    };
    opener.begin(bytes_of(0), bytes_of(opener.chunk_count() - 1));
    for (std::uint64_t i = 0; i < opener.chunk_count(); ++i) opener.open(i, bytes_of(i), out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

BENCHMARK(bare_seal)->Arg(1 << 10)->Arg(1 << 20)->Arg(64 << 20);
BENCHMARK(suite_seal)->Arg(1 << 10)->Arg(1 << 20)->Arg(64 << 20);
BENCHMARK(bare_open)->Arg(1 << 20)->Arg(64 << 20);
BENCHMARK(suite_open)->Arg(1 << 20)->Arg(64 << 20);

}  // namespace
}  // namespace drawbridge

BENCHMARK_MAIN();
