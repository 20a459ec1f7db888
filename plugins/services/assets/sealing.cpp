#include "sealing.h"

#include "drawbridge/task_group.h"

namespace drawbridge {
namespace {

constexpr std::size_t first_step = 64 * 1024;
constexpr std::size_t step = 1024 * 1024;
/// Below this, sealing is quicker than a visit to the blocking pool.
constexpr std::size_t inline_limit = 8 * 1024;

/// A buffer that content is read into; `used` of it is content.
struct Plain {
  ~Plain() { wipe(buffer); }
  Bytes buffer;
  std::size_t used = 0;
};

/// Reads until the buffer is full or the content ends.
Task<> fill(ByteSource& content, Plain& plain) {
  while (plain.used < plain.buffer.size()) {
    const std::size_t got = co_await content.read(MutableBytes(plain.buffer).subspan(plain.used));
    if (got == 0) break;
    plain.used += got;
  }
}

class Pipeline {
 public:
  Pipeline(Host& host, const CipherSuite& suite, const Secret& data_key, const ContentInfo& info)
      : host_(host), sealer_(suite, data_key, host.random(), info), hasher_(suite.hasher()) {}

  Task<> run(ByteSource& content, BlobWriter& writer) {
    Plain now;
    now.buffer.resize(first_step);
    co_await fill(content, now);
    if (now.used == first_step) {
      now.buffer.resize(step);
      co_await fill(content, now);
    }
    Plain next;
    Bytes written;
    while (now.used == now.buffer.size()) {
      next.buffer.resize(step);
      next.used = 0;
      co_await together(seal(now, false), together(fill(content, next), store(writer, written)));
      std::swap(now.buffer, next.buffer);
      std::swap(now.used, next.used);
      std::swap(sealed_, written);
    }
    co_await together(seal(now, true), store(writer, written));
    co_await store(writer, sealed_);
  }

  Bytes digest() { return hasher_->finish(); }
  std::uint64_t envelope_size() const { return envelope_size_; }
  std::uint64_t content_size() const { return content_size_; }

 private:
  Task<> seal(const Plain& plain, bool last) {
    const auto work = [this, &plain, last] {
      sealed_.clear();
      sealer_.update(BytesView(plain.buffer).first(plain.used), sealed_);
      if (last) sealer_.finish(sealed_);
    };
    if (plain.used <= inline_limit) {
      work();
    } else {
      co_await host_.blocking(work);
    }
    content_size_ += plain.used;
  }

  /// Hashes sealed bytes and writes them, one after the other: the processor has the sealing to do at the same time.
  Task<> store(BlobWriter& writer, const Bytes& sealed) {
    if (sealed.empty()) co_return;
    envelope_size_ += sealed.size();
    co_await hash(sealed);
    co_await writer.write(sealed);
  }

  Task<> hash(const Bytes& sealed) {
    const auto work = [this, &sealed] { hasher_->update(sealed); };
    if (sealed.size() <= inline_limit) {
      work();
    } else {
      co_await host_.blocking(work);
    }
  }

  Host& host_;
  EnvelopeSealer sealer_;
  std::unique_ptr<Hasher> hasher_;
  Bytes sealed_;
  std::uint64_t envelope_size_ = 0;
  std::uint64_t content_size_ = 0;
};

}  // namespace

Task<SealedContent> seal_content(Host& host, const CipherSuite& suite, Blobs& blobs, const Secret& data_key,
                                 const ContentInfo& info, ByteSource& content,
                                 std::function<Task<>(std::string asset)> before_commit) {
  Pipeline pipeline(host, suite, data_key, info);
  const std::unique_ptr<BlobWriter> writer = co_await blobs.create();
  co_await pipeline.run(content, *writer);
  SealedContent out{std::string(suite.address_prefix()) + ":" + to_hex(pipeline.digest()), pipeline.envelope_size(),
                    pipeline.content_size()};
  co_await before_commit(out.asset);
  co_await writer->commit(out.asset);
  co_return out;
}

}  // namespace drawbridge
