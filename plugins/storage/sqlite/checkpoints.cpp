#include "checkpoints.h"

#include <pthread.h>

namespace drawbridge::sqlite {
namespace {

constexpr int wake_pages = 1000;       // 4 MiB
constexpr int too_many_pages = 16000;  // 64 MiB
constexpr auto keep_log_bytes = "PRAGMA journal_size_limit = 67108864";

}  // namespace

Checkpoints::Checkpoints(const Settings& settings, Connection& writer, Logger& log)
    : writer_(writer), log_(log), own_(settings, false) {
  writer.execute(keep_log_bytes, "open");
  sqlite3_wal_autocheckpoint(own_.handle(), 0);
  sqlite3_wal_hook(writer.handle(), &Checkpoints::committed, this);  // in place of the automatic one
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "sqlite-log");
}

Checkpoints::~Checkpoints() {
  sqlite3_wal_hook(writer_.handle(), nullptr, nullptr);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

int Checkpoints::committed(void* self, sqlite3*, const char*, int pages) {
  auto& me = *static_cast<Checkpoints*>(self);
  me.log_pages_ = pages;
  if (pages < me.asked_pages_) me.asked_pages_ = 0;  // the log has started over
  if (pages - me.asked_pages_ < wake_pages) return SQLITE_OK;
  me.asked_pages_ = pages;
  {
    const std::lock_guard lock(me.mutex_);
    me.wanted_ = true;
  }
  me.wake_.notify_one();
  return SQLITE_OK;
}

void Checkpoints::make_room() {
  if (log_pages_ < too_many_pages) return;
  // Where this does not move all of it, a reader or the other thread is at work; after the next commit it is tried
  // again.
  checkpoint(writer_);
}

void Checkpoints::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return wanted_ || stopping_; });
    if (stopping_) return;
    wanted_ = false;
    lock.unlock();
    checkpoint(own_);
    lock.lock();
  }
}

void Checkpoints::checkpoint(Connection& connection) {
  const int code = sqlite3_wal_checkpoint_v2(connection.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK || code == SQLITE_BUSY) return;
  // Nothing is lost: it stays in the log, which grows until the disk is full, and then writing says so.
  log_.warning("{}", connection.error("move the log into the database", code).what());
}

}  // namespace drawbridge::sqlite
