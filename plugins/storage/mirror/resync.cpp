// Bringing the storage that misses something up to date, while writes go on.
#include <boost/asio/this_coro.hpp>

#include "core.h"

namespace drawbridge::mirror {
namespace {

constexpr std::size_t page_entries = 256;
constexpr std::size_t few_entries = 64;
constexpr Milliseconds between_reports{5'000};

}  // namespace

Task<> Core::watch() {
  bool told = false;
  for (;;) {
    const auto role = state->role();
    std::string failed;
    try {
      if (role.alone) {
        co_await resync();
        told = false;
      } else {
        co_await clean();
      }
    } catch (const std::exception& error) {
      failed = error.what();
    }
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != asio::cancellation_type::none) co_return;
    if (!failed.empty() && role.alone) {
      state->tell("the " + other_name(role) + " storage is behind and cannot be brought up to date: " + failed);
      if (!told) host.log().warning("the {} storage cannot be brought up to date yet: {}", other_name(role), failed);
      told = true;
    }
    co_await host.sleep(settings.retry);
    const auto after = co_await asio::this_coro::cancellation_state;
    if (after.cancelled() != asio::cancellation_type::none) co_return;
  }
}

void Core::report(const std::string& what, std::uint64_t count) {
  const auto text = what + ", " + std::to_string(count) + " so far, " + std::to_string(state->journal.load()) +
                    " changes in the journal";
  state->tell("the " + other_name(state->role()) + " storage is brought up to date: " + text);
  const auto now = host.clock().now();
  if (now - reported_ < between_reports) return;
  reported_ = now;
  host.log().info("bringing the {} storage up to date: {}", other_name(state->role()), text);
}

Task<> Core::resync() {
  if (state->resyncing.exchange(true)) co_return;  // the instance that this one replaces is at it
  struct Over {
    std::atomic<bool>& flag;
    ~Over() { flag = false; }
  } over{state->resyncing};
  co_await prepare_other();
  if (state->role().mark.full == Mark::Full::wanted) co_await begin_full();
  const bool full = state->role().mark.full == Mark::Full::copying;
  reported_ = {};
  if (full) {
    co_await copy_all();
  } else {
    co_await adopt_journal(1 - state->role().leader);
  }
  co_await erase_journal(1 - state->role().leader);
  co_await drain();
  co_await finish();
}

/// Whether the other one is there, and is the one that it should be.
Task<> Core::prepare_other() {
  const auto role = state->role();
  const int other = 1 - role.leader;
  const auto value = co_await sides[other].records->get(mark_key());
  if (state->journal > settings.journal_max || !value) {
    bool ours = value.has_value();
    if (!ours) ours = co_await is_empty(other);
    if (!ours) throw error(Code::conflict, "the " + other_name(role) + " storage holds data that is not this mirror's");
    std::vector<std::string> one{"role"};
    const auto turn = co_await state->roles.enter(std::move(one));
    auto next = state->role();
    if (next.mark.full == Mark::Full::none || state->journal > settings.journal_max) {
      next.mark.full = Mark::Full::wanted;
      next.mark.cursor.clear();
      next.mark.status = Mark::Status::alone;
      next.marked = true;
      co_await put_mark(next.leader, next.mark);
      state->set(std::move(next));
    }
  } else if (Mark::decode(*value).pair != role.mark.pair) {
    throw error(Code::conflict, "the " + other_name(role) + " storage belongs to another mirror");
  }
  co_await mark_alone();
  auto behind = state->role().mark;
  behind.status = Mark::Status::behind;
  behind.full = Mark::Full::none;
  behind.cursor.clear();
  co_await put_mark(other, std::move(behind));
}

/// The journal begins anew, with no write under way, and from here on has what the copy may miss.
Task<> Core::begin_full() {
  const auto turn = co_await state->writes.enter_alone();
  auto role = state->role();
  co_await erase_journal(role.leader);
  state->journal = 0;
  role.mark.full = Mark::Full::copying;
  role.mark.cursor.clear();
  co_await put_mark(role.leader, role.mark);
  state->set(std::move(role));
}

/// What is in the journal of the other one was written there while it led, and perhaps nowhere else.
Task<> Core::adopt_journal(int from) {
  const int leader = state->role().leader;
  for (Key after;;) {
    const auto page = co_await sides[from].records->scan(journal_prefix(), after, page_entries);
    for (const auto& entry : page.records) {
      after = entry.key;
      decode_subjects(entry.value);  // or throws
      Batch batch;
      batch.put(entry_key(state->next.fetch_add(1)), entry.value);
      co_await sides[leader].records->commit(std::move(batch));
      ++state->journal;
    }
    if (!page.more) co_return;
  }
}

Task<> Core::erase_journal(int side) {
  for (;;) {
    const auto page = co_await sides[side].records->scan(journal_prefix(), "", page_entries);
    if (page.records.empty()) co_return;
    Batch batch;
    for (const auto& entry : page.records) batch.erase(entry.key);
    co_await sides[side].records->commit(std::move(batch));
  }
}

/// Until only a few entries are left, for which the writes can wait.
Task<> Core::drain() {
  std::uint64_t count = 0;
  for (;;) {
    bool more = false;
    const auto done = co_await replay_page(more);
    count += done;
    report("catching up", count);
    if (!more && done < few_entries) co_return;
    if (state->journal > settings.journal_max) throw error(Code::busy, "writes come faster than they can be copied");
  }
}

/// Copies what the oldest entries name and erases these. Returns how many there were.
Task<std::size_t> Core::replay_page(bool& more) {
  const auto role = state->role();
  const auto page = co_await sides[role.leader].records->scan(journal_prefix(), "", page_entries);
  more = page.more;
  if (page.records.empty()) co_return 0;
  std::vector<std::string> subjects;
  Batch erased;
  for (const auto& entry : page.records) {
    for (auto& subject : decode_subjects(entry.value)) subjects.push_back(std::move(subject));
    erased.erase(entry.key);
  }
  co_await replay(subjects);
  co_await sides[role.leader].records->commit(std::move(erased));
  const auto count = page.records.size();
  auto left = state->journal.load();
  while (!state->journal.compare_exchange_weak(left, left - std::min<std::uint64_t>(left, count))) continue;
  co_return count;
}

/// With no write under way: the last entries, then both storages are marked, the follower first.
Task<> Core::finish() {
  const auto turn = co_await state->writes.enter_alone();
  for (bool more = true; more;) {
    const auto done = co_await replay_page(more);
    more = more || done != 0;
  }
  auto role = state->role();
  role.mark.status = Mark::Status::synced;
  role.mark.full = Mark::Full::none;
  role.mark.cursor.clear();
  ++role.mark.epoch;
  co_await put_mark(1 - role.leader, role.mark);
  co_await put_mark(role.leader, role.mark);
  const auto name = other_name(role);
  role.alone = false;
  role.marked = true;
  state->journal = 0;
  state->set(std::move(role));
  state->tell({});
  host.log().info("the {} storage is up to date again", name);
}

}  // namespace drawbridge::mirror
