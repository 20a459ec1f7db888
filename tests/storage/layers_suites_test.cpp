// The conformance suites on every storage over a storage.
#include "drawbridge/testkit/blobs_suite.h"
#include "drawbridge/testkit/records_suite.h"
#include "layers.h"
#include "support/suite.h"

namespace drawbridge::storage_test {
namespace {

struct Stack {
  const char* name;
  std::string lines;
};

std::string memories() {
  return component("a", "memory", "max_bytes: 512MiB") + component("b", "memory", "max_bytes: 512MiB");
}

/// A mirror of which one storage fails now and then, in every way: nobody should notice.
std::string flaky_mirror(const std::string& code, const char* flaky) {
  const bool first = std::string_view(flaky) == "a";
  return memories() +
         component("flaky", "faulty",
                   std::string("over: ") + flaky + ", per_million: 3000, when: either, seed: 7, code: " + code) +
         component("main", "mirror",
                   std::string(first ? "first: flaky, second: b" : "first: a, second: flaky") + ", retry: 10ms");
}

const std::vector<Stack>& stacks() {
  static const std::vector<Stack> all = {
      {"Faulty", component("a", "memory") + component("main", "faulty", "over: a")},
      {"Slow", component("a", "memory") + component("main", "slow", "over: a")},
      {"Corrupt", component("a", "memory") + component("main", "corrupt", "over: a")},
      {"Cache", component("a", "memory") + component("main", "cache", "over: a")},
      {"TinyCache", component("a", "memory") + component("main", "cache", "over: a, max_bytes: 1MiB")},
      {"SlowCache", component("a", "memory") + component("b", "slow", "over: a, jitter: 1ms") +
                        component("main", "cache", "over: b")},
      {"Mirror", memories() + component("main", "mirror", "first: a, second: b")},
      {"MirrorWithFlakyFirst", flaky_mirror("unavailable", "a")},
      {"MirrorWithFlakySecond", flaky_mirror("unavailable", "b")},
      {"MirrorWithBrokenSecond", flaky_mirror("internal", "b")},
      {"MirrorOfMirrors", memories() + component("c", "memory") +
                              component("inner", "mirror", "first: a, second: b, label: inner") +
                              component("main", "mirror", "first: inner, second: c")},
  };
  return all;
}

[[maybe_unused]] const bool registered = [] {
  for (const auto& stack : stacks()) {
    const auto make = [&stack] { return start_layers(stack.lines); };
    static std::vector<std::string> names;  // GoogleTest copies them, but only while it registers
    names.push_back(std::string(stack.name) + "Records");
    support::register_suite(names.back().c_str(), testkit::records_suite(3), make, "main");
    names.push_back(std::string(stack.name) + "Blobs");
    support::register_suite(names.back().c_str(), testkit::blobs_suite(3), make, "main");
  }
  return true;
}();

}  // namespace
}  // namespace drawbridge::storage_test
