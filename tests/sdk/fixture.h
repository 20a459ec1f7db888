#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "drawbridge/bytes.h"
#include "drawbridge/error.h"
#include "drawbridge/task.h"

namespace drawbridge::test {

/// Runs `action`, which must throw an Error of this code.
void expect_throws(Code code, const std::function<void()>& action, const std::string& what = {});

/// Bytes of a hexadecimal text; fails the test when it is none.
Bytes hex(std::string_view text);

/// Runs a task to its end on two threads and rethrows what it throws.
void run(Task<> task);

}  // namespace drawbridge::test
