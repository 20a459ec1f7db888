// One write to both storages, and what happens when one of them does not take it.
#include "core.h"

namespace drawbridge::mirror {
namespace {

// A journal entry larger than this is committed before the write, in pieces of this size.
constexpr std::size_t piece_bytes = 256_KiB;
// Leaves room in a batch of 65 536 changes.
constexpr std::size_t most_subjects = 65'000;

constexpr int busy_tries = 100;
constexpr Milliseconds busy_pause{10};

bool is_busy(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error.code() == Code::busy;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

Note Core::make_note(const Role& role, const std::vector<std::string>& subjects) {
  Note note;
  if (subjects.empty() || (role.alone && role.mark.full == Mark::Full::wanted)) return note;
  std::vector<Bytes> pieces;
  for (std::size_t begin = 0; begin < subjects.size();) {
    std::size_t end = begin, bytes = 0;
    while (end < subjects.size() && bytes < piece_bytes) bytes += subjects[end++].size() + 2;
    pieces.push_back(encode_subjects(subjects, begin, end));
    begin = end;
  }
  const bool ahead = pieces.size() > 1 || subjects.size() > most_subjects;
  for (auto& piece : pieces) {
    note.numbers.push_back(state->next.fetch_add(1));
    auto& batch = ahead ? note.ahead.emplace_back() : note.with;
    batch.put(entry_key(note.numbers.back()), std::move(piece));
  }
  if (!ahead) {
    note.erases = state->take_finished();
    for (const auto number : note.erases) note.with.erase(entry_key(number));
  }
  return note;
}

Task<> Core::write(std::vector<std::string> subjects, const Lead& lead, const Follow& follow) {
  for (;;) {
    const auto role = state->role();
    if (role.alone && settings.both) {
      throw error(Code::unavailable, "the " + other_name(role) + " storage is away, and `acknowledge` asks for both",
                  "bring that storage back and wait until it has caught up, or set `acknowledge: available`");
    }
    if (role.alone && !role.marked) co_await mark_alone();
    const auto note = make_note(role, subjects);
    std::exception_ptr failure;
    try {
      for (auto batch : note.ahead) co_await sides[role.leader].records->commit(std::move(batch));
      co_await lead(role.leader, note);
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      state->finish(role.leader, note.erases);
      if (is_outage(failure)) {
        co_await fail_over(role.leader, failure);
        continue;
      }
      state->finish(role.leader, note.numbers);
      std::rethrow_exception(failure);
    }
    const auto now = state->role();
    if (now.leader != role.leader) continue;  // it was given up on meanwhile: what it has does not count
    if (!now.alone) {
      try {
        co_await follow_patiently(follow, 1 - role.leader);
      } catch (...) {
        failure = std::current_exception();
      }
      if (!failure) {
        state->finish(role.leader, note.numbers);
        co_return;
      }
      co_await leave_behind(role.leader, failure);
    }
    state->journal += note.numbers.size();
    if (!settings.both) co_return;
    throw error(Code::unavailable, "only the " + std::string(sides[role.leader].name) + " storage took the write",
                "whether it stays is decided when the other storage is back; read before repeating it");
  }
}

/// A queue that is full for a moment is no outage.
Task<> Core::follow_patiently(const Follow& follow, int side) {
  for (int tries = 0;; ++tries) {
    std::exception_ptr failure;
    try {
      co_await follow(side);
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) co_return;
    if (tries == busy_tries || !is_busy(failure)) std::rethrow_exception(failure);
    co_await host.sleep(busy_pause);
  }
}

/// The leader failed: the other one takes over, once its storage says so.
Task<> Core::fail_over(int leader, std::exception_ptr failure) {
  std::vector<std::string> one{"role"};
  const auto turn = co_await state->roles.enter(std::move(one));
  auto role = state->role();
  if (role.leader != leader) co_return;
  if (role.alone) std::rethrow_exception(failure);
  auto next = role;
  next.leader = 1 - leader;
  next.alone = next.marked = true;
  next.mark.status = Mark::Status::alone;
  next.mark.full = Mark::Full::none;
  next.mark.cursor.clear();
  ++next.mark.epoch;
  bool taken_over = false;
  try {
    co_await put_mark(next.leader, next.mark);
    taken_over = true;
  } catch (const std::exception& error) {
    host.log().error("neither storage answers: {}; {}", reason(failure), error.what());
  }
  if (!taken_over) {
    // Nobody knows what the leader has kept of the write. Its journal does, so the other one waits for that.
    role.alone = true;
    role.marked = false;
    state->set(std::move(role));
    state->tell("neither storage answers");
    std::rethrow_exception(failure);
  }
  host.log().error("the {} storage is out, the {} one goes on alone: {}", sides[leader].name, sides[next.leader].name,
                   reason(failure));
  state->journal = 0;
  state->set(std::move(next));
  state->tell("the " + std::string(sides[leader].name) + " storage is out: " + reason(failure));
}

/// The other one failed: the leader's storage has to say so before anything is acknowledged.
Task<> Core::leave_behind(int leader, std::exception_ptr failure) {
  std::vector<std::string> one{"role"};
  const auto turn = co_await state->roles.enter(std::move(one));
  auto role = state->role();
  if (role.leader != leader) std::rethrow_exception(failure);
  if (!role.alone) {
    role.alone = true;
    role.marked = false;
    role.mark.full = Mark::Full::none;
    role.mark.cursor.clear();
    state->set(role);  // from now on it is not read, whatever comes
    host.log().error("the {} storage is out, the {} one goes on alone: {}", other_name(role), sides[leader].name,
                     reason(failure));
    state->tell("the " + other_name(role) + " storage is out: " + reason(failure));
  }
  if (role.marked) co_return;
  role.marked = true;
  role.mark.status = Mark::Status::alone;
  ++role.mark.epoch;
  co_await put_mark(leader, role.mark);
  state->set(std::move(role));
}

Task<> Core::mark_alone() {
  std::vector<std::string> one{"role"};
  const auto turn = co_await state->roles.enter(std::move(one));
  auto role = state->role();
  if (!role.alone || role.marked) co_return;
  role.marked = true;
  role.mark.status = Mark::Status::alone;
  ++role.mark.epoch;
  co_await put_mark(role.leader, role.mark);
  state->set(std::move(role));
}

}  // namespace drawbridge::mirror
