#include "kernel/verify/plan.h"

#include <fmt/core.h>
#include <fnmatch.h>

#include <algorithm>

#include "kernel/problems.h"

namespace drawbridge::verify {

std::vector<std::string> read_differences(const std::vector<Difference>& differences,
                                          const std::vector<testkit::BenchCase>& cases, Declared& declared) {
  std::vector<std::string> known, wrong;
  for (const auto& test : cases) known.push_back(test.full_name());
  std::map<std::string, std::size_t> of_suite;
  for (const auto& difference : differences) {
    if (std::find(known.begin(), known.end(), difference.test) == known.end()) {
      wrong.push_back(fmt::format("the declared difference `{}` is no case of its suites{}", difference.test,
                                  kernel::did_you_mean(difference.test, known)));
      continue;
    }
    if (difference.reason.empty())
      wrong.push_back(fmt::format("the declared difference `{}` has no reason", difference.test));
    if (declared.insert_or_assign(difference.test, difference.reason).second) {
      ++of_suite[difference.test.substr(0, difference.test.find('.'))];
    }
  }
  for (const auto& [suite, count] : of_suite) {
    if (count <= Differences::max_each) continue;
    wrong.push_back(
        fmt::format("{} differences are declared for the suite {}, at most {}: a component that differs so "
                    "much is something else; do not offer that facet",
                    count, suite, Differences::max_each));
  }
  return wrong;
}

bool is_chosen(const std::string& full_name, const std::string& only) {
  if (only.empty()) return true;
  if (only.find_first_of("*?[") == std::string::npos) return full_name.find(only) != std::string::npos;
  return ::fnmatch(only.c_str(), full_name.c_str(), 0) == 0;
}

}  // namespace drawbridge::verify
