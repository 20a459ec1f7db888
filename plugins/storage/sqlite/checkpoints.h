#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "connection.h"
#include "drawbridge/log.h"

namespace drawbridge::sqlite {

/// Moves what the log holds into the database, in a thread of its own, so that no commit waits for it. While writing
/// never pauses the log cannot start over, and grows; when it is too long, the writer itself moves the little that is
/// left.
class Checkpoints {
 public:
  /// Watches the commits of `writer`, which must outlive it.
  Checkpoints(const Settings& settings, Connection& writer, Logger& log);
  ~Checkpoints();

  /// Called by the thread that writes, between two transactions.
  void make_room();

 private:
  static int committed(void* self, sqlite3*, const char*, int pages);
  void run();
  void checkpoint(Connection& connection);

  Connection& writer_;
  Logger& log_;
  int log_pages_ = 0;    ///< After the last commit. This and the next: of the thread that writes.
  int asked_pages_ = 0;  ///< When the thread was last woken.
  Connection own_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool wanted_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace drawbridge::sqlite
