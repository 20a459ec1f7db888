#include "kernel/verify/process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "drawbridge/error.h"
#include "kernel/verify/child.h"
#include "kernel/verify/lines.h"

extern char** environ;

namespace drawbridge::verify {
namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t max_output_bytes = 2048;

std::vector<std::string> arguments(const Settings& s) {
  std::vector<std::string> out{"drawbridge-verify", s.plugin.string()};
  if (!s.config.empty()) out.push_back(s.config.string());
  for (const auto& folder : s.plugin_dirs) out.insert(out.end(), {"--plugins", folder.string()});
  out.insert(out.end(), {"--timeout", to_text(s.timeout), "--seed", std::to_string(s.seed)});
  if (s.memory_bytes > 0) out.insert(out.end(), {"--memory", size_text(s.memory_bytes)});
  if (s.memory_bytes == 0) out.insert(out.end(), {"--memory", "none"});
  out.insert(out.end(), {"--mode", s.mode, "--scratch", s.scratch.string()});
  if (!s.case_name.empty()) out.insert(out.end(), {"--case", s.case_name});
  return out;
}

std::string signal_text(int signal) {
  std::string why;
  if (signal == SIGSEGV) why = ", a null or wild pointer";
  if (signal == SIGABRT) why = ", abort(): a failed assertion, a double free, or an exception that nobody caught";
  if (signal == SIGKILL) why = ", most likely for want of memory";
  const char* name = ::sigabbrev_np(signal);
  return fmt::format("SIG{}{}", name != nullptr ? name : std::to_string(signal), why);
}

std::string tail_of(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  const auto size = ::lseek(descriptor, 0, SEEK_END);
  std::string out(std::min<std::size_t>(max_output_bytes, static_cast<std::size_t>(std::max<off_t>(size, 0))), '\0');
  const auto got = ::pread(descriptor, out.data(), out.size(), size - static_cast<off_t>(out.size()));
  ::close(descriptor);
  out.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

/// One process, from its start to its end.
class Child {
 public:
  explicit Child(const Settings& settings) : timeout_(settings.timeout), folder_(settings.scratch) {
    fs::create_directories(folder_);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(Code::unavailable, std::string("pipe: ") + std::strerror(errno));
    spawn(settings, ends[1]);
    ::close(ends[1]);
    report_ = ends[0];
    ::fcntl(report_, F_SETFL, O_NONBLOCK);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (!ended_) end();
    ::close(report_);
    std::error_code ignored;  // what a plugin left behind unreadable stays
    fs::remove_all(folder_, ignored);
  }

  int report() const { return report_; }
  SteadyClock::time_point until() const { return begin_ + timeout_; }

  /// Reads what there is; whether it has ended, or has been ended because its time is over.
  bool poll() {
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::read(report_, buffer, sizeof(buffer))) > 0) take({buffer, static_cast<std::size_t>(got)});
    const bool blocked = got < 0 && (errno == EAGAIN || errno == EINTR);
    late_ = blocked && SteadyClock::now() >= until();
    if (blocked && !late_) return false;
    end();
    return true;
  }

  Outcome outcome() {
    Outcome out = said_;
    out.took = std::chrono::duration_cast<Milliseconds>(SteadyClock::now() - begin_);
    out.output = tail_of(folder_ / "output");
    if (has_said_) return out;
    const std::string where = note_.empty() ? "" : ", " + note_;
    if (late_) {
      out.text = fmt::format("hangs: did not finish within {}{}", to_text(timeout_), where);
    } else if (WIFSIGNALED(status_)) {
      out.text = fmt::format("crashed with {}{}", signal_text(WTERMSIG(status_)), where);
    } else {
      out.text = fmt::format("ended the process with exit code {}{}", WEXITSTATUS(status_), where);
    }
    return out;
  }

