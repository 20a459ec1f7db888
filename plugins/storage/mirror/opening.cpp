// What a mirror makes of the notes that it finds in its storages when it starts.
#include "core.h"

namespace drawbridge::mirror {

struct Core::Found {
  std::optional<Mark> mark;
  std::exception_ptr failure;
};

Task<Core::Found> Core::look(int side) {
  Found found;
  try {
    const auto value = co_await sides[side].records->get(mark_key());
    if (value) found.mark = Mark::decode(*value);
  } catch (...) {
    found.failure = std::current_exception();
  }
  co_return found;
}

Task<bool> Core::is_empty(int side) {
  const auto page = co_await sides[side].records->scan("", "", 1);
  if (!page.records.empty() && !is_own(page.records.front().key)) co_return false;
  if (sides[side].blobs == nullptr) co_return true;
  const auto blobs = co_await sides[side].blobs->list("", 1);
  co_return blobs.blobs.empty();
}

void Core::take_role(int leader, bool alone, bool marked, Mark mark) {
  mark.status = alone ? Mark::Status::alone : Mark::Status::synced;
  state->set({leader, alone, marked, std::move(mark)});
}

Task<std::uint64_t> Core::count_journal(int side) {
  std::uint64_t count = 0;
  for (Key after;;) {
    const auto page = co_await sides[side].records->scan(journal_prefix(), after, Records::max_page);
    count += page.records.size();
    if (!page.records.empty()) {
      after = page.records.back().key;
      const auto number = from_hex(after.substr(journal_prefix().size()));
      if (number && number->size() == 8) state->next = std::max(state->next.load(), load_u64be(*number) + 1);
    }
    if (!page.more) co_return count;
  }
}

Task<> Core::open(std::shared_ptr<State> before) {
  const auto first = co_await look(0);
  const auto second = co_await look(1);
  if (before) {
    const auto pair = before->role().mark.pair;
    const bool same = (!first.mark || first.mark->pair == pair) && (!second.mark || second.mark->pair == pair);
    if (same && (first.mark || second.mark)) {
      state = before;
      co_return;
    }
  }
  if (first.failure && second.failure) std::rethrow_exception(first.failure);
  if (first.failure || second.failure) {
    const int there = first.failure ? 1 : 0;
    const auto& mark = there == 0 ? first.mark : second.mark;
    if (!mark || mark->status != Mark::Status::alone) {
      throw error(Code::unavailable,
                  "only the " + std::string(sides[there].name) +
                      " storage answers, and it may miss what the other one has: " +
                      reason(first.failure ? first.failure : second.failure),
                  "start again when both answer; if the other one is lost, put an empty storage in its place");
    }
    take_role(there, true, true, *mark);
    state->tell("the " + other_name(state->role()) + " storage does not answer");
    state->journal = co_await count_journal(there);
    co_return;
  }
  if (first.mark && second.mark) co_return co_await open_pair(*first.mark, *second.mark);
  if (first.mark) co_return co_await open_half(0, *first.mark);
  if (second.mark) co_return co_await open_half(1, *second.mark);
  co_await open_new();
}

/// No mirror has used these storages.
Task<> Core::open_new() {
  const bool second_empty = co_await is_empty(1);
  if (!second_empty) {
    throw error(Code::conflict, "the second storage holds data that is not this mirror's, and would be overwritten",
                "make it the first one, or give the mirror an empty second storage");
  }
  const bool first_empty = co_await is_empty(0);
  Mark mark;
  mark.pair = to_hex(host.random().bytes(16));
  mark.full = first_empty ? Mark::Full::none : Mark::Full::wanted;
  mark.status = first_empty ? Mark::Status::synced : Mark::Status::alone;
  co_await put_mark(0, mark);
  if (first_empty) co_await put_mark(1, mark);
  take_role(0, !first_empty, true, std::move(mark));
}

/// One of the storages is new.
Task<> Core::open_half(int known, Mark mark) {
  const std::string fresh(sides[1 - known].name);
  const bool empty = co_await is_empty(1 - known);
  if (!empty) {
    throw error(Code::conflict, "the " + fresh + " storage holds data that is not this mirror's",
                "give the mirror an empty one in its place");
  }
  if (mark.status == Mark::Status::behind) {
    throw error(Code::conflict,
                "the " + std::string(sides[known].name) + " storage misses writes, and the " + fresh +
                    " one, which should have them, is empty",
                "put back the storage that was used last");
  }
  ++mark.epoch;
  mark.status = Mark::Status::alone;
  mark.full = Mark::Full::wanted;
  mark.cursor.clear();
  co_await put_mark(known, mark);
  take_role(known, true, true, std::move(mark));
}

Task<> Core::open_pair(const Mark& first, const Mark& second) {
  using Status = Mark::Status;
  if (first.pair != second.pair) {
    throw error(Code::conflict, "the two storages belong to different mirrors", "correct `first` and `second`");
  }
  if (first.status == second.status && first.status != Status::synced) {
    throw error(Code::conflict,
                first.status == Status::alone ? "both storages took writes that the other one misses"
                                              : "both storages miss writes",
                "choose the one to keep, and put an empty storage in the place of the other");
  }
  if (first.status == Status::synced && second.status == Status::synced) {
    // Whoever has a journal led, and the other one may miss what it lists.
    const auto in_first = co_await count_journal(0);
    const auto in_second = co_await count_journal(1);
    const int leader = in_first == 0 && in_second != 0 ? 1 : 0;
    state->journal = leader == 0 ? in_first : in_second;
    const bool alone = state->journal != 0;
    auto mark = leader == 0 ? first : second;
    mark.epoch = std::max(first.epoch, second.epoch);
    take_role(leader, alone, !alone, std::move(mark));
    co_return;
  }
  const bool first_leads = first.status == Status::alone || second.status == Status::behind;
  auto mark = first_leads ? first : second;
  if (mark.status == Status::synced) mark.full = Mark::Full::wanted;  // the other one is behind, by nobody knows what
  const bool marked = mark.status == Status::alone;
  const int leader = first_leads ? 0 : 1;
  state->journal = co_await count_journal(leader);
  take_role(leader, true, marked, std::move(mark));
}

}  // namespace drawbridge::mirror
