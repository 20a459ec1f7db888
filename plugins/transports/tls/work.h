#pragma once

#include <utility>

#include "connection.h"

namespace drawbridge::tls {

/// The connection's lock; what the holder has caused is told to the writer and the owner after it is released.
class Connection::Work {
 public:
  explicit Work(Connection& connection) : connection_(connection), lock_(connection.mutex_) {}
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  ~Work() {
    const bool output = std::exchange(connection_.has_output_, false);
    const bool changed = std::exchange(connection_.has_changed_, false);
    lock_.unlock();
    if (output) connection_.writable_.notify();
    if (changed) connection_.owner_->connection_changed(connection_);
  }

 private:
  Connection& connection_;
  std::unique_lock<std::mutex> lock_;
};

}  // namespace drawbridge::tls
