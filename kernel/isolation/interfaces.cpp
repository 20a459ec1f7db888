#include "kernel/isolation/interfaces.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "kernel/isolation/control.h"

namespace drawbridge::kernel::isolation {
namespace {

constexpr std::uint64_t max_piece = 1_MiB;

template <class... T>
struct Numbered {
  static constexpr std::array<std::span<const Method>, max_interfaces> tables() {
    std::array<std::span<const Method>, max_interfaces> out{};
    ((out[Interface<T>::number] = methods_of<T>()), ...);
    return out;
  }
};

/// Serves one incoming stream of a transport by the handler in the other process.
Task<> hand_over(std::shared_ptr<Link> link, std::uint64_t handler, std::shared_ptr<Stream> stream) {
  std::string peer = stream->peer();
  const auto id = link->objects().add(Interface<Stream>::number, std::move(stream));
  try {
    Task<> task = remote<&handle_stream>(Remote{link, handler}, id, std::move(peer));
    co_await std::move(task);
  } catch (...) {
    link->objects().drop(id);
    throw;
  }
  link->objects().drop(id);
}

}  // namespace

const Method* find_method(std::uint16_t number) {
  static constexpr auto tables =
      Numbered<Control, HostService, Records, Blobs, BlobWriter, CipherSuite, Hasher, ChunkCipher, Ledger, Keeper,
               Transport, Stream, StreamHandler, Identity, Keyring, Progress, Access>::tables();
  const std::size_t interface = number >> 8;
  const std::size_t index = number & 0xff;
  if (interface >= tables.size() || index >= tables[interface].size()) return nullptr;
  return &tables[interface][index];
}

void refuse(Link& link, const Malformed& broken) {
  link.fail(std::string("sent what is no answer: ") + broken.what());
  throw Error(Code::unavailable, "its process sent what is no answer", "retry: it is started again");
}

Bytes HostService::random(std::uint32_t count) {
  if (count > max_piece) throw Error(Code::too_large, "too much randomness at once");
  return host_.random().bytes(count);
}

Task<Bytes> read_piece(Blobs& blobs, std::string id, std::uint64_t offset, std::uint64_t size) {
  Bytes out(std::min(size, max_piece));
  const MutableBytes space(out);
  Task<std::size_t> task = blobs.read(std::move(id), offset, space);
  out.resize(co_await std::move(task));
  co_return out;
}

Bytes seal_chunk(const ChunkCipher& cipher, std::uint64_t index, bool last, BytesView plain) {
  Bytes out;
  cipher.seal(index, last, plain, out);
  return out;
}

std::optional<Bytes> open_chunk(const ChunkCipher& cipher, std::uint64_t index, bool last, BytesView sealed) {
  Bytes out;
  if (!cipher.open(index, last, sealed, out)) return std::nullopt;
  return out;
}

void serve_streams(Link& link, Transport& transport, std::string protocol, std::uint64_t handler) {
  const auto shared = link.shared_from_this();
  transport.serve(protocol, [shared, handler](std::shared_ptr<Stream> stream) {
    return hand_over(shared, handler, std::move(stream));
  });
  // A process that is gone serves nothing. Its objects are let go of after this.
  link.at_close([&transport, protocol] { transport.withdraw(protocol); });
}

void withdraw_streams(Transport& transport, std::string protocol) {
  transport.withdraw(protocol);
}

Task<> handle_stream(Link& link, StreamHandler& handler, std::uint64_t stream, std::string peer) {
  if (stream < Objects::first_own) throw Malformed("a stream is no object");
  auto run = handler.run;
  std::shared_ptr<Stream> incoming = handle_to<Stream>({link.shared_from_this(), stream}, std::move(peer));
  Task<> task = run(std::move(incoming));
  co_await std::move(task);
}

Task<Keyring::Rewrapped> rewrap_all(Link& link, Keyring& keyring, std::uint64_t progress) {
  const auto shared = link.shared_from_this();
  // Told without waiting for it: what is shown of progress may be late.
  const auto executor = co_await asio::this_coro::executor;
  auto tell = [shared, progress, executor](std::uint64_t done, std::uint64_t seen) {
    if (progress == 0) return;
    asio::co_spawn(executor, remote<&tell_progress>(Remote{shared, progress}, done, seen), [](std::exception_ptr) {});
  };
  std::function<void(std::uint64_t, std::uint64_t)> callback = std::move(tell);
  Task<Keyring::Rewrapped> task = keyring.rewrap(std::move(callback));
  auto result = co_await std::move(task);
  co_return result;
}

Task<> tell_progress(Progress& progress, std::uint64_t done, std::uint64_t seen) {
  if (progress.tell) progress.tell(done, seen);
  co_return;
}

std::string own_suite(const CipherSuite& suite) {
  return std::string(suite.suite());
}
std::string own_prefix(const CipherSuite& suite) {
  return std::string(suite.address_prefix());
}
std::string own_kind(const Keeper& keeper) {
  return std::string(keeper.keeper());
}

}  // namespace drawbridge::kernel::isolation
