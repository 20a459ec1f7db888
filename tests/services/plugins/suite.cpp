// test.suite: another suite by name, made of the one that it uses, whose chunks may be of no portable format.
#include "drawbridge/cipher_suite.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

/// The chunks of another suite, without their portable key.
class Chunks final : public ChunkCipher {
 public:
  explicit Chunks(std::unique_ptr<ChunkCipher> inner) : inner_(std::move(inner)) {}
  std::size_t sealed_size(std::size_t plain_size) const override { return inner_->sealed_size(plain_size); }
  void seal(std::uint64_t index, bool last, BytesView plain, Bytes& out) const override {
    inner_->seal(index, last, plain, out);
  }
  bool open(std::uint64_t index, bool last, BytesView sealed, Bytes& out) const override {
    return inner_->open(index, last, sealed, out);
  }

 private:
  std::unique_ptr<ChunkCipher> inner_;
};

class TestSuite final : public CipherSuite {
 public:
  void options(Options& o) override {
    o.use("inner", inner_, "Who does the work.");
    o.flag("portable", portable_, "Whether chunks have a portable key.");
  }

  std::string_view suite() const override { return "test"; }
  std::vector<Algorithm> algorithms() const override { return inner_->algorithms(); }
  std::string_view address_prefix() const override { return inner_->address_prefix(); }
  std::unique_ptr<Hasher> hasher() const override { return inner_->hasher(); }
  std::unique_ptr<ChunkCipher> chunk_cipher(const Secret& data_key, BytesView header) const override {
    auto cipher = inner_->chunk_cipher(data_key, header);
    if (portable_) return cipher;
    return std::make_unique<Chunks>(std::move(cipher));
  }
  Bytes seal_small(const Secret& key, BytesView context, BytesView plain) const override {
    return inner_->seal_small(key, context, plain);
  }
  Secret open_small(const Secret& key, BytesView context, BytesView sealed) const override {
    return inner_->open_small(key, context, sealed);
  }
  KeyPair generate_encryption_keys() const override { return inner_->generate_encryption_keys(); }
  Bytes wrap(BytesView public_key, BytesView context, const Secret& data_key) const override {
    return inner_->wrap(public_key, context, data_key);
  }
  Secret unwrap(const Secret& private_key, BytesView context, BytesView wrapped) const override {
    return inner_->unwrap(private_key, context, wrapped);
  }
  KeyPair generate_signature_keys() const override { return inner_->generate_signature_keys(); }
  Bytes sign(const Secret& private_key, BytesView message) const override { return inner_->sign(private_key, message); }
  bool verify(BytesView public_key, BytesView message, BytesView signature) const override {
    return inner_->verify(public_key, message, signature);
  }
  std::string password_parameters() const override { return inner_->password_parameters(); }
  Secret derive(const Secret& password, BytesView salt, std::string_view parameters) const override {
    return inner_->derive(password, salt, parameters);
  }

 private:
  Ref<CipherSuite> inner_;
  bool portable_ = false;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::TestSuite, "test.suite", "0.1.0", "Another suite, for tests.")
