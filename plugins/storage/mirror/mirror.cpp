// storage.mirror keeps the same records and blobs in two storages, and goes on with one of them while the other one is
// away. This file has its face and its reads; core.h leads to the rest.
#include <set>

#include "blob_writer.h"
#include "core.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"

namespace drawbridge {
namespace {

using mirror::Core;
using mirror::Note;
using mirror::Role;

// One read in so many goes to the slower storage, to learn whether it still is.
constexpr std::uint64_t explore_every = 64;

class MirrorStorage final : public Records, public Blobs {
 public:
  void options(Options& o) override {
    o.use("first", first_, "The storage that decides at the start; its data is taken over when the mirror is new.");
    o.use("second", second_, "The other storage; empty when the mirror is new.");
    o.choice("acknowledge", acknowledge_, {"available", "both"},
             "When a write is done: when every storage that is not marked out has it, or never with less than both.");
    o.duration("retry", settings_.retry, {Milliseconds(10), std::chrono::hours(1)},
               "How often a storage that is out is tried again.");
    o.number("journal_max", settings_.journal_max, {std::uint64_t{1'000}, std::uint64_t{1'000'000'000}},
             "Writes noted for a storage that is out; beyond, everything is copied when it is back.");
    o.text("label", settings_.label,
           "Part of the keys of the mirror's own notes; a mirror over another mirror needs one of its own.");
  }

  Task<> start(Host& host) override {
    settings_.both = acknowledge_ == "both";
    auto core = std::make_shared<Core>(settings_, host);
    core->sides[0].records = &*first_;
    core->sides[1].records = &*second_;
    for (auto& side : core->sides) side.blobs = blobs_of(*side.records);
    if ((core->sides[0].blobs == nullptr) != (core->sides[1].blobs == nullptr)) {
      throw core->error(Code::invalid, "one of the storages keeps blobs and the other one does not");
    }
    const auto before = std::dynamic_pointer_cast<MirrorStorage>(host.predecessor());
    std::shared_ptr<mirror::State> shared;
    if (before && before->core_) shared = before->core_->state;
    co_await core->open(shared);
    {
      const std::lock_guard lock(starting_);
      core_ = core;
    }
    group_.spawn(host.executor(), keep(core));
  }

  Task<> stop() override {
    co_await group_.stop();
    if (!core_) co_return;
    try {
      const auto turn = co_await core_->state->writes.enter_alone();  // what was accepted is done
      co_await core_->clean();
    } catch (const std::exception& error) {
      core_->host.log().debug("the journal keeps entries that are over: {}", error.what());
    }
  }

  Health health() const override {
    const std::lock_guard lock(starting_);
    if (!core_) return {};
    if (core_->state->role().alone) return {Health::State::degraded, core_->state->detail()};
    for (const auto& side : core_->sides) {
      if (side.avoid_until > unix_ms(core_->host.clock().now())) {
        return {Health::State::degraded, "reads of the " + std::string(side.name) + " storage fail"};
      }
    }
    return {Health::State::ok, "both storages have everything"};
  }

  Task<std::optional<Bytes>> get(Key key) override {
    if (core_->is_own(key)) co_return std::nullopt;
    const auto ask = [key](mirror::Side& side) { return side.records->get(key); };
    const bool in_flight = core_->state->writes.busy("r" + key);
    co_return co_await from_nearest<std::optional<Bytes>>(in_flight, ask);
  }

  Task<Records::Page> scan(Key prefix, Key after, std::size_t limit) override {
    // Notes sort behind all data: where they begin, a scan of data ends. One record more than asked for tells whether
    // it is data that follows.
    const bool for_notes = is_internal_key(prefix);
    const bool one_more = !for_notes && limit >= 1 && limit < Records::max_page;
    const auto wanted = limit + (one_more ? 1 : 0);
    const auto ask = [prefix, after, wanted](mirror::Side& side) { return side.records->scan(prefix, after, wanted); };
    auto page = co_await from_nearest<Records::Page>(core_->state->writes.busy(), ask);
    const auto hidden = [&](const Record& record) {
      return for_notes ? core_->is_own(record.key) : is_internal_key(record.key);
    };
    const bool cut = std::erase_if(page.records, hidden) != 0;
    if (for_notes) co_return page;
    if (page.records.size() > limit) {
      page.records.pop_back();
      page.more = true;
    } else if (cut) {
      page.more = false;
    } else if (page.more) {
      co_await look_behind(page, prefix);
    }
    co_return page;
  }

