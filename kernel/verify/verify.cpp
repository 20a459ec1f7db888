#include "kernel/verify/verify.h"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

#include "drawbridge/error.h"
#include "kernel/problems.h"
#include "kernel/verify/plan.h"
#include "kernel/verify/process.h"
#include "kernel/verify/report.h"
#include "kernel/verify/subject.h"

namespace drawbridge::verify {
namespace {

using Verdict = Result::Verdict;

constexpr int all_passed = 0, some_failed = 1, nothing_to_run = 2, was_interrupted = 130;

/// The cases that come before all others: without them nothing can be run.
constexpr char own_suite[] = "plugin";

Result own_result(const std::string& name, const std::string& failure = {}) {
  return {own_suite, name, failure.empty() ? Verdict::passed : Verdict::failed, failure, {}, {}};
}

std::string with_hint(const Error& error) {
  return error.hint().empty() ? error.what() : fmt::format("{} ({})", error.what(), error.hint());
}

/// What a look at the plugin in a process of its own has told.
struct Look {
  Header header;
  std::vector<Difference> differences;
  std::string config;  ///< The text of the configuration that was made; empty when one was given.
};

void take_fact(const std::string& fact, Look& look) {
  std::istringstream in(fact);
  std::string kind;
  in >> kind >> std::ws;
  if (kind == "facet") in >> look.header.facets.emplace_back();
  if (kind == "other") in >> look.header.without_suite.emplace_back();
  if (kind == "differs") {
    Difference difference;
    in >> difference.test >> std::ws;
    std::getline(in, difference.reason);
    look.differences.push_back(std::move(difference));
  }
  if (kind == "config") std::getline(in, look.config, '\0');
}

class Verification {
 public:
  explicit Verification(Settings settings)
      : settings_(std::move(settings)), report_(make_report(settings_.format, std::cout)) {
    look_.header.file = settings_.plugin.string();
    look_.header.seed = settings_.seed;
  }

  int run() {
    begin_ = std::chrono::steady_clock::now();
    if (!look()) return finish();
    if (settings_.print_config) return print_config();
    cases_ = testkit::cases_for(look_.header.facets, settings_.seed);
    Declared declared;
    const auto wrong = read_differences(look_.differences, cases_, declared);
    if (!look_.differences.empty()) {
      results_.push_back(own_result("DifferencesAreSound", wrong.empty() ? "" : kernel::joined(wrong, "\n")));
    }
    std::erase_if(cases_, [&](const auto& test) { return !is_chosen(test.full_name(), settings_.only); });
    if (cases_.empty()) {
      std::cerr << fmt::format("no case matches `{}`; --list shows all\n", settings_.only);
      return nothing_to_run;
    }
    if (settings_.list) return list(declared);
    return run_cases(declared) ? finish() : was_interrupted;
  }

 private:
  /// Reads the descriptor, then loads and creates in another process. False when that failed.
  bool look() {
    try {
      const auto subject = read_subject(settings_.plugin, settings_.plugin_dirs, settings_.scratch);
      look_.header.id = subject.id;
      look_.header.version = subject.version;
      look_.header.summary = subject.summary;
      results_.push_back(own_result("IsAPluginForThisBuild"));
    } catch (const Error& error) {
      results_.push_back(own_result("IsAPluginForThisBuild", with_hint(error)));
      return false;
    }
    auto inspect = settings_;
    inspect.mode = "inspect";
    const auto outcome = run_self(inspect);
    for (const auto& fact : outcome.facts) take_fact(fact, look_);
    const bool sound = outcome.verdict == Outcome::Verdict::passed;
    results_.push_back(own_result("CanBeConfigured", sound ? "" : outcome.text));
    results_.back().output = outcome.output;
    if (!sound && settings_.config.empty()) {
      results_.back().reason += "\n(with a configuration made for it: --print-config shows one to begin with)";
    }
    return sound;
  }

  int print_config() const {
    std::cout << (look_.config.empty() ? "# a configuration was given\n" : look_.config);
    return all_passed;
  }

  int list(const Declared& declared) const {
    for (const auto& test : cases_) {
      const auto found = declared.find(test.full_name());
      std::cout << test.full_name() << (found == declared.end() ? "" : "  # a declared difference: " + found->second)
                << "\n";
    }
    return all_passed;
  }

  /// False when interrupted.
  bool run_cases(const Declared& declared) {
    if (!look_.config.empty()) {
      settings_.config = settings_.scratch / "config.yaml";
      std::ofstream(settings_.config) << look_.config;
    }
    begin_report();
    std::vector<Settings> each;
    for (std::size_t i = 0; i < cases_.size(); ++i) {
      auto own = settings_;
      own.mode = "case";
      own.case_name = cases_[i].full_name();
      own.scratch = settings_.scratch / std::to_string(i);
      each.push_back(std::move(own));
    }
    // They end in any order and are printed in theirs.
    std::vector<std::optional<Result>> ended(cases_.size());
    std::size_t printed = 0;
    return run_all(each, settings_.jobs, [&](std::size_t index, Outcome outcome) {
      ended[index] = result_of(cases_[index], outcome, declared);
      for (; printed < ended.size() && ended[printed]; ++printed) {
        results_.push_back(*ended[printed]);
        report_->add(results_.back());
      }
    });
  }

  static Result result_of(const testkit::BenchCase& test, const Outcome& outcome, const Declared& declared) {
    Result out{test.suite, test.name, Verdict::passed, outcome.text, outcome.output, outcome.took};
    const auto difference = declared.find(test.full_name());
    const bool differs = difference != declared.end();
    switch (outcome.verdict) {
      case Outcome::Verdict::passed:
        out.reason.clear();
        if (differs) {
          out.verdict = Verdict::failed;
          out.reason = fmt::format("stale: it is declared as a difference ({}) and passes; remove the declaration",
                                   difference->second);
        }
        break;
      case Outcome::Verdict::skipped:
        out.verdict = Verdict::skipped;
        break;
      case Outcome::Verdict::failed:
        out.verdict = differs ? Verdict::skipped : Verdict::failed;
        if (differs) out.reason = difference->second;
        break;
      case Outcome::Verdict::broken:  // no declaration excuses a crash
        out.verdict = Verdict::failed;
        break;
    }
    return out;
  }

  void begin_report() {
    report_->begin(look_.header, results_.size() + cases_.size());
    for (const auto& result : results_) report_->add(result);
    begun_ = true;
  }

  int finish() {
    if (!begun_) begin_report();
    const auto took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin_);
    report_->end(results_, took);
    if (!settings_.junit.empty()) {
      std::ofstream out(settings_.junit);
      out << junit_text(look_.header, results_, took) << std::flush;
      if (!out) throw Error(Code::unavailable, "cannot write " + settings_.junit);
    }
    return count(results_).failed == 0 ? all_passed : some_failed;
  }

  Settings settings_;
  std::unique_ptr<Report> report_;
  Look look_;
  std::vector<testkit::BenchCase> cases_;
  std::vector<Result> results_;
  std::chrono::steady_clock::time_point begin_;
  bool begun_ = false;
};

}  // namespace

int verify(Settings settings) {
  return Verification(std::move(settings)).run();
}

}  // namespace drawbridge::verify
