#include "kernel/cli/home.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdlib>
#include <string_view>

#include "drawbridge/files.h"
#include "kernel/describe.h"

namespace drawbridge::cli {
namespace fs = std::filesystem;
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

const kernel::ComponentConfig* find_plugin(const kernel::Config& config, std::string_view plugin) {
  const auto found = std::find_if(config.components.begin(), config.components.end(),
                                  [&](const kernel::ComponentConfig& component) { return component.plugin == plugin; });
  return found == config.components.end() ? nullptr : &*found;
}

std::string option_of(const kernel::ComponentConfig& component, std::string_view name) {
  for (const auto& option : component.options) {
    if (option.key == name) return option.value.text;
  }
  return {};
}

std::string plugin_of(Api api) {
  return api == Api::external ? "api.external" : "api.internal";
}

/// Where the interface listens: as the configuration says, else as its plugin declares.
std::string listen_of(const kernel::ComponentConfig& component) {
  const auto given = option_of(component, "listen");
  if (!given.empty()) return given;
  const auto plugin = kernel::describe(kernel::Loader(plugin_folders()), component.plugin);
  for (const auto& option : plugin.options) {
    if (option.name == "listen") return option.default_text;
  }
  throw Error(Code::unsupported, fmt::format("{} has no option `listen`", component.plugin));
}

std::optional<std::string> read_cookie(const kernel::Config& config) {
  const auto* access = find_plugin(config, "service.access");
  const auto cookie = access == nullptr ? std::string() : option_of(*access, "cookie_file");
  if (cookie.empty()) {
    throw Error(Code::not_found, fmt::format("{} keeps no key for the command line", config.file),
                "give service.access a `cookie_file`, or say --api-key-file");
  }
  const auto path = config.folder / cookie;
  if (!fs::exists(path)) return std::nullopt;
  return std::string(read_secret_file(path).text());
}

kernel::Config load_config(const Context& context) {
  const auto file = config_file(context, "");
  kernel::Problems problems(file.string());
  auto config = kernel::parse_config(to_text(read_file(file, 2_MiB)), file.string(), problems);
  problems.raise();
  return config;
}

std::string file_key(const std::string& path) {
  return std::string(read_secret_file(path).text());
}

/// Whether somebody listens there.
bool answers(std::string_view url) {
  url.remove_prefix(std::string_view("http://").size());
  const auto colon = url.rfind(':');
  auto host = url.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  asio::io_context io;
  boost::system::error_code failure;
  asio::ip::tcp::resolver resolver(io);
  const auto endpoints = resolver.resolve(host, url.substr(colon + 1), failure);
  if (failure) return false;
  asio::ip::tcp::socket socket(io);
  asio::connect(socket, endpoints, failure);
  return !failure;
}

std::optional<http::Client> reach(const Context& context, Api api, Milliseconds patience) {
  const http::ClientOptions options{.idle_timeout = patience};
  if (!context.url.empty()) {
    return http::Client(context.url, context.api_key_file.empty() ? "" : file_key(context.api_key_file), options);
  }
  const auto found = find_node(load_config(context), api, context.api_key_file);
  if (!found || !answers(found->url)) return std::nullopt;
  return http::Client(found->url, found->api_key, options);
}

}  // namespace

fs::path home_folder(const Context& context) {
  if (!context.home.empty()) return fs::absolute(context.home);
  if (fs::exists("node.yaml")) return fs::current_path();
  const auto user = environment("HOME");
  return user.empty() ? fs::current_path() : fs::path(user) / ".drawbridge";
}

fs::path config_file(const Context& context, const std::string& given) {
  if (!given.empty()) {
    if (fs::is_directory(given)) return fs::absolute(given) / "node.yaml";
    if (!fs::exists(given)) throw Error(Code::not_found, fmt::format("there is no configuration {}", given));
    return fs::absolute(given);
  }
  const auto home = home_folder(context);
  auto file = home / "node.yaml";
  if (!fs::exists(file)) {
    throw Error(
        Code::not_found, fmt::format("{} is no home of a node: it has no node.yaml", home.string()),
        fmt::format("make it with `drawbridge init {}`, or name another with --home", shell_quoted(home.string())));
  }
  return file;
}

namespace {

/// Of this program: a build folder, or what it was installed below.
fs::path install_prefix() {
  std::error_code failure;
  return fs::read_symlink("/proc/self/exe", failure).parent_path().parent_path();
}

}  // namespace

fs::path shared_folder() {
  return install_prefix() / "share" / "drawbridge";
}

std::vector<fs::path> plugin_folders() {
  const auto given = environment("DRAWBRIDGE_PLUGINS");
  std::vector<fs::path> out;
  for (std::size_t begin = 0; begin < given.size();) {
    const auto end = std::min(given.find(':', begin), given.size());
    if (end > begin) out.emplace_back(given.substr(begin, end - begin));
    begin = end + 1;
  }
  if (!out.empty()) return out;
  const auto prefix = install_prefix();
  if (fs::is_directory(prefix / "plugins")) return {prefix / "plugins"};
  return {prefix / "lib" / "drawbridge" / "plugins"};
}

kernel::NodeOptions node_options(std::optional<Level> log_level) {
  kernel::NodeOptions options;
  options.plugin_dirs = plugin_folders();
  options.log_level = log_level;
  return options;
}

Privacy::Privacy() : before_(::umask(077)) {}
Privacy::~Privacy() {
  ::umask(before_);
}

std::optional<Reach> find_node(const kernel::Config& config, Api api, const std::string& api_key_file) {
  const auto* component = find_plugin(config, plugin_of(api));
  if (component == nullptr) {
    throw Error(Code::not_found, fmt::format("{} has no {}, which this command needs", config.file, plugin_of(api)),
                fmt::format("add `{0}: {{plugin: api.{0}}}` to the section `apis`",
                            api == Api::external ? "external" : "internal"));
  }
  std::optional<std::string> key;
  key = api_key_file.empty() ? read_cookie(config) : std::optional(file_key(api_key_file));
  if (!key) return std::nullopt;
  return Reach{url_of_listen(listen_of(*component)), std::move(*key)};
}

http::Client connect(const Context& context, Api api, Milliseconds patience) {
  auto client = reach(context, api, patience);
  if (client) return std::move(*client);
  const auto home = home_folder(context).string();
  throw Error(Code::unavailable, fmt::format("the node in {} does not run", home),
              fmt::format("start it with `drawbridge --home {} run`", shell_quoted(home)));
}

std::optional<http::Client> try_connect(const Context& context, Api api) {
  try {
    return reach(context, api, Milliseconds(120'000));
  } catch (const Error& error) {
    if (error.code() != Code::not_found || !context.url.empty()) throw;
    return std::nullopt;  // a node without that interface, or without a cookie, is asked in this process
  }
}

LocalIdentity::LocalIdentity(const Context& context) {
  const auto file = config_file(context, "");
  node_ = kernel::Node::from_file(file, node_options(Level::error));
  const auto name = component_of(node_->config(), "service.identity");
  node_->start({name});
  identity_ = node_->find<Identity>(name);
}

LocalIdentity::~LocalIdentity() {
  identity_.reset();
  node_.reset();
}

std::string component_of(const kernel::Config& config, std::string_view plugin) {
  const auto* component = find_plugin(config, plugin);
  if (component == nullptr)
    throw Error(Code::not_found, fmt::format("{} has no component with the plugin {}", config.file, plugin));
  return component->name;
}

}  // namespace drawbridge::cli
