// drawbridge plugin new: a folder with the source of a plugin that builds and passes its suites, to begin from.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>

#include "drawbridge/files.h"
#include "kernel/cli/home.h"
#include "kernel/problems.h"

namespace drawbridge::cli {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

struct NewPlugin {
  std::string name;
  std::string kind = "storage";
  std::string folder;
};

constexpr std::uint64_t max_template_bytes = 1_MiB;

std::vector<std::string> kinds(const fs::path& templates) {
  std::vector<std::string> out;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(templates, failure)) out.push_back(entry.path().filename().string());
  std::ranges::sort(out);
  return out;
}

/// "my_store": a letter, then letters, digits and underscores, as it will stand in ids, file and class names.
void check_name(const std::string& name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_part = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  if (name.empty() || name.size() > 40 || !is_letter(name[0]) || !std::ranges::all_of(name, is_part)) {
    throw Error(Code::invalid, fmt::format("`{}` cannot name a plugin", name),
                "use a lower-case letter, then letters, digits and underscores, 40 at most");
  }
}

/// "my_store" as the beginning of a class name: "MyStore".
std::string class_name(const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '_') continue;
    const bool begins = i == 0 || name[i - 1] == '_';
    out += begins && name[i] >= 'a' && name[i] <= 'z' ? static_cast<char>(name[i] - 'a' + 'A') : name[i];
  }
  return out;
}

void replace_all(std::string& text, std::string_view from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// The templates are whole plugins whose name is `example`.
std::string renamed(std::string text, const std::string& name) {
  replace_all(text, "Example", class_name(name));
  replace_all(text, "example", name);
  return text;
}

fs::path template_folder(const std::string& kind) {
  const auto templates = shared_folder() / "templates";
  const auto known = kinds(templates);
  if (known.empty()) {
    throw Error(Code::not_found,
                fmt::format("the templates of plugins are not installed: {} is missing", templates.string()),
                "install the package drawbridge-sdk");
  }
  if (std::ranges::find(known, kind) != known.end()) return templates / kind;
  throw Error(Code::invalid,
              fmt::format("there is no template of the kind `{}`{}", kind, kernel::did_you_mean(kind, known)),
              fmt::format("the kinds are {}; the guide for every kind is docs/plugins", kernel::joined(known, ", ")));
}

int create(Context& context, const NewPlugin& options) {
  check_name(options.name);
  const auto source = template_folder(options.kind);
  const auto folder = fs::absolute(options.folder.empty() ? options.kind + "-" + options.name : options.folder);
  if (fs::exists(folder) && !(fs::is_directory(folder) && fs::is_empty(folder))) {
    throw Error(Code::conflict, fmt::format("{} exists already", folder.string()), "name another folder with --folder");
  }
  fs::create_directories(folder);
  json::array files;
  for (const auto& entry : fs::directory_iterator(source)) {
    const auto file = folder / renamed(entry.path().filename().string(), options.name);
    write_file(file, view(renamed(to_text(read_file(entry.path(), max_template_bytes)), options.name)), 0644);
    files.emplace_back(file.string());
  }
  const auto id = options.kind + "." + options.name;
  if (context.output.json()) {
    context.output.print_json(json::object{{"id", id}, {"folder", folder.string()}, {"files", std::move(files)}});
    return 0;
  }
  const auto quoted = shell_quoted(folder.string());
  context.output.print_line(fmt::format("made the plugin {} in {}. Next:", id, printable(folder.string())));
  context.output.print_line(fmt::format("  cmake -S {0} -B {0}/build && cmake --build {0}/build", quoted));
  context.output.print_line(fmt::format("  drawbridge-verify {}/build/{}.so", quoted, id));
  context.output.print_line(fmt::format("  DRAWBRIDGE_PLUGINS={}:{}/build drawbridge describe {}",
                                        shell_quoted(plugin_folders().front().string()), quoted, id));
  return 0;
}

}  // namespace

void add_plugin_commands(CLI::App& app, Context& context) {
  auto* plugin = add_command(app, "plugin", "For authors of plugins", "drawbridge plugin new mine --kind storage");
  plugin->require_subcommand(1);
  const auto options = std::make_shared<NewPlugin>();
  auto* command = add_command(*plugin, "new", "Write a folder with a plugin that builds, to begin from",
                              "drawbridge plugin new mine --kind storage");
  command->add_option("NAME", options->name, "Its name without the kind: my_store")->required()->type_name("");
  command->add_option("--kind", options->kind, "storage, keeper, service or api (default: storage)")->type_name("KIND");
  command->add_option("--folder", options->folder, "Where to (default: KIND-NAME in this folder)")->type_name("DIR");
  command->callback(
      [&context, options] { context.action = [&context, options] { return create(context, *options); }; });
}

}  // namespace drawbridge::cli
