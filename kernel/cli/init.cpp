// drawbridge init: makes the home of a node.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cctype>
#include <memory>

#include "drawbridge/access.h"
#include "drawbridge/files.h"
#include "drawbridge/random.h"
#include "kernel/cli/home.h"
#include "kernel/cli/node_yaml.h"

namespace drawbridge::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t password_bytes = 32;

struct InitOptions {
  std::string folder;
  std::string name;
  std::string api = "127.0.0.1:8081";
  std::string admin = "127.0.0.1:8080";
  std::string listen = "127.0.0.1:8000";
  std::vector<std::string> advertise;
};

/// What a new node is: told once, then forgotten.
struct Made {
  std::string node_id;
  std::vector<std::string> addresses;
  Access::Created key;
};

/// Files of a home in the making; what was made is removed again unless it is kept.
class Home {
 public:
  explicit Home(fs::path folder) : folder_(std::move(folder)) {
    for (const char* part : parts) {
      if (fs::exists(folder_ / part)) {
        throw Error(Code::conflict, fmt::format("{} is a node's home already: it has {}", folder_.string(), part),
                    "choose another folder, or move this one away");
      }
    }
    if (fs::exists(folder_) && !fs::is_directory(folder_)) {
      throw Error(Code::conflict, fmt::format("{} is no folder", folder_.string()));
    }
    const bool is_new = !fs::exists(folder_);
    for (auto path = folder_; !fs::exists(path) && path.has_relative_path(); path = path.parent_path())
      first_made_ = path;
    fs::create_directories(folder_);
    if (is_new || fs::is_empty(folder_)) fs::permissions(folder_, fs::perms::owner_all);
  }
  ~Home() {
    if (kept_) return;
    std::error_code ignored;  // the reason for the failure is told already
    for (const char* part : parts) fs::remove_all(folder_ / part, ignored);
    if (!first_made_.empty()) fs::remove_all(first_made_, ignored);
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  const fs::path& folder() const { return folder_; }
  void keep() { kept_ = true; }

 private:
  static constexpr const char* parts[] = {"node.yaml", "master.pw", "data"};
  fs::path folder_;
  fs::path first_made_;  ///< The outermost folder that did not exist.
  bool kept_ = false;
};

/// The folder's name as the node's, where it can be one.
std::string name_of(const fs::path& folder) {
  auto name = folder.filename().string();
  for (char& c : name) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!kernel::is_name(std::string_view(&c, 1))) c = '-';
  }
  name = name.substr(0, 64);
  return kernel::is_name(name) ? name : "node";
}

NodePlan plan_of(const InitOptions& options, const fs::path& folder) {
  NodePlan plan;
  plan.name = options.name.empty() ? name_of(folder) : options.name;
  if (!kernel::is_name(plan.name)) {
    throw Error(Code::invalid, fmt::format("--name: '{}' is no name of a node", plan.name),
                "use 1 to 64 of a-z, 0-9, '-', '_' and '.'");
  }
  plan.api = address_argument(options.api, "--api", true);
  plan.admin = address_argument(options.admin, "--admin", true);
  plan.listen = address_argument(options.listen, "--listen", true);
  for (const auto& address : options.advertise)
    plan.addresses.push_back(address_argument(address, "--advertise", false));
  const bool dialable = !is_wildcard(plan.listen) && !plan.listen.ends_with(":0");
  if (plan.addresses.empty() && dialable) plan.addresses.push_back(plan.listen);
  return plan;
}

void write_password(const fs::path& file) {
  const auto random = system_random().secret(password_bytes);
  Secret text = Secret::copy_of(to_base64url(random.bytes()) + "\n");
  write_file(file, text.bytes(), 0600);
}

/// Starts what makes the identity and the first API key, and stops it again.
Made make_node(const fs::path& config) {
  const auto node = kernel::Node::from_file(config, node_options(Level::error));
  const auto identity_name = component_of(node->config(), "service.identity");
  const auto access_name = component_of(node->config(), "service.access");
  node->start({identity_name, access_name});
  Made made;
  const auto identity = node->find<Identity>(identity_name);
  made.node_id = identity->node_id();
  made.addresses = identity->card().addresses;
  made.key = node->wait(node->find<Access>(access_name)->create("default", {"read", "share"}, std::nullopt));
  node->stop();
  return made;
}

