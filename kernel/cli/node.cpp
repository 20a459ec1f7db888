// drawbridge run, check, describe: what needs no running node.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>

#include "kernel/cli/home.h"
#include "kernel/daemon.h"
#include "kernel/describe.h"

namespace drawbridge::cli {
namespace json = boost::json;
namespace {

int run(Context& context, const std::string& config) {
  const Privacy privacy;
  const auto node = kernel::Node::from_file(config_file(context, config), node_options(std::nullopt));
  return kernel::run_until_signal(*node);
}

int check(Context& context, const std::string& config) {
  const auto file = config_file(context, config);
  const auto node = kernel::Node::from_file(file, node_options(std::nullopt));
  const auto components = node->status();
  if (context.output.json()) {
    json::array list;
    for (const auto& component : components) {
      list.push_back(
          json::object{{"name", component.name}, {"plugin", component.plugin}, {"version", component.version}});
    }
    context.output.print_json(json::object{{"status", "ok"}, {"file", file.string()}, {"components", std::move(list)}});
    return 0;
  }
  context.output.print_line(
      fmt::format("{}: {}, {} components, started in this order:", context.output.styled(Style::good, "ok"),
                  printable(file.string()), components.size()));
  Table table{{"name", "plugin", "version"}, {}, {}};
  for (const auto& component : components) table.rows.push_back({component.name, component.plugin, component.version});
  context.output.print_table(table);
  return 0;
}

struct DescribeOptions {
  std::string plugin;
  bool all = false;
  bool markdown = false;
};

int list_plugins(const Output& output, const kernel::Loader& loader) {
  Table table{{"plugin", "version", ""}, {}, {}};
  json::array plugins, broken;
  for (const auto& id : loader.known_ids()) {
    try {
      const auto plugin = loader.load(id);
      table.rows.push_back({plugin.id, plugin.version, plugin.summary});
      plugins.push_back(json::object{{"id", plugin.id}, {"version", plugin.version}, {"summary", plugin.summary}});
    } catch (const Error& error) {
      table.rows.push_back({id, "", std::string("cannot be loaded: ") + error.what()});
      broken.push_back(json::object{{"id", id}, {"error", error.what()}});
    }
  }
  if (table.rows.empty()) {
    throw Error(Code::not_found, "there are no plugins in " + plugin_folders().front().string(),
                "name the folder that has them in the environment variable DRAWBRIDGE_PLUGINS");
  }
  if (output.json()) {
    output.print_json(json::object{{"plugins", std::move(plugins)}, {"broken", std::move(broken)}});
  } else {
    output.print_table(table);
  }
  return 0;
}

int describe(Context& context, const DescribeOptions& options) {
  const auto& output = context.output;
  const kernel::Loader loader(plugin_folders());
  if (!options.all && options.plugin.empty()) return list_plugins(output, loader);
  if (options.all && !options.plugin.empty())
    throw Error(Code::invalid, "--all and the name of a plugin exclude each other");
  const auto ids = options.all ? loader.known_ids() : std::vector{options.plugin};
  std::string out;
  for (const auto& id : ids) {
    const auto plugin = kernel::describe(loader, id);
    if (output.json()) {
      out += (out.empty() ? "" : ",") + kernel::describe_json(plugin);
    } else {
      out += (out.empty() ? "" : "\n") +
             (options.markdown ? kernel::describe_markdown(plugin) : kernel::describe_text(plugin));
    }
  }
  if (output.json()) {
    output.print_json_text(options.all ? "[" + out + "]" : out);
  } else {
    output.print(out);
  }
  return 0;
}

}  // namespace

void add_node_commands(CLI::App& app, Context& context) {
  const auto config = std::make_shared<std::string>();
  const auto with_config = [&](CLI::App* command, int (*action)(Context&, const std::string&)) {
    command->add_option("CONFIG", *config, "A configuration (default: node.yaml of the home)")->type_name("");
    command->callback([&context, config, action] {
      context.action = [&context, config, action] { return action(context, *config); };
    });
  };
  with_config(add_command(app, "run", "Run the node in the foreground until SIGTERM or Ctrl-C",
                          "drawbridge --home ~/alice run"),
              run);
  with_config(add_command(app, "check", "Check a configuration without starting anything: all errors at once",
                          "drawbridge check config/alice.yaml"),
              check);

  const auto options = std::make_shared<DescribeOptions>();
  auto* command =
      add_command(app, "describe", "List the plugins, or the options of one", "drawbridge describe storage.rocksdb");
  command->add_option("PLUGIN", options->plugin, "The plugin's id (default: list all plugins)")->type_name("");
  command->add_flag("--all", options->all, "The options of every plugin");
  command->add_flag("--markdown", options->markdown, "As Markdown");
  command->callback(
      [&context, options] { context.action = [&context, options] { return describe(context, *options); }; });
}

}  // namespace drawbridge::cli
