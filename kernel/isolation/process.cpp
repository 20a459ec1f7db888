#include "kernel/isolation/process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <future>
#include <string_view>
#include <thread>
#include <vector>

#include "kernel/problems.h"

namespace drawbridge::kernel::isolation {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const char* what, int error) {
  throw Error(Code::unavailable, fmt::format("cannot {} for a component: {}", what, std::strerror(error)));
}

/// The child's descriptors are moved far up first, so that none is overwritten while they are put in their places.
Fd far_up(Fd fd) {
  constexpr int far = 200;
  Fd out(::fcntl(fd.get(), F_DUPFD_CLOEXEC, far));
  if (!out) refuse("open files", errno);
  return out;
}

std::pair<Fd, Fd> socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) refuse("open sockets", errno);
  return {Fd(ends[0]), Fd(ends[1])};
}

std::pair<Fd, Fd> pipe_pair() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) refuse("open pipes", errno);
  return {Fd(ends[0]), Fd(ends[1])};
}

/// What a program needs to find its libraries and to write dates. All else, which may be secret, stays here.
std::vector<std::string> environment() {
  constexpr std::array names = {"PATH",
                                "HOME",
                                "LANG",
                                "LC_ALL",
                                "TZ",
                                "TMPDIR",
                                "LD_LIBRARY_PATH",
                                "PYTHONPATH",
                                "PYTHONHOME",
                                "VIRTUAL_ENV",
                                "ASAN_OPTIONS",
                                "UBSAN_OPTIONS",
                                "TSAN_OPTIONS",
                                "LSAN_OPTIONS"};
  std::vector<std::string> out;
  for (const char* name : names) {
    if (const char* value = std::getenv(name)) out.push_back(std::string(name) + "=" + value);
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

struct SpawnSettings {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};

  SpawnSettings() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    // A group of its own: Ctrl-C in a terminal is for the node, which then stops its components in order.
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
};

/// Runs it on a thread that lasts as long as this process: the kernel ends a child that asked to die with its parent
/// when the *thread* ends that made it.
void on_lasting_thread(const std::function<void()>& work) {
  struct Job {
    const std::function<void()>* work;
    std::promise<void> done;
  };
  struct Queue {
    std::mutex mutex;
    std::condition_variable filled;
    std::vector<Job*> jobs;
  };
  static Queue& queue = *[] {
    auto* made = new Queue();  // never destroyed: its thread uses it to the end
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    std::thread([made] {
      for (;;) {
        std::unique_lock lock(made->mutex);
        made->filled.wait(lock, [made] { return !made->jobs.empty(); });
        Job* job = made->jobs.back();
        made->jobs.pop_back();
        lock.unlock();
        (*job->work)();
        job->done.set_value();
      }
    }).detach();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return made;
  }();
  Job job{&work, {}};
  auto done = job.done.get_future();
  {
    const std::lock_guard lock(queue.mutex);
    queue.jobs.push_back(&job);
  }
  queue.filled.notify_one();
  done.get();
}

}  // namespace

fs::path isolated_program() {
  constexpr const char* name = "drawbridge-isolated";
  if (const char* given = std::getenv("DRAWBRIDGE_ISOLATED"); given != nullptr && *given != '\0') return given;
  std::vector<std::string> searched;
  Dl_info info{};
  std::error_code ignored;
  std::vector<fs::path> near;
  if (::dladdr(reinterpret_cast<void*>(&isolated_program), &info) != 0 && info.dli_fname != nullptr) {
    near.push_back(fs::canonical(info.dli_fname, ignored).parent_path());
  }
  near.push_back(fs::read_symlink("/proc/self/exe", ignored).parent_path());
  for (const auto& folder : near) {
    for (const char* step : {".", "../bin", "../../bin", "drawbridge", "../libexec/drawbridge"}) {
      const auto file = (folder / step / name).lexically_normal();
      if (::access(file.c_str(), X_OK) == 0) return file;
      searched.push_back(file.parent_path().string());
    }
  }
  throw Error(Code::not_found, fmt::format("the program {} is missing", name),
              "install it beside `drawbridge`, or name it in DRAWBRIDGE_ISOLATED; searched in " + joined(searched));
}

