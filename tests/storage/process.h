#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace drawbridge::storage_test {

/// A run of the helper program, whose output is read line by line. Killed on destruction if it still runs.
class Child {
 public:
  explicit Child(std::vector<std::string> arguments);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// The next line without its end; false at the end of the output. A last line that is not finished is dropped.
  bool read_line(std::string& line);
  /// SIGKILL; what it has written can still be read.
  void kill();
  /// Waits for its end and returns its exit status; -1 when a signal ended it.
  int wait();

 private:
  pid_t process_ = -1;
  int output_ = -1;
  std::string pending_;
};

}  // namespace drawbridge::storage_test
