// Components written in Python pass the suites of their facets, in a process that has no Python of its own.
#include <cstdlib>

#include "drawbridge/testkit/blobs_suite.h"
#include "drawbridge/testkit/cipher_suite.h"
#include "drawbridge/testkit/records_suite.h"
#include "support/suite.h"

namespace drawbridge::test {
namespace {

/// A node whose component `main` is the class of a module in tests/python/plugins.
std::function<std::unique_ptr<kernel::Node>()> node_of(const std::string& what) {
  return [what] {
    ::setenv("DRAWBRIDGE_PLUGINS", DRAWBRIDGE_PLUGIN_DIR, 1);  // for components that Python code loads
    static const support::TempDir folder;
    static int number = 0;
    auto text = what;
    if (const auto at = text.find("FILE"); at != std::string::npos) {
      text.replace(at, 4, (folder / std::to_string(++number)).string());
    }
    return support::start_node("node: {name: alice}\nparts: {main: {plugin: python, path: " DRAWBRIDGE_SOURCE_DIR
                               "/tests/python/plugins, " +
                               text + "}}\n");
  };
}

template <class Facet>
bool add(const char* name, testkit::Suite<Facet> suite, const std::string& what) {
  support::register_suite(name, std::move(suite), node_of(what), "main");
  return true;
}

const std::string memory = "module: memory_store, class: Store";
const std::string async = "module: memory_store, class: AsyncStore";
const std::string sqlite = "module: sqlite_store, class: Store, threads: 1, file: FILE";
const std::string fernet = "module: facets, class: Suite";

const bool registered[] = {add("PythonRecords", testkit::records_suite(), memory),
                           add("PythonBlobs", testkit::blobs_suite(), memory),
                           add("PythonAsyncRecords", testkit::records_suite(), async),
                           add("PythonSqliteRecords", testkit::records_suite(), sqlite),
                           add("PythonSqliteBlobs", testkit::blobs_suite(), sqlite),
                           add("PythonCipher", testkit::cipher_suite_suite(), fernet),
                           add("PythonEnvelope", testkit::envelope_suite(), fernet)};

}  // namespace
}  // namespace drawbridge::test
