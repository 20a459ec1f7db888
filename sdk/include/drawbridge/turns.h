#pragma once

#include <memory>
#include <string>

#include "drawbridge/export.h"
#include "drawbridge/task.h"

namespace drawbridge {

/// One task at a time for each key, where a change takes several steps that may wait and no precondition covers them
/// all. The others wait without blocking a thread.
///
///     const Turns::Turn turn = co_await turns_.take(asset);   // until the end of the scope
///
/// Whoever has a turn must not take another one of the same Turns. Thread-safe.
class DRAWBRIDGE_API Turns {
 private:
  struct State;

 public:
  /// Ends when it is destroyed, which may be after the Turns.
  class DRAWBRIDGE_API Turn {
   public:
    Turn(std::shared_ptr<State> state, std::string key);
    Turn(Turn&& other) noexcept = default;
    Turn& operator=(Turn&& other) = delete;
    ~Turn();

   private:
    std::shared_ptr<State> state_;
    std::string key_;
  };

  Turns();
  ~Turns();
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  /// Waits until nobody has the turn of this key. Throws when the awaiting task is cancelled.
  Task<Turn> take(std::string key);

 private:
  std::shared_ptr<State> state_;
};

}  // namespace drawbridge
