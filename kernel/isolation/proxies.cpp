#include "kernel/isolation/proxies.h"

#include <algorithm>

#include "drawbridge/options.h"

namespace drawbridge::kernel::isolation {
namespace {

constexpr std::size_t piece_bytes = 1_MiB;

/// Tells the other process when nobody has an object of it any more.
class Handle {
 public:
  explicit Handle(Remote remote) : remote_(std::move(remote)) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { static_cast<Link&>(*remote_.source).drop(remote_.object); }  // a handle is always of one process
  const Remote& remote() const { return remote_; }

 private:
  Remote remote_;
};

class WriterProxy final : public BlobWriter {
 public:
  explicit WriterProxy(Remote to) : handle_(std::move(to)) {}

  Task<> write(BytesView bytes) override {
    do {
      const auto piece = bytes.first(std::min(bytes.size(), piece_bytes));
      bytes = bytes.subspan(piece.size());
      Task<> task = remote<&BlobWriter::write>(handle_.remote(), piece);
      co_await std::move(task);
    } while (!bytes.empty());
  }
  Task<> commit(std::string id) override { return remote<&BlobWriter::commit>(handle_.remote(), std::move(id)); }

 private:
  Handle handle_;
};

/// Gathers what comes in small pieces: a call costs more than to copy them.
class HasherProxy final : public Hasher {
 public:
  explicit HasherProxy(Remote to) : handle_(std::move(to)) {}

  void update(BytesView data) override {
    if (gathered_.size() + data.size() <= gather_bytes) return append(gathered_, data);
    flush();
    while (data.size() > gather_bytes) {
      const auto piece = data.first(std::min(data.size(), piece_bytes));
      call<&Hasher::update>(handle_.remote(), piece);
      data = data.subspan(piece.size());
    }
    append(gathered_, data);
  }
  Bytes finish() override {
    flush();
    return call<&Hasher::finish>(handle_.remote());
  }

 private:
  static constexpr std::size_t gather_bytes = 64 * 1024;

  void flush() {
    if (!gathered_.empty()) call<&Hasher::update>(handle_.remote(), BytesView(gathered_));
    gathered_.clear();
  }

  Handle handle_;
  Bytes gathered_;
};

class ChunkCipherProxy final : public ChunkCipher {
 public:
  explicit ChunkCipherProxy(Remote to) : handle_(std::move(to)) {}

  std::size_t sealed_size(std::size_t plain_size) const override {
    return call<&ChunkCipher::sealed_size>(handle_.remote(), plain_size);
  }
  void seal(std::uint64_t index, bool last, BytesView plain, Bytes& out) const override {
    append(out, call<&seal_chunk>(handle_.remote(), index, last, plain));
  }
  bool open(std::uint64_t index, bool last, BytesView sealed, Bytes& out) const override {
    const auto plain = call<&open_chunk>(handle_.remote(), index, last, sealed);
    if (plain) append(out, *plain);
    return plain.has_value();
  }
  Secret portable_key(std::uint64_t index, bool last) const override {
    return call<&ChunkCipher::portable_key>(handle_.remote(), index, last);
  }

 private:
  Handle handle_;
};

class StreamProxy final : public Stream {
 public:
  StreamProxy(Remote to, std::string peer) : handle_(std::move(to)), peer_(std::move(peer)) {}

  const std::string& peer() const override { return peer_; }
  Task<> send(Bytes message) override {
    if (message.size() > max_message_bytes) {
      throw Error(Code::too_large, "a message has at most " + std::to_string(max_message_bytes) + " bytes");
    }
    Task<> task = remote<&Stream::send>(handle_.remote(), std::move(message));
    co_await std::move(task);
  }
  Task<std::optional<Bytes>> receive() override { return remote<&Stream::receive>(handle_.remote()); }
  Task<> finish() override { return remote<&Stream::finish>(handle_.remote()); }

