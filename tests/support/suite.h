#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "drawbridge/testkit/suite.h"
#include "support/node.h"

namespace drawbridge::support {

/// One case of a conformance suite as a GoogleTest test.
template <class Facet>
class SuiteTest final : public testing::Test {
 public:
  SuiteTest(testkit::Case<Facet> test, std::function<std::unique_ptr<kernel::Node>()> make, std::string component)
      : test_(std::move(test)), make_(std::move(make)), component_(std::move(component)) {}

  void TestBody() override {
    const auto node = make_();
    auto facet = node->template find<Facet>(component_);
    ASSERT_TRUE(facet) << component_ << " is no " << Facet::facet_name;
    try {
      node->wait(test_.run(*facet));
    } catch (const Error& error) {
      FAIL() << name(error.code()) << ": " << error.what();
    } catch (const std::exception& failure) {
      FAIL() << failure.what();
    }
  }

 private:
  testkit::Case<Facet> test_;
  std::function<std::unique_ptr<kernel::Node>()> make_;
  std::string component_;
};

/// Registers every case of a conformance suite as a test of the GoogleTest suite `name`. Each run of a case makes a
/// fresh, started node and uses the facet of its component. Called from a static initializer of the test program:
///
///     const bool registered = (support::register_suite("MemoryRecords", testkit::records_suite(), make, "main"),
///     true);
template <class Facet>
void register_suite(const char* name, testkit::Suite<Facet> suite, std::function<std::unique_ptr<kernel::Node>()> make,
                    std::string component) {
  for (auto& test : suite) {
    const std::string case_name = test.name;
    testing::RegisterTest(
        name, case_name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [test, make, component]() -> testing::Test* { return new SuiteTest<Facet>(test, make, component); });
  }
}

}  // namespace drawbridge::support
