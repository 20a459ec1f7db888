#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernel/loader.h"
#include "kernel/node.h"
#include "plugins/probe.h"
#include "support/node.h"

namespace drawbridge::test {

kernel::NodeOptions test_options();
std::unique_ptr<kernel::Node> make_node(const std::string& yaml);
kernel::Loader test_loader();
std::filesystem::path plugin_file(const std::string& id);

/// The errors of a configuration; none when it is sound.
std::vector<kernel::ConfigError> config_errors(const std::string& yaml);

/// One error, at this place, whose message (with its hint) contains `part`.
void expect_error(const std::string& yaml, int line, int column, const std::string& part);

/// Runs `action`, which must throw an Error of this code whose message (with its hint) contains `part`.
void expect_throws(Code code, const std::string& part, const std::function<void()>& action);

}  // namespace drawbridge::test