boost::json::object json_of(const NodePlan& plan, const Made& made, const fs::path& folder) {
  const auto list = [](const std::vector<std::string>& items) {
    return boost::json::array(items.begin(), items.end());
  };
  return {{"node_id", made.node_id},
          {"name", plan.name},
          {"home", folder.string()},
          {"config", (folder / "node.yaml").string()},
          {"password_file", (folder / "master.pw").string()},
          {"api", plan.api},
          {"admin", plan.admin},
          {"listen", plan.listen},
          {"addresses", list(made.addresses)},
          {"api_key", made.key.key},
          {"api_key_id", made.key.client.id},
          {"scopes", list(made.key.client.scopes)}};
}

void tell(const Output& output, const NodePlan& plan, const Made& made, const fs::path& folder) {
  output.print_page({{"node", plan.name},
                     {"id", made.node_id},
                     {"home", folder.string()},
                     {"config", (folder / "node.yaml").string()},
                     {"password", (folder / "master.pw").string() + "  (opens the node's keys: back it up)"},
                     {"for apps", plan.api},
                     {"for you", plan.admin},
                     {"for peers", plan.listen},
                     {"API key", made.key.key},
                     {"", "told this once; its scopes are read and share"}});
  const auto at = "drawbridge --home " + shell_quoted(folder.string());
  output.print_line("");
  output.print_line(output.styled(Style::bold, "Next:"));
  output.print_line(fmt::format("  {} run                       # start the node", at));
  output.print_line(fmt::format("  {} id --card -o {}.card   # the card that others add", at, plan.name));
  output.print_line(fmt::format("  {} peers add OTHER.card      # whom to share with", at));
  output.print_line(fmt::format("  {} share FILE --to OTHER", at));
  if (made.addresses.empty()) {
    output.remark(
        "\nNo address is on the card, so peers cannot call this node: list some in node.yaml, service.identity, "
        "`addresses`.");
  }
}

int init(Context& context, const InitOptions& options) {
  const Privacy privacy;
  auto path = fs::absolute(options.folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "home/alice/"
  const auto plan = plan_of(options, path);
  Home home(path);
  const auto config = home.folder() / "node.yaml";
  write_password(home.folder() / "master.pw");
  write_file(config, view(node_yaml(plan)), 0600);
  const auto made = make_node(config);
  home.keep();
  if (context.output.json()) {
    context.output.print_json(json_of(plan, made, home.folder()));
  } else {
    tell(context.output, plan, made, home.folder());
  }
  return 0;
}

}  // namespace

void add_init(CLI::App& app, Context& context) {
  const auto options = std::make_shared<InitOptions>();
  auto* command = add_command(app, "init", "Make the home of a new node: configuration, keys, password, an API key",
                              "drawbridge init ~/alice --listen 0.0.0.0:8000 --advertise alice.example:8000");
  command->add_option("DIR", options->folder, "The folder to make (mode 0700)")->required()->type_name("");
  command->add_option("--name", options->name, "What the node calls itself (default: the folder's name)")
      ->type_name("NAME");
  command->add_option("--api,--external", options->api, "Where applications reach its REST interface")
      ->type_name("HOST:PORT");
  command->add_option("--admin,--internal", options->admin, "Where its operator does; keep it on loopback")
      ->type_name("HOST:PORT");
  command
      ->add_option("--listen,--peers", options->listen, "Where other nodes reach it; 0.0.0.0:8000 is every interface")
      ->type_name("HOST:PORT");
  command
      ->add_option("--advertise", options->advertise,
                   "What the node's card says of how to reach it; may be given again (default: what --listen says)")
      ->type_name("HOST:PORT")
      ->expected(1)
      ->take_all()
      ->default_str("");
  command->callback([&context, options] { context.action = [&context, options] { return init(context, *options); }; });
}

}  // namespace drawbridge::cli
