#include "fixture.h"

namespace drawbridge::test {

kernel::NodeOptions test_options() {
  auto options = support::node_options();
  options.plugin_dirs = {DRAWBRIDGE_KERNEL_TEST_PLUGINS};
  return options;
}

std::unique_ptr<kernel::Node> make_node(const std::string& yaml) {
  return kernel::Node::from_text(yaml, "test.yaml", test_options());
}

kernel::Loader test_loader() {
  return kernel::Loader({DRAWBRIDGE_KERNEL_TEST_PLUGINS});
}

std::filesystem::path plugin_file(const std::string& id) {
  return std::filesystem::path(DRAWBRIDGE_KERNEL_TEST_PLUGINS) / (id + ".so");
}

std::vector<kernel::ConfigError> config_errors(const std::string& yaml) {
  try {
    make_node(yaml);
  } catch (const kernel::ConfigErrors& errors) {
    return errors.errors();
  }
  return {};
}

void expect_error(const std::string& yaml, int line, int column, const std::string& part) {
  const auto errors = config_errors(yaml);
  std::string all;
  for (const auto& error : errors) all += error.text() + "\n";
  ASSERT_EQ(errors.size(), 1U) << "of\n" << yaml << "got\n" << all;
  EXPECT_EQ(errors[0].file, "test.yaml");
  EXPECT_EQ(errors[0].line, line) << all;
  EXPECT_EQ(errors[0].column, column) << all;
  EXPECT_NE(errors[0].text().find(part), std::string::npos) << "expected '" << part << "' in\n" << all;
}

void expect_throws(Code code, const std::string& part, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "nothing was thrown, expected " << name(code) << ": " << part;
  } catch (const Error& error) {
    EXPECT_EQ(name(error.code()), name(code)) << error.what();
    const auto text = std::string(error.what()) + " (" + error.hint() + ")";
    EXPECT_NE(text.find(part), std::string::npos) << "expected '" << part << "' in '" << text << "'";
  }
}

}  // namespace drawbridge::test
