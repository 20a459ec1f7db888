#include "kernel/problems.h"

#include <fmt/core.h>

#include <algorithm>

namespace drawbridge::kernel {
namespace {

std::string all_lines(const std::vector<ConfigError>& errors) {
  std::string out;
  for (const auto& error : errors) {
    if (!out.empty()) out += '\n';
    out += error.text();
  }
  return out;
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost one each.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string ConfigError::text() const {
  std::string out = line > 0 ? fmt::format("{}:{}:{}: {}", file, line, column, message) : file + ": " + message;
  if (!hint.empty()) out += " (" + hint + ")";
  return out;
}

ConfigErrors::ConfigErrors(std::vector<ConfigError> errors)
    : Error(Code::invalid, all_lines(errors), errors.size() == 1 ? errors.front().hint : std::string()),
      errors_(std::move(errors)) {}

ConfigErrors::~ConfigErrors() = default;

void Problems::add(Mark mark, std::string message, std::string hint) {
  errors_.push_back({file_, mark.line, mark.column, std::move(message), std::move(hint)});
}

void Problems::raise() const {
  if (errors_.empty()) return;
  auto sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const ConfigError& a, const ConfigError& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  throw ConfigErrors(std::move(sorted));
}

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t longest = 128;  // the comparison is quadratic
  if (name.empty() || name.size() > longest) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const auto& candidate : known) {
    if (candidate.size() > longest) continue;
    const auto d = distance(name, candidate);
    if (d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  if (!best.empty()) return best;
  const auto suffix = "." + std::string(name);
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const std::string& candidate) { return candidate.ends_with(suffix); });
  return found == known.end() ? std::string() : *found;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& known) {
  const auto near = nearest(name, known);
  return near.empty() ? std::string() : ", did you mean `" + near + "`?";
}

std::string joined(const std::vector<std::string>& names, std::string_view separator) {
  if (names.empty()) return "none";
  std::string out;
  for (const auto& name : names) {
    if (!out.empty()) out += separator;
    out += name;
  }
  return out;
}

}  // namespace drawbridge::kernel
