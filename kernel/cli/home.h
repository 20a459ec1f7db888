#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "drawbridge/http/client.h"
#include "drawbridge/identity.h"
#include "kernel/cli/context.h"
#include "kernel/config.h"
#include "kernel/node.h"

namespace drawbridge::cli {

/// The node's home: what --home says, else the current folder if it has a node.yaml, else ~/.drawbridge. Absolute.
std::filesystem::path home_folder(const Context& context);
/// A given configuration, or the home's node.yaml. Throws not_found when there is none.
std::filesystem::path config_file(const Context& context, const std::string& given);

/// DRAWBRIDGE_PLUGINS, or the folder beside this program. Does not have to exist.
std::vector<std::filesystem::path> plugin_folders();

/// Where what is shared by all nodes is: templates of plugins. Does not have to exist.
std::filesystem::path shared_folder();
/// With these plugin folders, and a level that overrides the configuration's where it is given.
kernel::NodeOptions node_options(std::optional<Level> log_level);

/// While it lives, new files and folders are for this user only.
class Privacy {
 public:
  Privacy();
  ~Privacy();
  Privacy(const Privacy&) = delete;
  Privacy& operator=(const Privacy&) = delete;

 private:
  unsigned before_;
};

/// Which of a node's REST interfaces a command needs.
enum class Api { external, internal };

/// Where a running node is reached, and with which key. Nothing is asked yet.
struct Reach {
  std::string url;
  std::string api_key;
};
/// How the home's node.yaml makes the node reachable: the `listen` of the interface, and the key in the cookie file of
/// service.access. Nothing when there is no cookie: the node does not run. Throws ConfigErrors; not_found when the
/// configuration has no such interface; forbidden for a cookie that others can read.
std::optional<Reach> find_node(const kernel::Config& config, Api api, const std::string& api_key_file);

/// A client of the running node, by --url or by the home. Throws unavailable with the command that starts the node
/// when it does not run. `patience` is how long the node may be silent.
http::Client connect(const Context& context, Api api, Milliseconds patience = Milliseconds(120'000));
/// The same, or nothing when the node of the home does not run.
std::optional<http::Client> try_connect(const Context& context, Api api);

/// The identity of a node that does not run, started in this process with what it needs, until the object ends.
class LocalIdentity {
 public:
  /// Throws what the start throws; conflict when the node runs after all.
  explicit LocalIdentity(const Context& context);
  ~LocalIdentity();
  LocalIdentity(const LocalIdentity&) = delete;
  LocalIdentity& operator=(const LocalIdentity&) = delete;

  Identity& identity() const { return *identity_; }
  kernel::Node& node() const { return *node_; }

 private:
  Privacy privacy_;
  std::unique_ptr<kernel::Node> node_;
  std::shared_ptr<Identity> identity_;
};

/// The name of the component of this plugin. Throws not_found.
std::string component_of(const kernel::Config& config, std::string_view plugin);

}  // namespace drawbridge::cli