Process::Process(const std::string& name, const Wiring& wiring) {
  const auto program = isolated_program();
  std::vector<Fd> theirs;
  auto [life_read, life_write] = pipe_pair();
  auto [out_read, out_write] = pipe_pair();
  lifeline_ = std::move(life_write);
  output_ = std::move(out_read);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  arena_ = Arena::create();
  theirs.push_back(far_up(std::move(life_read)));
  theirs.push_back(far_up(Fd(::fcntl(arena_.get(), F_DUPFD_CLOEXEC, 0))));
  const auto open = [&](std::size_t count, std::vector<Fd>& ours) {
    for (std::size_t i = 0; i < count; ++i) {
      auto [own, other] = socket_pair();
      ours.push_back(std::move(own));
      theirs.push_back(far_up(std::move(other)));
    }
  };
  open(wiring.channels, sockets_.channels);
  open(wiring.lanes, sockets_.calling);
  open(wiring.back, sockets_.serving);

  SpawnSettings settings;
  ::posix_spawn_file_actions_addopen(&settings.actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&settings.actions, out_write.get(), 1);
  ::posix_spawn_file_actions_adddup2(&settings.actions, out_write.get(), 2);
  int next = lifeline_fd;
  for (const auto& fd : theirs) ::posix_spawn_file_actions_adddup2(&settings.actions, fd.get(), next++);
  ::posix_spawn_file_actions_addclosefrom_np(&settings.actions, next);

  std::vector<std::string> arguments = {"drawbridge-isolated: " + name, std::to_string(::getpid()),
                                        std::to_string(wiring.channels), std::to_string(wiring.lanes),
                                        std::to_string(wiring.back)};
  auto variables = environment();
  int failure = 0;
  on_lasting_thread([&] {
    failure = ::posix_spawn(&pid_, program.c_str(), &settings.actions, &settings.attributes, pointers(arguments).data(),
                            pointers(variables).data());
  });
  if (failure != 0) {
    pid_ = -1;
    refuse(("start " + program.string()).c_str(), failure);
  }
  pid_fd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

Process::~Process() {
  if (pid_ < 0 || !end_.empty()) return;
  kill();
  wait(Milliseconds(0));
}

std::optional<std::uint64_t> Process::memory() const {
  // Total, resident, shared, … in pages.
  const Fd file(::open(fmt::format("/proc/{}/statm", pid_).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 128> text{};
  if (!file || ::read(file.get(), text.data(), text.size() - 1) <= 0) return std::nullopt;
  unsigned long long resident = 0, shared = 0;
  if (std::sscanf(text.data(), "%*u %llu %llu", &resident, &shared) != 2) return std::nullopt;
  return (resident - std::min(resident, shared)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void Process::kill() noexcept {
  if (pid_ > 0 && end_.empty()) ::kill(pid_, SIGKILL);
}

bool Process::ended(Milliseconds limit) const {
  pollfd one{pid_fd_.get(), POLLIN, 0};
  if (pid_fd_) return ::poll(&one, 1, static_cast<int>(limit.count())) != 0;
  // Without pidfd_open (Linux before 5.3) nothing tells but asking.
  siginfo_t info{};
  for (auto left = limit;; left -= Milliseconds(1)) {
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
      return true;
    if (left.count() <= 0) return false;
    std::this_thread::sleep_for(Milliseconds(1));
  }
}

std::string Process::wait(Milliseconds limit) {
  if (!end_.empty() || pid_ < 0) return end_;
  if (!ended(limit)) kill();
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pid_, &status, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    end_ = "has ended";  // somebody else has taken its status
  } else if (WIFSIGNALED(status)) {
    end_ = fmt::format("was killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  } else {
    end_ = fmt::format("ended with status {}", WEXITSTATUS(status));
  }
  return end_;
}

}  // namespace drawbridge::kernel::isolation
