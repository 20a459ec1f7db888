#include "drawbridge/turns.h"

#include <mutex>
#include <set>

#include "drawbridge/wakeup.h"

namespace drawbridge {

struct Turns::State {
  bool begin(const std::string& key) {
    const std::lock_guard lock(mutex);
    return taken.insert(key).second;
  }
  void end(const std::string& key) {
    {
      const std::lock_guard lock(mutex);
      taken.erase(key);
    }
    wakeup.notify();
  }

  std::mutex mutex;
  std::set<std::string> taken;
  Wakeup wakeup;
};

Turns::Turns() : state_(std::make_shared<State>()) {}
Turns::~Turns() = default;

Turns::Turn::Turn(std::shared_ptr<State> state, std::string key) : state_(std::move(state)), key_(std::move(key)) {}
Turns::Turn::~Turn() {
  if (state_) state_->end(key_);
}

Task<Turns::Turn> Turns::take(std::string key) {
  const std::shared_ptr<State> state = state_;
  for (;;) {
    const std::uint64_t seen = state->wakeup.version();
    if (state->begin(key)) co_return Turn(state, std::move(key));
    co_await state->wakeup.wait(seen);
  }
}

}  // namespace drawbridge
