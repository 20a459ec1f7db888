#include "kernel/verify/report.h"

#include <fmt/core.h>

#include "kernel/log.h"
#include "kernel/problems.h"

namespace drawbridge::verify {
namespace {

using Verdict = Result::Verdict;

std::string seconds(Milliseconds took) {
  return fmt::format("{:.1f} s", static_cast<double>(took.count()) / 1000);
}

std::string indented(std::string_view text, std::string_view by) {
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out += fmt::format("{}{}\n", by, text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string summary_line(const Counts& counts, Milliseconds took) {
  return fmt::format("{} passed, {} failed, {} skipped in {}\n", counts.passed, counts.failed, counts.skipped,
                     seconds(took));
}

class TextReport final : public Report {
 public:
  explicit TextReport(std::ostream& out) : out_(out) {}

  void begin(const Header& header, std::size_t) override {
    header_ = header;
    if (header.id.empty()) {
      out_ << header.file << "\n\n" << std::flush;
      return;
    }
    out_ << fmt::format("{} {}: {}\n", header.id, header.version, header.summary);
    out_ << fmt::format("facets: {}; seed {}\n", kernel::joined(header.facets), header.seed);
    out_ << without_suite() << "\n" << std::flush;
  }

  void add(const Result& result) override {
    const char* mark = result.verdict == Verdict::passed ? "✓" : result.verdict == Verdict::failed ? "✗" : "-";
    out_ << fmt::format("{} {}", mark, result.full_name());
    if (result.took >= Milliseconds(1'000)) out_ << fmt::format(" ({})", seconds(result.took));
    if (result.verdict == Verdict::skipped) out_ << fmt::format(": skipped: {}", result.reason);
    out_ << "\n";
    if (result.verdict == Verdict::failed) out_ << indented(result.reason, "    ");
    if (result.verdict == Verdict::failed && !result.output.empty()) {
      out_ << "    it wrote:\n" << indented(result.output, "      ");
    }
    out_ << std::flush;
  }

  void end(const std::vector<Result>& results, Milliseconds took) override {
    const auto counts = count(results);
    out_ << "\n" << summary_line(counts, took);
    if (counts.failed == 0) return;
    out_ << fmt::format("One case again: drawbridge-verify {} --only NAME\n", header_.file);
  }

 private:
  std::string without_suite() const {
    if (!header_.without_suite.empty()) {
      return fmt::format("note: there is no conformance suite for {}: only the component suite looks at that\n",
                         kernel::joined(header_.without_suite));
    }
    if (!header_.facets.empty()) return {};
    return "note: it offers no facet that this program knows, so that only the component suite runs: what its own "
           "facets\n"
           "      promise is not verified\n";
  }

  std::ostream& out_;
  Header header_;
};

/// testanything.org/tap-version-14-specification.html
class TapReport final : public Report {
 public:
  explicit TapReport(std::ostream& out) : out_(out) {}

  void begin(const Header& header, std::size_t cases) override {
    out_ << "TAP version 14\n1.." << cases << "\n";
    out_ << "# " << (header.id.empty() ? header.file : header.id + " " + header.version) << "\n" << std::flush;
  }

  void add(const Result& result) override {
    const bool failed = result.verdict == Verdict::failed;
    out_ << fmt::format("{}ok {} - {}", failed ? "not " : "", ++number_, result.full_name());
    if (result.verdict == Verdict::skipped) out_ << " # SKIP " << one_line(result.reason);
    out_ << "\n";
    if (failed) {
      out_ << "  ---\n  message: \"" << kernel::json_escaped(result.reason) << "\"\n";
      out_ << "  duration_ms: " << result.took.count() << "\n";
      if (!result.output.empty()) out_ << "  output: \"" << kernel::json_escaped(result.output) << "\"\n";
      out_ << "  ...\n";
    }
    out_ << std::flush;
  }

  void end(const std::vector<Result>& results, Milliseconds took) override {
    out_ << "# " << summary_line(count(results), took) << std::flush;
  }

 private:
  /// A `#` would begin a directive.
  static std::string one_line(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '#' || c == '\\') out += '\\';
      out += c == '\n' ? ' ' : c;
    }
    return out;
  }

  std::ostream& out_;
  std::size_t number_ = 0;
};

std::string json_quoted(std::string_view text) {
  return "\"" + kernel::json_escaped(text) + "\"";
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : ",") + json_quoted(text);
  return "[" + out + "]";
}

class JsonReport final : public Report {
 public:
  explicit JsonReport(std::ostream& out) : out_(out) {}

  void begin(const Header& header, std::size_t) override {
    out_ << fmt::format(R"({{"file":{},"id":{},"version":{},"seed":{},"facets":{},"without_suite":{},"cases":[)",
                        json_quoted(header.file), header.id.empty() ? "null" : json_quoted(header.id),
                        json_quoted(header.version), header.seed, json_list(header.facets),
                        json_list(header.without_suite));
  }

  void add(const Result& result) override {
    const char* verdict = result.verdict == Verdict::passed   ? "passed"
                          : result.verdict == Verdict::failed ? "failed"
                                                              : "skipped";
    out_ << fmt::format(R"({}{{"suite":{},"name":{},"result":"{}","reason":{},"output":{},"ms":{}}})",
                        first_ ? "" : ",", json_quoted(result.suite), json_quoted(result.name), verdict,
                        json_quoted(result.reason), json_quoted(result.output), result.took.count());
    first_ = false;
  }

  void end(const std::vector<Result>& results, Milliseconds took) override {
    const auto counts = count(results);
    out_ << fmt::format(R"(],"passed":{},"failed":{},"skipped":{},"ms":{}}})", counts.passed, counts.failed,
                        counts.skipped, took.count())
         << "\n";
  }

 private:
  std::ostream& out_;
  bool first_ = true;
};

/// Text within XML 1.0 §2.2, where most control characters cannot stand at all.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? '?' : c;
    }
  }
  return out;
}

