#pragma once

#include <string>

#include "drawbridge/error.h"

namespace drawbridge::cli {

/// The exit code of an error; 0 is success. The one place where they are decided.
int exit_code(Code code);

/// The table of exit codes, for `drawbridge --help`.
std::string exit_code_table();

}  // namespace drawbridge::cli
