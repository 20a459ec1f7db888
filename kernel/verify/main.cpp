// drawbridge-verify: runs the conformance suites on a compiled plugin.
#include <fmt/core.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <thread>

#include "drawbridge/bytes.h"
#include "drawbridge/error.h"
#include "drawbridge/plugin.h"
#include "kernel/verify/child.h"
#include "kernel/verify/verify.h"

namespace drawbridge::verify {
namespace {

namespace fs = std::filesystem;

constexpr int usage_error = 2;

/// The folder with everything that this run leaves on disk, gone at its end.
class Scratch {
 public:
  Scratch() {
    auto text = (fs::temp_directory_path() / "drawbridge-verify-XXXXXX").string();
    if (::mkdtemp(text.data()) == nullptr) throw Error(Code::unavailable, "cannot make a folder in " + text);
    path_ = text;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;  // it is in the folder for temporary files
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// What the options write to before it can be checked.
struct Texts {
  std::string timeout = "60s";
  std::string memory = std::string_view(DRAWBRIDGE_SANITIZER) == "none" ? "4GiB" : "none";
  bool tap = false;
  bool json = false;
};

void declare(CLI::App& app, Settings& settings, Texts& texts) {
  app.add_option("PLUGIN", settings.plugin, "The library to verify")->required()->type_name("");
  app.add_option("CONFIG", settings.config,
                 "A node configuration that mounts it, and what it uses; one is made when left out")
      ->type_name("");
  app.add_option("--plugins", settings.plugin_dirs,
                 "Folders of the plugins that it uses; default: beside it, then this build's")
      ->allow_extra_args(false)
      ->type_name("DIR");
  app.add_option("--only", settings.only, "Run the cases whose name has this part, or matches this pattern")
      ->type_name("PATTERN");
  app.add_flag("--list", settings.list, "Print the names of the cases, and run none");
  app.add_flag("--print-config", settings.print_config, "Print the configuration that is made for it, and run nothing");
  auto* tap = app.add_flag("--tap", texts.tap, "Print TAP version 14");
  app.add_flag("--json", texts.json, "Print one JSON object")->excludes(tap);
  app.add_option("--junit", settings.junit, "Write JUnit XML to this file, too")->type_name("FILE");
  app.add_option("--timeout", texts.timeout, "How long a case may take; half of it, at most 20s, for a start or a stop")
      ->capture_default_str()
      ->type_name("DURATION");
  app.add_option("--memory", texts.memory, "How much memory a case may take, or `none`")
      ->capture_default_str()
      ->type_name("SIZE");
  app.add_option("--seed", settings.seed, "For the random cases")->capture_default_str()->type_name("NUMBER");
  app.add_option("--jobs", settings.jobs, "How many cases run at once; 0: one a core")
      ->capture_default_str()
      ->type_name("NUMBER");
  for (auto* hidden : {app.add_option("--mode", settings.mode), app.add_option("--case", settings.case_name),
                       app.add_option("--scratch", settings.scratch)}) {
    hidden->group("");
  }
}

void take(const Texts& texts, Settings& settings) {
  const auto timeout = parse_duration(texts.timeout);
  if (!timeout || timeout->count() < 100) {
    throw Error(Code::invalid, fmt::format("--timeout: '{}' is not a duration of at least 100ms", texts.timeout));
  }
  settings.timeout = *timeout;
  if (texts.memory != "none") {
    const auto memory = parse_size(texts.memory);
    if (!memory || *memory < 64_MiB) {
      throw Error(Code::invalid,
                  fmt::format("--memory: '{}' is neither `none` nor a size of at least 64MiB", texts.memory));
    }
    settings.memory_bytes = *memory;
  }
  settings.format = texts.tap ? Settings::Format::tap : texts.json ? Settings::Format::json : Settings::Format::text;
  if (settings.jobs == 0) settings.jobs = std::max(1U, std::thread::hardware_concurrency());
  settings.plugin = fs::absolute(settings.plugin).lexically_normal();
  if (!settings.config.empty()) settings.config = fs::absolute(settings.config).lexically_normal();
  for (auto& folder : settings.plugin_dirs) folder = fs::absolute(folder).lexically_normal();
}

/// The plugin's own folder, then where `drawbridge` looks: DRAWBRIDGE_PLUGINS, or the folder beside this program.
std::vector<fs::path> default_folders(const fs::path& plugin) {
  std::vector<fs::path> out{plugin.parent_path()};
  std::string given;
  if (const char* value = std::getenv("DRAWBRIDGE_PLUGINS")) given = value;
  for (std::size_t at = 0; at < given.size();) {
    const auto end = std::min(given.find(':', at), given.size());
    if (end > at) out.push_back(fs::absolute(given.substr(at, end - at)));
    at = end + 1;
  }
  std::error_code failure;
  const auto self = fs::read_symlink("/proc/self/exe", failure).parent_path().parent_path();
  if (given.empty() && !failure) out.insert(out.end(), {self / "plugins", self / "lib/drawbridge/plugins"});
  return out;
}

constexpr char epilogue[] =
    "Every case runs in a process of its own, so that a crash, a hang or a leak is the result of that case.\n"
    "The suites follow from the facets that the plugin offers; the suite `component` is for every plugin.\n"
    "\n"
    "  drawbridge-verify ./storage.mine.so\n"
    "  drawbridge-verify ./storage.mine.so mine.yaml --only 'records.*' --junit report.xml\n"
    "\n"
    "A case that does not apply on purpose is declared, in the plugin (drawbridge/differences.h) or in CONFIG, at "
    "most\n"
    "ten of a suite: `verify: {differences: {records.SurvivesARestart: it is a cache}}`.\n"
    "\n"
    "Exit codes: 0 everything passed, 1 something failed, 2 wrong usage or nothing to run.";

int run(int argc, char** argv) {
  Settings settings;
  Texts texts;
  CLI::App app("Verifies a compiled plugin: what its facets promise, and how it behaves when it is handled roughly.",
               "drawbridge-verify");
  app.set_version_flag("--version", DRAWBRIDGE_VERSION);
  declare(app, settings, texts);
  app.footer(epilogue);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : usage_error;
  }
  take(texts, settings);
  if (settings.plugin_dirs.empty()) settings.plugin_dirs = default_folders(settings.plugin);
  if (!settings.mode.empty()) run_child(settings);
  const Scratch scratch;
  settings.scratch = scratch.path();
  return verify(std::move(settings));
}

}  // namespace
}  // namespace drawbridge::verify

int main(int argc, char** argv) {
  try {
    return drawbridge::verify::run(argc, argv);
  } catch (const drawbridge::Error& error) {
    std::cerr << "drawbridge-verify: " << error.what() << "\n";
    if (!error.hint().empty()) std::cerr << "  " << error.hint() << "\n";
  } catch (const std::exception& error) {
    std::cerr << "drawbridge-verify: " << error.what() << "\n";
  }
  return 2;
}