  Task<> commit(Batch batch) override {
    batch.validate();
    for (const auto& change : batch.changes()) refuse_own(change.key);
    co_await Core::shielded(commit_in_turn(core_, std::move(batch)));
  }

  Task<std::unique_ptr<BlobWriter>> create() override {
    need_blobs(core_->sides[0].blobs);
    co_return co_await mirror::make_blob_writer(core_);
  }

  Task<std::optional<BlobInfo>> stat(std::string id) override {
    need_blobs(core_->sides[0].blobs);
    const auto ask = [id](mirror::Side& side) { return side.blobs->stat(id); };
    const bool in_flight = core_->state->writes.busy("b" + id);
    co_return co_await from_nearest<std::optional<BlobInfo>>(in_flight, ask);
  }

  Task<std::size_t> read(std::string id, std::uint64_t offset, MutableBytes out) override {
    need_blobs(core_->sides[0].blobs);
    const auto ask = [id, offset, out](mirror::Side& side) { return side.blobs->read(id, offset, out); };
    const bool in_flight = core_->state->writes.busy("b" + id);
    co_return co_await from_nearest<std::size_t>(in_flight, ask);
  }

  Task<bool> erase(std::string id) override {
    need_blobs(core_->sides[0].blobs);
    bool erased = false;
    co_await Core::shielded(erase_in_turn(core_, std::move(id), erased));
    co_return erased;
  }

  Task<Blobs::Page> list(std::string after, std::size_t limit) override {
    need_blobs(core_->sides[0].blobs);
    const auto ask = [after, limit](mirror::Side& side) { return side.blobs->list(after, limit); };
    co_return co_await from_nearest<Blobs::Page>(core_->state->writes.busy(), ask);
  }

 private:
  static Task<> keep(std::shared_ptr<Core> core) { co_await core->watch(); }

  void refuse_own(const Key& key) const {
    if (core_->is_own(key)) throw core_->error(Code::invalid, "keys of this prefix are the mirror's own");
  }

  static Task<> commit_in_turn(std::shared_ptr<Core> core, Batch batch) {
    std::set<std::string> touched, changed;
    for (const auto& change : batch.changes()) changed.insert("r" + change.key);
    touched = changed;
    for (const auto& expectation : batch.expectations()) touched.insert("r" + expectation.key);
    std::vector<std::string> subjects(touched.begin(), touched.end());
    const auto turn = co_await core->state->writes.enter(std::move(subjects));
    const Core::Lead lead = [&](int side, const Note& note) {
      auto whole = batch;
      for (const auto& change : note.with.changes()) {
        if (change.value) {
          whole.put(change.key, *change.value);
        } else {
          whole.erase(change.key);
        }
      }
      return core->sides[side].records->commit(std::move(whole));
    };
    const Core::Follow follow = [&](int side) {
      Batch changes;  // the leader has decided
      for (const auto& change : batch.changes()) {
        if (change.value) {
          changes.put(change.key, *change.value);
        } else {
          changes.erase(change.key);
        }
      }
      return core->sides[side].records->commit(std::move(changes));
    };
    std::vector<std::string> subjects_changed(changed.begin(), changed.end());
    co_await core->write(std::move(subjects_changed), lead, follow);
  }

  static Task<> erase_in_turn(std::shared_ptr<Core> core, std::string id, bool& erased) {
    std::vector<std::string> subjects{"b" + id};
    const auto turn = co_await core->state->writes.enter(subjects);
    const Core::Lead lead = [&](int side, const Note& note) { return erase_one(*core, side, note, id, erased); };
    const Core::Follow follow = [&](int side) { return erase_quietly(*core, side, id); };
    co_await core->write(std::move(subjects), lead, follow);
  }

