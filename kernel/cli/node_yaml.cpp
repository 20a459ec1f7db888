#include "kernel/cli/node_yaml.h"

#include <fmt/core.h>

namespace drawbridge::cli {
namespace {

// Names of components stand before the colon. `{{` and `}}` are braces of the file.
constexpr std::string_view text =
    R"(# The configuration of this node, complete. After a change: `drawbridge check`, then `drawbridge reload`.
#
# Every entry below a section is a component: an instance of a plugin, under a name of your choice. An option that is
# left out has its default: `drawbridge describe PLUGIN` lists them. An option that names another component (suite,
# keyring, identity, ledger, …) and is left out means the component of that very name.

node:
  name: "{name}"
  data: ./data          # all that the node writes; relative to this file

log:
  level: info           # trace, debug, info, warning, error, off; `levels: {{transport: debug}}` for single components
  format: text          # or json: one object a line

storage:
  main: {{plugin: storage.rocksdb, path: "${{node.data}}/db"}}

ciphers:
  suite: {{plugin: cipher.fernet}}

chains:
  ledger: {{plugin: chain.local, records: main}}

transports:             # between nodes: mutual TLS, only with peers whose card was added
  transport: {{plugin: transport.tls, listen: "{listen}"}}

keepers:
  keeper: {{plugin: keeper.owner, records: main}}

services:
  # The password opens the key file. Both are needed to read anything: back them up, not in the same place.
  keyring: {{plugin: service.keyring, records: main, key_file: "${{node.data}}/keys.json", password_file: master.pw}}
  # The addresses stand on the card and tell peers how to reach this node.
  identity: {{plugin: service.identity, records: main, addresses: [{addresses}]}}
  # The cookie is a key for the command line of this user, made anew at each start.
  access: {{plugin: service.access, records: main, cookie_file: "${{node.data}}/cookie"}}
  assets: {{plugin: service.assets, blobs: main, records: main}}

apis:
  external: {{plugin: api.external, listen: "{api}"}}      # for applications that share data
  internal: {{plugin: api.internal, listen: "{admin}"}}      # for the operator: keep it on loopback
)";

}  // namespace

std::string node_yaml(const NodePlan& plan) {
  std::string addresses;
  for (const auto& address : plan.addresses) addresses += (addresses.empty() ? "\"" : ", \"") + address + "\"";
  return fmt::format(text, fmt::arg("name", plan.name), fmt::arg("listen", plan.listen),
                     fmt::arg("addresses", addresses), fmt::arg("api", plan.api), fmt::arg("admin", plan.admin));
}

}  // namespace drawbridge::cli
