#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "drawbridge/testkit/bench.h"
#include "support/node.h"

namespace drawbridge::support {

/// One case of a conformance suite as a GoogleTest test. What it throws is told in the words of drawbridge-verify.
class CaseTest final : public testing::Test {
 public:
  explicit CaseTest(std::function<void()> run) : run_(std::move(run)) {}

  void TestBody() override {
    try {
      run_();
    } catch (...) {
      FAIL() << testkit::failure_text(std::current_exception());
    }
  }

 private:
  std::function<void()> run_;
};

/// Registers every case of any conformance suite as a test of the GoogleTest suite `name`; `run` runs one of them.
template <class Case>
void register_cases(const char* name, const std::vector<Case>& cases, std::function<void(const Case&)> run) {
  for (const auto& test : cases) {
    testing::RegisterTest(name, test.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [test, run]() -> testing::Test* { return new CaseTest([test, run] { run(test); }); });
  }
}

/// The same for the suite of a facet. Each run of a case makes a fresh, started node and uses the facet of its
/// component. Called from a static initializer of the test program:
///
///     const bool registered = (support::register_suite("MemoryRecords", testkit::records_suite(), make, "main"),
///     true);
template <class Facet>
void register_suite(const char* name, testkit::Suite<Facet> suite, std::function<std::unique_ptr<kernel::Node>()> make,
                    std::string component) {
  register_cases<testkit::Case<Facet>>(name, suite, [make, component](const testkit::Case<Facet>& test) {
    const auto node = make();
    const auto facet = node->template find<Facet>(component);
    testkit::check(facet != nullptr, component + " is no " + std::string(Facet::facet_name));
    node->wait(test.run(*facet));
  });
}

}  // namespace drawbridge::support