  static Task<> erase_one(Core& core, int side, const Note& note, std::string id, bool& erased) {
    if (!is_blob_id(id)) co_return;
    if (!note.with.empty()) co_await core.sides[side].records->commit(note.with);
    const bool was_there = co_await core.sides[side].blobs->erase(std::move(id));
    erased = erased || was_there;  // by the one that led before, perhaps
  }
  static Task<> erase_quietly(Core& core, int side, std::string id) { co_await core.sides[side].blobs->erase(id); }

  /// Which storage to read. What is being written is read where it is decided, or two readers could see it come and go.
  int nearest(const Role& role, bool in_flight) {
    if (role.alone || in_flight) return role.leader;
    const auto now = unix_ms(core_->host.clock().now());
    const bool avoid_first = core_->sides[0].avoid_until > now, avoid_second = core_->sides[1].avoid_until > now;
    if (avoid_first != avoid_second) return avoid_first ? 1 : 0;
    const int fast = core_->sides[1].latency_us < core_->sides[0].latency_us ? 1 : 0;
    return reads_.fetch_add(1, std::memory_order_relaxed) % explore_every == explore_every - 1 ? 1 - fast : fast;
  }

  template <class Result, class Ask>
  Task<Result> from_nearest(bool in_flight, Ask ask) {
    const auto core = core_;
    const int chosen = nearest(core->state->role(), in_flight);
    std::exception_ptr failure;
    try {
      co_return co_await timed<Result>(core->sides[chosen], ask);
    } catch (...) {
      failure = std::current_exception();
    }
    if (!mirror::is_outage(failure) && !is_busy(failure)) std::rethrow_exception(failure);
    const auto role = core->state->role();
    if (role.alone && role.leader == chosen) std::rethrow_exception(failure);
    auto& side = core->sides[chosen];
    side.avoid_until = unix_ms(core->host.clock().now() + core->settings.retry);
    core->host.log().warning("a read of the {} storage fails, the other one is asked: {}", side.name,
                             mirror::reason(failure));
    co_return co_await timed<Result>(core->sides[1 - chosen], ask);
  }

  template <class Result, class Ask>
  Task<Result> timed(mirror::Side& side, const Ask& ask) {
    const auto begin = core_->host.clock().now();
    Result result = co_await ask(side);
    const auto took = std::clamp<std::int64_t>((core_->host.clock().now() - begin).count(), 0, 60'000) * 1'000;
    const auto before = side.latency_us.load(std::memory_order_relaxed);
    side.latency_us.store(before + (took - before) / 8, std::memory_order_relaxed);
    co_return result;
  }

  static bool is_busy(const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const Error& error) {
      return error.code() == Code::busy;
    } catch (const std::exception&) {
      return false;
    }
  }

  /// A page says that there is more: of data, or only of notes?
  Task<> look_behind(Records::Page& page, const Key& prefix) {
    const auto after = page.records.back().key;
    const auto ask = [prefix, after](mirror::Side& side) { return side.records->scan(prefix, after, 1); };
    const auto next = co_await from_nearest<Records::Page>(core_->state->writes.busy(), ask);
    page.more = !next.records.empty() && !is_internal_key(next.records.front().key);
  }

  Ref<Records> first_, second_;
  mirror::Settings settings_;
  std::string acknowledge_ = "available";
  mutable std::mutex starting_;  ///< `health` may be asked while `start` runs; the rest only after it.
  std::shared_ptr<Core> core_;
  std::atomic<std::uint64_t> reads_{0};
  TaskGroup group_;
};

}  // namespace
}  // namespace drawbridge

DRAWBRIDGE_PLUGIN(drawbridge::MirrorStorage, "storage.mirror", "0.1.0",
                  "Keeps the same data in two storages and goes on with one while the other one is away.")
