#include "blob_writer.h"

namespace drawbridge::mirror {
namespace {

class Writer final : public BlobWriter {
 public:
  explicit Writer(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  Task<> open() {
    leader_ = core_->state->role().leader;
    const bool alone = core_->state->role().alone;
    co_await open_one(leader_);
    if (!alone) co_await open_one(1 - leader_);
    check();
  }

  Task<> write(BytesView bytes) override {
    co_await together(write_one(0, bytes), write_one(1, bytes));
    check();
  }

  Task<> commit(std::string id) override {
    if (!is_blob_id(id)) throw core_->error(Code::invalid, "'" + id + "' cannot name a blob");
    co_await core_->shielded(commit_in_turn(std::move(id)));
  }

 private:
  struct One {
    std::unique_ptr<BlobWriter> writer;
    std::exception_ptr failure;
  };

  Task<> open_one(int side) {
    try {
      ones_[side].writer = co_await core_->sides[side].blobs->create();
    } catch (...) {
      ones_[side].failure = std::current_exception();
    }
  }

  Task<> write_one(int side, BytesView bytes) {
    auto& one = ones_[side];
    if (!one.writer) co_return;
    try {
      co_await one.writer->write(bytes);
    } catch (...) {
      one.failure = std::current_exception();
    }
    if (one.failure) one.writer.reset();
  }

  /// Goes on while one storage has the bytes, and the one that decides did not refuse them.
  void check() const {
    const auto& failure = ones_[leader_].failure;
    const bool lost = !ones_[0].writer && !ones_[1].writer;
    if (failure && (lost || !is_outage(failure))) std::rethrow_exception(failure);
    if (lost) throw core_->error(Code::unavailable, "no storage has taken the blob", "write it again");
  }

  Task<> commit_in_turn(std::string id) {
    std::vector<std::string> subjects{"b" + id};
    const auto turn = co_await core_->state->writes.enter(subjects);
    const auto lead = [this, id](int side, const Note& note) { return commit_leader(side, note, id); };
    const auto follow = [this, id](int side) { return commit_follower(side, id); };
    const Core::Lead lead_call = lead;
    const Core::Follow follow_call = follow;
    co_await core_->write(std::move(subjects), lead_call, follow_call);
  }

  Task<> commit_leader(int side, const Note& note, std::string id) {
    auto& one = ones_[side];
    if (one.failure) std::rethrow_exception(one.failure);
    if (!one.writer) throw core_->error(Code::unavailable, "the storage that has the blob is out", "write it again");
    if (!note.with.empty()) co_await core_->sides[side].records->commit(note.with);
    std::exception_ptr failure;
    try {
      co_await one.writer->commit(std::move(id));
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      one.failure = failure;
      std::rethrow_exception(failure);
    }
  }

  Task<> commit_follower(int side, std::string id) {
    auto& one = ones_[side];
    if (one.writer) return one.writer->commit(std::move(id));
    if (one.failure) std::rethrow_exception(one.failure);
    return core_->copy_blob(1 - side, side, std::move(id));  // it was away when the writer was made
  }

  const std::shared_ptr<Core> core_;
  int leader_ = 0;
  One ones_[2];
};

}  // namespace

Task<std::unique_ptr<BlobWriter>> make_blob_writer(std::shared_ptr<Core> core) {
  auto writer = std::make_unique<Writer>(std::move(core));
  co_await writer->open();
  co_return writer;
}

}  // namespace drawbridge::mirror
