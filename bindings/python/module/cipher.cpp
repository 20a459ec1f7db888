#include <memory>

#include "drawbridge/cipher_suite.h"
#include "module.h"

namespace drawbridge::python {
namespace {

/// A chunk cipher computes and has no state that changes: its calls need no lane.
struct ChunkHandle {
  std::shared_ptr<Kept<ChunkCipher>> kept;
};

template <class Function>
auto computed(Function function) {
  const WithoutGil free;
  return function();
}

Buffer seal_small(const CipherSuite& suite, const Borrowed& key, const Borrowed& context, const Borrowed& plain) {
  return {suite.seal_small(Secret::copy_of(key.bytes()), context.bytes(), plain.bytes())};
}
Secret open_small(const CipherSuite& suite, const Borrowed& key, const Borrowed& context, const Borrowed& sealed) {
  return suite.open_small(Secret::copy_of(key.bytes()), context.bytes(), sealed.bytes());
}
KeyPair generate_encryption_keys(const CipherSuite& suite) {
  return suite.generate_encryption_keys();
}
Bytes wrap(const CipherSuite& suite, const Borrowed& public_key, const Borrowed& context, const Borrowed& data_key) {
  return suite.wrap(public_key.bytes(), context.bytes(), Secret::copy_of(data_key.bytes()));
}
Secret unwrap(const CipherSuite& suite, const Borrowed& private_key, const Borrowed& context, const Borrowed& wrapped) {
  return suite.unwrap(Secret::copy_of(private_key.bytes()), context.bytes(), wrapped.bytes());
}
KeyPair generate_signature_keys(const CipherSuite& suite) {
  return suite.generate_signature_keys();
}
Bytes sign(const CipherSuite& suite, const Borrowed& private_key, const Borrowed& message) {
  return suite.sign(Secret::copy_of(private_key.bytes()), message.bytes());
}
Present verify(const CipherSuite& suite, const Borrowed& public_key, const Borrowed& message,
               const Borrowed& signature) {
  return {suite.verify(public_key.bytes(), message.bytes(), signature.bytes())};
}
Secret derive(const CipherSuite& suite, const Borrowed& password, const Borrowed& salt, const std::string& parameters) {
  return suite.derive(Secret::copy_of(password.bytes()), salt.bytes(), parameters);
}
Bytes hash(const CipherSuite& suite, const Borrowed& content) {
  const auto hasher = suite.hasher();
  hasher->update(content.bytes());
  return hasher->finish();
}

std::shared_ptr<Kept<Hasher>> hasher(const Handle<CipherSuite>& suite) {
  const auto use = suite.use();
  return Kept<Hasher>::make(*suite.owner, use->hasher());
}

ChunkHandle chunk_cipher(const Handle<CipherSuite>& suite, const Borrowed& data_key, const Borrowed& header) {
  const auto use = suite.use();
  if (data_key.size() != CipherSuite::data_key_bytes) throw Error(Code::invalid, "a data key has 32 bytes");
  return {Kept<ChunkCipher>::make(*suite.owner, use->chunk_cipher(Secret::copy_of(data_key.bytes()), header.bytes()))};
}

void register_objects(py::module_& module) {
  using namespace py::literals;
  py::class_<Kept<Hasher>, std::shared_ptr<Kept<Hasher>>>(module, "Hasher")
      .def(
          "update",
          [](Kept<Hasher>& self, const Borrowed& content) {
            const UseKept<Hasher> hasher(self, "hasher");
            computed([&] { hasher->update(content.bytes()); });
          },
          "content"_a)
      .def("finish", [](Kept<Hasher>& self) {
        auto digest = [&] {
          const UseKept<Hasher> hasher(self, "hasher");
          return computed([&] { return hasher->finish(); });
        }();
        self.drop();
        return to_python(digest);
      });
  py::class_<ChunkHandle>(module, "ChunkCipher")
      .def(
          "sealed_size",
          [](const ChunkHandle& self, std::size_t plain_size) {
            return UseKept<ChunkCipher>(*self.kept, "chunk cipher")->sealed_size(plain_size);
          },
          "plain_size"_a)
      .def(
          "seal",
          [](const ChunkHandle& self, std::uint64_t index, bool last, const Borrowed& plain) {
            const UseKept<ChunkCipher> cipher(*self.kept, "chunk cipher");
            Buffer out;
            computed([&] { cipher->seal(index, last, plain.bytes(), out.bytes); });
            return out;
          },
          "index"_a, "last"_a, "plain"_a)
      .def(
          "open",
          [](const ChunkHandle& self, std::uint64_t index, bool last, const Borrowed& sealed) {
            const UseKept<ChunkCipher> cipher(*self.kept, "chunk cipher");
            Buffer out;
            if (!computed([&] { return cipher->open(index, last, sealed.bytes(), out.bytes); })) {
              throw Error(Code::cannot_open, "the chunk does not open");
            }
            return out;
          },
          "index"_a, "last"_a, "sealed"_a)
      .def(
          "portable_key",
          [](const ChunkHandle& self, std::uint64_t index, bool last) {
            return UseKept<ChunkCipher>(*self.kept, "chunk cipher")->portable_key(index, last);
          },
          "index"_a, "last"_a);
}

}  // namespace

void register_cipher(py::module_& module) {
  using namespace py::literals;
  register_objects(module);
  py::class_<Handle<CipherSuite>> suite(module, "CipherSuite");
  suite.def_property_readonly("suite",
                              [](const Handle<CipherSuite>& self) { return std::string(self.use()->suite()); });
  suite.def_property_readonly(
      "address_prefix", [](const Handle<CipherSuite>& self) { return std::string(self.use()->address_prefix()); });
  suite.def("algorithms", [](const Handle<CipherSuite>& self) { return to_python(self.use()->algorithms()); });
  suite.def("password_parameters", [](const Handle<CipherSuite>& self) { return self.use()->password_parameters(); });
  suite.def("hasher", hasher);
  suite.def("chunk_cipher", chunk_cipher, "data_key"_a, "header"_a);
  def_computing(suite, "hash", hash, "content"_a);
  def_computing(suite, "seal_small", seal_small, "key"_a, "context"_a, "plain"_a);
  def_computing(suite, "open_small", open_small, "key"_a, "context"_a, "sealed"_a);
  def_computing(suite, "generate_encryption_keys", generate_encryption_keys);
  def_computing(suite, "wrap", wrap, "public_key"_a, "context"_a, "data_key"_a);
  def_computing(suite, "unwrap", unwrap, "private_key"_a, "context"_a, "wrapped"_a);
  def_computing(suite, "generate_signature_keys", generate_signature_keys);
  def_computing(suite, "sign", sign, "private_key"_a, "message"_a);
  def_computing(suite, "verify", verify, "public_key"_a, "message"_a, "signature"_a);
  def_computing(suite, "derive", derive, "password"_a, "salt"_a, "parameters"_a);
}

}  // namespace drawbridge::python
