#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "drawbridge/testkit/bench.h"

namespace drawbridge::testkit {

/// A case of any suite, that makes what it needs on a bench.
struct BenchCase {
  std::string suite;  ///< "records"
  std::string name;   ///< "SurvivesARestart"
  std::function<void(Bench&)> run;

  /// As it is chosen and declared: "records.SurvivesARestart".
  std::string full_name() const { return suite + "." + name; }
};

/// The cases for every component: descriptor, loading, options, life cycle, cancellation, leaks.
DRAWBRIDGE_API std::vector<BenchCase> component_suite();

/// The names of the known facets that a component has, and which of them have a suite.
struct Facets {
  std::vector<std::string> with_suite;
  std::vector<std::string> without_suite;
};
DRAWBRIDGE_API Facets facets_of(Component& component);

/// The component suite, and all cases that these facets call for: of `Records`, `Blobs`, `CipherSuite`, `Ledger`,
/// `Transport` and `Keeper`. Random cases are a function of `seed`.
DRAWBRIDGE_API std::vector<BenchCase> cases_for(const std::vector<std::string>& facets, std::uint64_t seed);

}  // namespace drawbridge::testkit
