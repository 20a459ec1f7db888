#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "kernel/isolation/link.h"

namespace drawbridge::kernel::isolation {

/// How many sockets join a node with a process of it, by what they are for. The order in which the process has them.
struct Wiring {
  std::size_t channels;
  std::size_t lanes;  ///< On which the node calls.
  std::size_t back;   ///< On which the process does.
};

/// The first file descriptors of the process, after the standard ones.
constexpr int lifeline_fd = 3;
constexpr int arena_fd = 4;
constexpr int first_socket_fd = 5;

/// A process that runs one component. It inherits nothing but what it is given: no file, no secret, few of the
/// environment's variables.
class Process {
 public:
  /// Throws Error{unavailable} when it cannot be started. `name` is what `ps` shows.
  Process(const std::string& name, const Wiring& wiring);
  /// Kills it if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  /// The node's ends.
  Link::Sockets& sockets() { return sockets_; }
  Fd& arena() { return arena_; }
  /// What it writes to its standard output and error, to read without blocking.
  Fd& output() { return output_; }

  /// Bytes of memory that are its own, without what it shares; nothing when it is gone.
  std::optional<std::uint64_t> memory() const;
  /// It will end by itself once this is let go.
  void let_go() { lifeline_.reset(); }
  void kill() noexcept;
  /// Blocks until it has ended, and kills it when it has not by then. "was killed by signal 11 (Segmentation fault)",
  /// "ended with status 1". Again the same, once it has ended.
  std::string wait(Milliseconds limit);

 private:
  bool ended(Milliseconds limit) const;

  pid_t pid_ = -1;
  std::string end_;
  Fd pid_fd_;
  Fd lifeline_;
  Fd arena_;
  Fd output_;
  Link::Sockets sockets_;
};

/// The program that Process starts: of the environment variable DRAWBRIDGE_ISOLATED, else near this library. Throws
/// Error{not_found}.
std::filesystem::path isolated_program();

}  // namespace drawbridge::kernel::isolation
