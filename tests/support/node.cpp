#include "support/node.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#if defined(__SANITIZE_THREAD__)
// The last owner of an exception frees it inside libstdc++, whose atomic count the sanitizer does not see. Every
// exception that crosses threads looks like a race there, and nothing else is silenced.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions() {
  return "race:std::__exception_ptr::exception_ptr::_M_release\n"
         "race:std::runtime_error::~runtime_error\n";  // where the frame of the above is lost
}
#endif

namespace drawbridge::support {

TempDir::TempDir() {
  auto text = (std::filesystem::temp_directory_path() / "drawbridge-test-XXXXXX").string();
  if (::mkdtemp(text.data()) == nullptr) throw Error(Code::unavailable, "cannot create a temporary folder");
  path_ = text;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TempDir::write(const std::string& name, const std::string& content, unsigned mode) const {
  const auto file = path_ / name;
  std::ofstream(file, std::ios::binary) << content;
  ::chmod(file.c_str(), mode);
  return file;
}

kernel::NodeOptions node_options() {
  kernel::NodeOptions options;
  options.plugin_dirs = {DRAWBRIDGE_PLUGIN_DIR};
  options.log_level = Level::off;
  if (const char* wanted = std::getenv("DRAWBRIDGE_TEST_LOG")) {
    options.log_level = std::string_view(wanted) == "debug" ? Level::debug : Level::info;
  }
  return options;
}

std::unique_ptr<kernel::Node> start_node(std::string yaml) {
  auto node = kernel::Node::from_text(std::move(yaml), "test.yaml", node_options());
  node->start();
  return node;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) ADD_FAILURE() << "cannot read " << file;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace drawbridge::support
