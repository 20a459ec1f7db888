#pragma once

#include <map>
#include <string>
#include <vector>

#include "drawbridge/differences.h"
#include "drawbridge/testkit/catalogue.h"

namespace drawbridge::verify {

/// Which cases do not apply, by their full names, with the reasons.
using Declared = std::map<std::string, std::string>;

/// What is wrong with the declared differences, one sentence each: a name that no case has, a reason that is missing,
/// more than `Differences::max_each` of one suite. Fills `declared`.
std::vector<std::string> read_differences(const std::vector<Difference>& differences,
                                          const std::vector<testkit::BenchCase>& cases, Declared& declared);

/// Whether a case is chosen by `--only`: a shell pattern over its full name, or a part of it.
bool is_chosen(const std::string& full_name, const std::string& only);

}  // namespace drawbridge::verify