 private:
  Handle handle_;
  std::string peer_;
};

}  // namespace

template <>
std::unique_ptr<BlobWriter> handle_to(Remote remote, std::string) {
  return std::make_unique<WriterProxy>(std::move(remote));
}
template <>
std::unique_ptr<Hasher> handle_to(Remote remote, std::string) {
  return std::make_unique<HasherProxy>(std::move(remote));
}
template <>
std::unique_ptr<ChunkCipher> handle_to(Remote remote, std::string) {
  return std::make_unique<ChunkCipherProxy>(std::move(remote));
}
template <>
std::unique_ptr<Stream> handle_to(Remote remote, std::string note) {
  return std::make_unique<StreamProxy>(std::move(remote), std::move(note));
}

Task<> Proxy<Records>::commit(Batch batch) {
  batch.validate();  // its errors need no process
  Task<> task = remote<&Records::commit>(remote_, std::move(batch));
  co_await std::move(task);
}

Task<std::size_t> Proxy<Blobs>::read(std::string id, std::uint64_t offset, MutableBytes out) {
  std::size_t done = 0;
  do {
    const auto link = remote_.source->link();
    const std::uint64_t wanted = std::min(out.size() - done, piece_bytes);
    Task<Incoming> task = ask<&read_piece>(link, remote_.object, id, offset + done, wanted);
    const Incoming answer = co_await std::move(task);
    std::size_t got = 0;
    try {
      Reader reader(answer.view());
      const auto piece = reader.sized_view();
      reader.expect_end();
      if (piece.size() > wanted) throw Malformed("more of a blob than was asked for");
      std::copy(piece.begin(), piece.end(), out.begin() + static_cast<std::ptrdiff_t>(done));
      got = piece.size();
    } catch (const Malformed& broken) {
      refuse(*link, broken);
    }
    done += got;
    if (got < wanted) break;
  } while (done < out.size());
  co_return done;
}

void Proxy<Transport>::serve(std::string protocol, Handler handler) {
  const auto link = remote_.source->link();
  serve_on(link, protocol, handler);
  const std::lock_guard lock(mutex_);
  handlers_.insert_or_assign(std::move(protocol), std::move(handler));
}

void Proxy<Transport>::serve_on(const std::shared_ptr<Link>& link, const std::string& protocol, Handler handler) {
  const auto object = std::make_shared<StreamHandler>(StreamHandler{std::move(handler)});
  const auto id = link->objects().add(Interface<StreamHandler>::number, object);
  try {
    call<&serve_streams>({link, remote_.object}, protocol, id);
  } catch (...) {
    link->objects().drop(id);
    throw;
  }
}

void Proxy<Transport>::withdraw(const std::string& protocol) {
  {
    const std::lock_guard lock(mutex_);
    handlers_.erase(protocol);
  }
  try {
    call<&withdraw_streams>(remote_, protocol);
  } catch (const Error& error) {
    if (error.code() != Code::unavailable) throw;  // a process that is gone serves nothing
  }
}

void Proxy<Transport>::serve_again(const std::shared_ptr<Link>& link) {
  std::map<std::string, Handler> handlers;
  {
    const std::lock_guard lock(mutex_);
    handlers = handlers_;
  }
  for (const auto& [protocol, handler] : handlers) serve_on(link, protocol, handler);
}

Task<Keyring::Rewrapped> Proxy<Keyring>::rewrap(std::function<void(std::uint64_t, std::uint64_t)> progress) {
  const auto link = remote_.source->link();
  std::uint64_t id = 0;
  if (progress) {
    const auto object = std::make_shared<Progress>(Progress{std::move(progress)});
    id = link->objects().add(Interface<Progress>::number, object);
  }
  try {
    Task<Keyring::Rewrapped> task = remote<&rewrap_all>(Remote{link, remote_.object}, id);
    auto result = co_await std::move(task);
    link->objects().drop(id);
    co_return result;
  } catch (...) {
    link->objects().drop(id);
    throw;
  }
}

}  // namespace drawbridge::kernel::isolation
