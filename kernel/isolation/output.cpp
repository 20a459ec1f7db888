#include "kernel/isolation/output.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace drawbridge::kernel::isolation {

bool Output::read(const Fd& pipe) {
  constexpr std::size_t at_once = 64 * 1024;  // then it is somebody else's turn
  const std::lock_guard lock(mutex_);
  std::array<char, 4096> buffer{};
  for (std::size_t taken = 0; taken < at_once;) {
    const auto got = ::read(pipe.get(), buffer.data(), buffer.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    text_.append(buffer.data(), static_cast<std::size_t>(got));
    taken += static_cast<std::size_t>(got);
  }
  return true;
}

void Output::log(Logger& log, bool all) {
  std::vector<std::string> lines;
  {
    const std::lock_guard lock(mutex_);
    std::size_t begin = 0;
    while (begin < text_.size()) {
      const auto end = text_.find('\n', begin);
      const bool whole = end != std::string::npos || text_.size() - begin >= max_line;
      if (!whole && !all) break;
      const auto size = std::min({max_line, (end == std::string::npos ? text_.size() : end) - begin});
      if (size > 0) lines.push_back(text_.substr(begin, size));
      begin += size + (begin + size == end ? 1 : 0);
    }
    text_.erase(0, begin);
  }
  for (const auto& line : lines) log.warning("output: {}", line);
}

std::string Output::rest() {
  const std::lock_guard lock(mutex_);
  auto out = text_.substr(0, max_line);
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

}  // namespace drawbridge::kernel::isolation
