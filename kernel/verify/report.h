#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "kernel/verify/settings.h"

namespace drawbridge::verify {

/// The result of one case.
struct Result {
  enum class Verdict { passed, failed, skipped };
  std::string suite;
  std::string name;
  Verdict verdict = Verdict::passed;
  std::string reason;  ///< Of a failure or a skip.
  std::string output;  ///< Of a failure: the last that the process wrote.
  Milliseconds took{};

  std::string full_name() const { return suite + "." + name; }
};

/// What is verified, for the head of a report.
struct Header {
  std::string file;
  std::string id;  ///< Empty: it is not known, for the file is no plugin for this program.
  std::string version;
  std::string summary;
  std::vector<std::string> facets;
  std::vector<std::string> without_suite;
  std::uint64_t seed = 1;
};

struct Counts {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
};
Counts count(const std::vector<Result>& results);

/// Prints as results come in, in order.
class Report {
 public:
  virtual ~Report();
  virtual void begin(const Header& header, std::size_t cases) = 0;
  virtual void add(const Result& result) = 0;
  virtual void end(const std::vector<Result>& results, Milliseconds took) = 0;
};

/// A line a case, for people; the Test Anything Protocol, version 14; one JSON object.
std::unique_ptr<Report> make_report(Settings::Format format, std::ostream& out);

/// The XML that continuous integration reads.
std::string junit_text(const Header& header, const std::vector<Result>& results, Milliseconds took);

}  // namespace drawbridge::verify
