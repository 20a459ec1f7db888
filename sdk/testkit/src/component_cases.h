#pragma once

#include "drawbridge/testkit/catalogue.h"

namespace drawbridge::testkit {

void add_descriptor_cases(std::vector<BenchCase>& suite);
void add_option_cases(std::vector<BenchCase>& suite);
void add_life_cases(std::vector<BenchCase>& suite);
void add_call_cases(std::vector<BenchCase>& suite);
void add_leak_cases(std::vector<BenchCase>& suite);

/// A started instance.
inline std::unique_ptr<Mount> started(Bench& bench, const std::string& node_name = "alice") {
  auto mount = bench.mount(node_name);
  mount->start();
  return mount;
}

}  // namespace drawbridge::testkit