double in_seconds(Milliseconds took) {
  return static_cast<double>(took.count()) / 1000;
}

}  // namespace

Report::~Report() = default;

Counts count(const std::vector<Result>& results) {
  Counts out;
  for (const auto& result : results) {
    ++(result.verdict == Verdict::passed ? out.passed : result.verdict == Verdict::failed ? out.failed : out.skipped);
  }
  return out;
}

std::unique_ptr<Report> make_report(Settings::Format format, std::ostream& out) {
  if (format == Settings::Format::tap) return std::make_unique<TapReport>(out);
  if (format == Settings::Format::json) return std::make_unique<JsonReport>(out);
  return std::make_unique<TextReport>(out);
}

std::string junit_text(const Header& header, const std::vector<Result>& results, Milliseconds took) {
  const auto counts = count(results);
  const auto name = xml(header.id.empty() ? header.file : header.id);
  auto out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" "
      "time=\"{:.3f}\">\n",
      name, results.size(), counts.failed, counts.skipped, in_seconds(took));
  for (const auto& result : results) {
    out += fmt::format("<testcase classname=\"{}.{}\" name=\"{}\" time=\"{:.3f}\">", name, xml(result.suite),
                       xml(result.name), in_seconds(result.took));
    if (result.verdict == Verdict::failed) out += fmt::format("<failure message=\"{}\"/>", xml(result.reason));
    if (result.verdict == Verdict::skipped) out += fmt::format("<skipped message=\"{}\"/>", xml(result.reason));
    if (result.verdict == Verdict::failed && !result.output.empty()) {
      out += fmt::format("<system-out>{}</system-out>", xml(result.output));
    }
    out += "</testcase>\n";
  }
  return out + "</testsuite>\n</testsuites>\n";
}

}  // namespace drawbridge::verify