 private:
  void spawn(const Settings& settings, int report) {
    auto texts = arguments(settings);
    std::vector<char*> argv;
    for (auto& text : texts) argv.push_back(text.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    const auto output = folder_ / "output";
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    posix_spawn_file_actions_adddup2(&files, report, report_descriptor);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // A group of its own, so that what it starts ends with it.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const int failure = ::posix_spawn(&pid_, "/proc/self/exe", &files, &attributes, argv.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (failure != 0) throw Error(Code::unavailable, std::string("cannot start a process: ") + std::strerror(failure));
  }

  void take(std::string_view bytes) {
    pending_ += bytes;
    for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
      line(pending_.substr(0, end));
      pending_.erase(0, end + 1);
    }
  }

  void line(const std::string& text) {
    const auto space = text.find(' ');
    const auto kind = text.substr(0, space);
    const auto rest = from_one_line(space == std::string::npos ? "" : std::string_view(text).substr(space + 1));
    if (kind == "note") note_ = rest;
    if (kind == "fact") said_.facts.push_back(rest);
    using Verdict = Outcome::Verdict;
    for (const auto& [name, verdict] : {std::pair{"passed", Verdict::passed}, std::pair{"failed", Verdict::failed},
                                        std::pair{"skipped", Verdict::skipped}}) {
      if (kind != name) continue;
      said_.verdict = rest.starts_with("hangs:") ? Verdict::broken : verdict;
      said_.text = rest;
      has_said_ = true;
    }
  }

  void end() {
    ::kill(-pid_, SIGKILL);  // has no effect on one that has ended by itself, whose status stays
    while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    ended_ = true;
  }

  Milliseconds timeout_;
  fs::path folder_;
  SteadyClock::time_point begin_ = SteadyClock::now();
  pid_t pid_ = -1;
  int report_ = -1;
  int status_ = 0;
  bool ended_ = false;
  bool late_ = false;
  bool has_said_ = false;
  std::string pending_;
  std::string note_;
  Outcome said_;
};

std::atomic<bool> interrupted = false;

/// While it lives, SIGINT and SIGTERM are noted only.
class SignalWatch {
 public:
  SignalWatch() {
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = true; };
    ::sigaction(SIGINT, &action, &before_[0]);
    ::sigaction(SIGTERM, &action, &before_[1]);
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch() {
    ::sigaction(SIGINT, &before_[0], nullptr);
    ::sigaction(SIGTERM, &before_[1], nullptr);
  }

 private:
  struct sigaction before_[2]{};
};

struct Running {
  std::size_t index;
  std::unique_ptr<Child> child;
};

void wait_for_any(const std::vector<Running>& running) {
  std::vector<pollfd> files;
  auto until = SteadyClock::time_point::max();
  for (const auto& one : running) {
    files.push_back({one.child->report(), POLLIN, 0});
    until = std::min(until, one.child->until());
  }
  const auto left = std::chrono::duration_cast<Milliseconds>(until - SteadyClock::now()).count() + 1;
  ::poll(files.data(), files.size(), static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000)));
}

}  // namespace

bool run_all(const std::vector<Settings>& each, unsigned jobs,
             const std::function<void(std::size_t index, Outcome outcome)>& done) {
  const SignalWatch watch;
  std::vector<Running> running;
  for (std::size_t next = 0; next < each.size() || !running.empty();) {
    while (next < each.size() && running.size() < jobs) {
      running.push_back({next, std::make_unique<Child>(each[next])});
      ++next;
    }
    wait_for_any(running);
    if (interrupted) return false;
    for (auto at = running.begin(); at != running.end();) {
      if (!at->child->poll()) {
        ++at;
        continue;
      }
      done(at->index, at->child->outcome());
      at = running.erase(at);
    }
  }
  return true;
}

Outcome run_self(const Settings& settings) {
  Outcome out;
  auto own = settings;
  own.scratch = settings.scratch / settings.mode;
  run_all({own}, 1, [&](std::size_t, Outcome outcome) { out = std::move(outcome); });
  return out;
}

}  // namespace drawbridge::verify
