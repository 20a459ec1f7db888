#include "blob_writer.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "drawbridge/options.h"

namespace drawbridge::storage {
namespace {

// Small writes gather until one trip to the blocking pool is worth it; larger ones go as they are.
constexpr std::size_t gather_bytes = 1_MiB;
constexpr std::size_t direct_bytes = 256_KiB;

/// Removes a draft away from the I/O threads: freeing a large file takes its time.
Task<> dispose(std::shared_ptr<Engine> engine, [[maybe_unused]] Gate::Pass pass, std::unique_ptr<Draft> draft) {
  auto remove = [&draft] { draft.reset(); };
  try {
    co_await engine->host.blocking(remove);
  } catch (const Error&) {  // the pool is busy: it goes with this frame
  }
}

class Writer final : public BlobWriter {
 public:
  explicit Writer(std::shared_ptr<Engine> engine) : engine_(std::move(engine)), token_(engine_->draw_token()) {}

  ~Writer() override {
    if (!draft_) return;
    auto pass = engine_->gate.try_enter();
    if (!pass) return;
    const auto executor = engine_->host.executor();
    asio::co_spawn(executor, dispose(std::move(engine_), std::move(pass), std::move(draft_)), asio::detached);
  }

  Task<> write(BytesView bytes) override {
    const auto pass = engine_->gate.enter();
    begin();
    if (size_ + bytes.size() > engine_->settings.live->max_blob_bytes) {
      throw engine_->error(Code::too_large,
                           "a blob is beyond max_blob_bytes, " + size_text(engine_->settings.live->max_blob_bytes));
    }
    const bool small = size_ + bytes.size() <= engine_->settings.live->blob_inline_max;
    const bool gathers = draft_ && bytes.size() < direct_bytes && buffer_.size() + bytes.size() <= gather_bytes;
    if (small || gathers) {
      append(buffer_, bytes);
    } else {
      co_await flush(bytes);
    }
    size_ += bytes.size();
    state_ = State::open;
  }

  Task<> commit(std::string id) override {
    if (!is_blob_id(id)) throw engine_->error(Code::invalid, "'" + id + "' cannot name a blob");
    const auto pass = engine_->gate.enter();
    begin();
    if (co_await engine_->find_blob(id)) co_return;  // the draft goes with the writer
    if (draft_) {
      co_await commit_file(std::move(id));
    } else {
      BlobPut put{std::move(id), {Entry::Kind::content, size_, token_}, std::move(buffer_)};
      co_await engine_->committer->commit(std::move(put));
    }
  }

 private:
  enum class State { open, failed };

  /// Whatever does not come to its end leaves the writer failed: some of its bytes may be missing.
  void begin() {
    if (state_ != State::open) throw engine_->error(Code::invalid, "this writer has failed, or has committed");
    state_ = State::failed;
  }

  /// Puts the buffer and then `more` into the draft.
  Task<> flush(BytesView more) {
    auto work = [this, more] {
      if (!draft_) draft_ = engine_->files.draft(token_);
      draft_->write(buffer_);
      draft_->write(more);
    };
    co_await on_disk(work);
    buffer_.clear();
  }

  /// Runs disk work on the blocking pool, and remembers for `health` how it went.
  template <class Work>
  Task<> on_disk(Work work) {
    auto watched = [this, &work] {
      try {
        work();
      } catch (const Error& error) {
        engine_->condition->files(error.what());
        throw;
      }
      engine_->condition->files({});
    };
    co_await engine_->host.blocking(watched);
  }

  /// The file is on the disk under its final name before the index knows it; a crash between leaves a file that the
  /// next start removes.
  Task<> commit_file(std::string id) {
    auto publish = [this, &id] {
      draft_->write(buffer_);
      draft_->sync();
      engine_->files.publish(*draft_, id, token_);
    };
    engine_->begin_leftover();
    co_await on_disk(publish);
    BlobPut put{id, {Entry::Kind::file, size_, token_}, {}};
    bool unwanted = false;
    std::exception_ptr failure;
    try {
      unwanted = (co_await engine_->committer->commit(std::move(put))).has_value();
    } catch (const Error& error) {
      // An entry that was refused is not there. One that failed on its way may yet appear after a crash: then its file
      // has to be there too, so the next start decides.
      unwanted = error.code() == Code::busy;
      failure = std::current_exception();
    }
    bool settled = !failure;
    if (unwanted) {
      auto remove = [this, &id, &settled] { settled = engine_->files.remove(id, token_); };
      co_await engine_->host.blocking(remove);
    }
    if (settled) engine_->end_leftover();
    if (failure) std::rethrow_exception(failure);
  }

  std::shared_ptr<Engine> engine_;
  const std::uint64_t token_;
  State state_ = State::open;
  std::uint64_t size_ = 0;
  Bytes buffer_;
  std::unique_ptr<Draft> draft_;
};

}  // namespace

std::unique_ptr<BlobWriter> make_blob_writer(std::shared_ptr<Engine> engine) {
  return std::make_unique<Writer>(std::move(engine));
}

}  // namespace drawbridge::storage
