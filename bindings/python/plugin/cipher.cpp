// A CipherSuite that is written in Python. Its methods do not wait in C++: the calling thread does, for as long as the
// class computes and at most for `call_timeout`.
#include "component.h"
#include "drawbridge/cipher_suite.h"
#include "interpreter.h"

namespace drawbridge::python {
namespace {

/// Owns the bytes: the caller of a call that was given up is gone. Wiped, for they may be plaintext or a key.
std::shared_ptr<const Secret> owned(BytesView bytes) {
  return std::make_shared<const Secret>(Secret::copy_of(bytes));
}

py::object plain(const std::shared_ptr<const Secret>& bytes) {
  return to_python(bytes->bytes());
}

py::object secret(const std::shared_ptr<const Secret>& bytes) {
  return to_python(bytes->clone());
}

class PythonHasher final : public Hasher {
 public:
  PythonHasher(std::shared_ptr<Mounted> python, SharedObject object)
      : python_(std::move(python)), object_(std::move(object)) {}
  void update(BytesView data) override {
    auto invoke = [copy = owned(data)](const py::object& method) { return method(plain(copy)); };
    python_->call_now<void>(object_, "update", "None", invoke, nothing_from);
  }
  Bytes finish() override {
    auto invoke = [](const py::object& method) { return method(); };
    return python_->call_now<Bytes>(object_, "finish", "bytes", invoke, bytes_from);
  }

 private:
  std::shared_ptr<Mounted> python_;
  SharedObject object_;
};

class PythonChunkCipher final : public ChunkCipher {
 public:
  PythonChunkCipher(std::shared_ptr<Mounted> python, SharedObject object)
      : python_(std::move(python)), object_(std::move(object)) {}

  std::size_t sealed_size(std::size_t plain_size) const override {
    auto invoke = [plain_size](const py::object& method) { return method(plain_size); };
    return python_->call_now<std::uint64_t>(object_, "sealed_size", "int", invoke, count_result);
  }
  void seal(std::uint64_t index, bool last, BytesView given, Bytes& out) const override {
    auto invoke = [=, copy = owned(given)](const py::object& method) { return method(index, last, plain(copy)); };
    append(out, python_->call_now<Bytes>(object_, "seal", "bytes", invoke, bytes_from));
  }
  bool open(std::uint64_t index, bool last, BytesView sealed, Bytes& out) const override {
    auto invoke = [=, copy = owned(sealed)](const py::object& method) { return method(index, last, plain(copy)); };
    try {
      const auto opened = python_->call_now<Secret>(object_, "open", "bytes", invoke, secret_from);
      append(out, opened.bytes());
      return true;
    } catch (const Error& error) {
      if (error.code() != Code::cannot_open) throw;
      return false;
    }
  }
  Secret portable_key(std::uint64_t index, bool last) const override {
    auto invoke = [=](const py::object& method) { return method(index, last); };
    return python_->call_now<Secret>(object_, "portable_key", "bytes", invoke, secret_from);
  }

 private:
  std::shared_ptr<Mounted> python_;
  SharedObject object_;
};

Algorithm algorithm_from(py::handle value) {
  return {text_result(value.attr("purpose")), text_result(value.attr("name")), text_result(value.attr("standard"))};
}

class PythonSuite final : public PythonComponent, public CipherSuite {
 public:
  std::string_view suite() const override { return suite_; }
  std::vector<Algorithm> algorithms() const override { return algorithms_; }
  std::string_view address_prefix() const override { return prefix_; }
  std::string password_parameters() const override { return parameters_; }

