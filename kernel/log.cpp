#include "kernel/log.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <spdlog/common.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <chrono>

#include "drawbridge/bytes.h"
#include "drawbridge/error.h"

namespace drawbridge::kernel {
namespace {

constexpr std::string_view level_names[] = {"trace", "debug", "info", "warning", "error"};

static_assert(static_cast<int>(Level::trace) == spdlog::level::trace &&
              static_cast<int>(Level::error) == spdlog::level::err);

spdlog::level::level_enum spdlog_level(Level level) {
  return level == Level::off ? spdlog::level::off : static_cast<spdlog::level::level_enum>(level);
}

std::string time_text(spdlog::log_clock::time_point time) {
  const auto ms = std::chrono::time_point_cast<std::chrono::milliseconds>(time);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(ms);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (ms - seconds).count());
}

/// How many bytes at `at` are one well-formed UTF-8 character; 0 for none.
std::size_t character_at(std::string_view text, std::size_t at) {
  for (std::size_t length = 1; length <= 4 && at + length <= text.size(); ++length) {
    if (is_utf8(text.substr(at, length))) return length;
  }
  return 0;
}

/// Text that cannot end its line or move the cursor of a terminal.
std::string one_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

class Formatter final : public spdlog::formatter {
 public:
  Formatter(bool json, std::string node_name) : json_(json), node_name_(std::move(node_name)) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::string_view component(message.logger_name.data(), message.logger_name.size());
    const std::string_view text(message.payload.data(), message.payload.size());
    const auto line =
        json_ ? fmt::format(R"({{"time":"{}","level":"{}","node":"{}","component":"{}","message":"{}"}})",
                            time_text(message.time), level_names[std::min<int>(message.level, spdlog::level::err)],
                            json_escaped(node_name_), json_escaped(component), json_escaped(text))
              : fmt::format("{} {:<7} {}: {}", time_text(message.time),
                            level_names[std::min<int>(message.level, spdlog::level::err)], component, one_line(text));
    out.append(line.data(), line.data() + line.size());
    out.push_back('\n');
  }

  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<Formatter>(json_, node_name_); }

 private:
  bool json_;
  std::string node_name_;
};

spdlog::sink_ptr make_sink(const LogConfig& config) {
  if (config.file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(config.file);
  } catch (const spdlog::spdlog_ex& failure) {
    throw Error(Code::unavailable, fmt::format("cannot open the log: {}", failure.what()),
                "correct `file` of the section `log`");
  }
}

}  // namespace

class Log::Sink {
 public:
  spdlog::sink_ptr sink;
};

/// Where all loggers write to: a sink that can be exchanged while they do.
class Log::Outlet final : public spdlog::sinks::sink {
 public:
  void exchange(spdlog::sink_ptr next) {
    const std::lock_guard lock(mutex_);
    sink_.swap(next);
  }
  void log(const spdlog::details::log_msg& message) override { current()->log(message); }
  void flush() override { current()->flush(); }
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  spdlog::sink_ptr current() {
    const std::lock_guard lock(mutex_);
    return sink_;
  }
  std::mutex mutex_;
  spdlog::sink_ptr sink_;
};

class Log::ComponentLogger final : public Logger {
 public:
  ComponentLogger(const std::string& component, spdlog::sink_ptr sink, Level level)
      : logger_(component, std::move(sink)) {
    set_level(level);
    logger_.flush_on(spdlog::level::trace);  // a line that a crash would swallow is the one that is needed
  }
  bool enabled(Level level) const override { return level != Level::off && logger_.should_log(spdlog_level(level)); }
  void write(Level level, std::string_view message) override {
    logger_.log(spdlog_level(level), spdlog::string_view_t(message.data(), message.size()));
  }
  void set_level(Level level) { logger_.set_level(spdlog_level(level)); }

 private:
  spdlog::logger logger_;
};

Log::Log(const LogConfig& config, std::string node_name, std::optional<Level> level)
    : node_name_(std::move(node_name)), level_(level), outlet_(std::make_shared<Outlet>()) {
  apply(config, prepare(config));
}

Log::~Log() = default;

std::shared_ptr<Log::Sink> Log::prepare(const LogConfig& config) const {
  auto prepared = std::make_shared<Sink>();
  prepared->sink = make_sink(config);
  prepared->sink->set_formatter(std::make_unique<Formatter>(config.json, node_name_));
  return prepared;
}

void Log::apply(const LogConfig& config, std::shared_ptr<Sink> prepared) {
  outlet_->exchange(prepared->sink);
  const std::lock_guard lock(mutex_);
  config_ = config;
  std::erase_if(loggers_, [](const auto& entry) { return entry.second.use_count() == 1; });
  for (const auto& [name, logger] : loggers_) logger->set_level(level_of(name));
}

Level Log::level_of(const std::string& component) const {
  const auto own = config_.levels.find(component);
  return level_.value_or(own == config_.levels.end() ? config_.level : own->second);
}

std::shared_ptr<Logger> Log::logger(const std::string& component) const {
  const std::lock_guard lock(mutex_);
  auto& logger = loggers_[component];
  if (!logger) logger = std::make_shared<ComponentLogger>(component, outlet_, level_of(component));
  return logger;
}

std::string json_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_at(text, at);
    const char c = text[at];
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += text.substr(at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace drawbridge::kernel
