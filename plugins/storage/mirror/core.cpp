#include "core.h"

#include <boost/system/system_error.hpp>

namespace drawbridge::mirror {
namespace {

constexpr std::size_t erases_of_one_write = 256;
constexpr std::size_t max_finished = 100'000;  // what is beyond stays in the journal until the next resync

Task<> nothing() {
  co_return;
}

}  // namespace

Role State::role() const {
  const std::lock_guard lock(mutex_);
  return role_;
}

void State::set(Role role) {
  const std::lock_guard lock(mutex_);
  if (role.leader != role_.leader) finished_.clear();  // they are entries of the other journal
  role_ = std::move(role);
}

void State::finish(int leader, const std::vector<std::uint64_t>& numbers) {
  const std::lock_guard lock(mutex_);
  if (leader != role_.leader || finished_.size() > max_finished) return;
  finished_.insert(finished_.end(), numbers.begin(), numbers.end());
}

std::vector<std::uint64_t> State::take_finished() {
  const std::lock_guard lock(mutex_);
  const auto count = std::min(finished_.size(), erases_of_one_write);
  std::vector<std::uint64_t> out(finished_.end() - static_cast<std::ptrdiff_t>(count), finished_.end());
  finished_.resize(finished_.size() - count);
  return out;
}

std::string State::detail() const {
  const std::lock_guard lock(mutex_);
  return detail_;
}

void State::tell(std::string detail) {
  const std::lock_guard lock(mutex_);
  detail_ = std::move(detail);
}

bool is_outage(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    const auto code = error.code();
    return code == Code::unavailable || code == Code::corrupt || code == Code::internal;
  } catch (const std::exception&) {
    return true;
  }
}

std::string reason(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  }
}

Core::Core(Settings settings_, Host& host_)
    : settings(std::move(settings_)),
      host(host_),
      prefix_(std::string(internal_keys) + "mirror/" + settings.label + "/") {
  sides[0].name = "first";
  sides[1].name = "second";
}

Task<> Core::shielded(Task<> task) {
  return together(std::move(task), nothing());
}

Error Core::error(Code code, const std::string& what, std::string hint) const {
  return {code, "mirror '" + host.name() + "': " + what, std::move(hint)};
}

Key Core::entry_key(std::uint64_t number) const {
  Bytes digits;
  append_u64be(digits, number);
  return journal_prefix() + to_hex(digits);
}

Task<> Core::put_mark(int side, Mark mark) {
  Batch batch;
  batch.put(mark_key(), mark.encode());
  co_await sides[side].records->commit(std::move(batch));
}

Task<> Core::clean() {
  const auto role = state->role();
  for (;;) {
    const auto finished = state->take_finished();
    if (finished.empty()) co_return;
    Batch batch;
    for (const auto number : finished) batch.erase(entry_key(number));
    co_await sides[role.leader].records->commit(std::move(batch));
  }
}

}  // namespace drawbridge::mirror