  std::unique_ptr<Hasher> hasher() const override {
    return std::make_unique<PythonHasher>(python_, object("hasher", "a drawbridge.Hasher", "Hasher", call));
  }
  std::unique_ptr<ChunkCipher> chunk_cipher(const Secret& data_key, BytesView header) const override {
    if (data_key.size() != data_key_bytes) throw Error(Code::invalid, "a data key has 32 bytes");
    auto invoke = [key = owned(data_key.bytes()), head = owned(header)](const py::object& method) {
      return method(secret(key), plain(head));
    };
    return std::make_unique<PythonChunkCipher>(
        python_, object("chunk_cipher", "a drawbridge.ChunkCipher", "ChunkCipher", invoke));
  }
  Bytes seal_small(const Secret& key, BytesView context, BytesView content) const override {
    return compute<Bytes>("seal_small", bytes_from, key.bytes(), context, content);
  }
  Secret open_small(const Secret& key, BytesView context, BytesView sealed) const override {
    return compute<Secret>("open_small", secret_from, key.bytes(), context, sealed);
  }
  KeyPair generate_encryption_keys() const override {
    return python().call_now<KeyPair>("generate_encryption_keys", "a KeyPair", call, key_pair_from);
  }
  Bytes wrap(BytesView public_key, BytesView context, const Secret& data_key) const override {
    auto invoke = [key = owned(public_key), about = owned(context), wrapped = owned(data_key.bytes())](
                      const py::object& method) { return method(plain(key), plain(about), secret(wrapped)); };
    return python().call_now<Bytes>("wrap", "bytes", invoke, bytes_from);
  }
  Secret unwrap(const Secret& private_key, BytesView context, BytesView wrapped) const override {
    return compute<Secret>("unwrap", secret_from, private_key.bytes(), context, wrapped);
  }
  KeyPair generate_signature_keys() const override {
    return python().call_now<KeyPair>("generate_signature_keys", "a KeyPair", call, key_pair_from);
  }
  Bytes sign(const Secret& private_key, BytesView message) const override {
    auto invoke = [key = owned(private_key.bytes()), copy = owned(message)](const py::object& method) {
      return method(secret(key), plain(copy));
    };
    return python().call_now<Bytes>("sign", "bytes", invoke, bytes_from);
  }
  bool verify(BytesView public_key, BytesView message, BytesView signature) const override {
    auto invoke = [key = owned(public_key), copy = owned(message), mark = owned(signature)](const py::object& method) {
      return method(plain(key), plain(copy), plain(mark));
    };
    return python().call_now<bool>("verify", "True or False", invoke, bool_result);
  }
  Secret derive(const Secret& password, BytesView salt, std::string_view parameters) const override {
    auto invoke = [key = owned(password.bytes()), copy = owned(salt), text = std::string(parameters)](
                      const py::object& method) { return method(secret(key), plain(copy), to_python(text)); };
    return python().call_now<Secret>("derive", "bytes", invoke, secret_from);
  }

 protected:
  Task<> started(Host&) override {
    auto property = [](const py::object& value) { return value; };
    suite_ = co_await python().call<std::string>("suite", "str", property, text_result);
    prefix_ = co_await python().call<std::string>("address_prefix", "str", property, text_result);
    parameters_ = co_await python().call<std::string>("password_parameters", "str", call, text_result);
    constexpr std::size_t max_algorithms = 64;
    auto convert = [](py::handle result) { return list_result(result, max_algorithms, algorithm_from); };
    algorithms_ = co_await python().call<std::vector<Algorithm>>("algorithms", "a list of Algorithm", call, convert);
  }

 private:
  static py::object call(const py::object& method) { return method(); }

  template <class Invoke>
  SharedObject object(const char* method, const char* returns, const char* kind, Invoke invoke) const {
    auto convert = [python = python_, kind](py::handle result) {
      return python->share(mount_function("check")(kind, result));
    };
    return python().call_now<SharedObject>(method, returns, invoke, convert);
  }

  /// method(key as a Secret, context, content)
  template <class Result, class Convert>
  Result compute(const char* method, Convert convert, BytesView key, BytesView context, BytesView content) const {
    auto invoke = [kept = owned(key), about = owned(context), copy = owned(content)](const py::object& found) {
      return found(secret(kept), plain(about), plain(copy));
    };
    return python().call_now<Result>(method, "bytes", invoke, convert);
  }

  std::string suite_;
  std::string prefix_;
  std::string parameters_;
  std::vector<Algorithm> algorithms_;
};

}  // namespace

std::shared_ptr<PythonComponent> make_cipher_suite() {
  return std::make_shared<PythonSuite>();
}

}  // namespace drawbridge::python
