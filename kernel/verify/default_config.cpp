#include "kernel/verify/default_config.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "kernel/describe.h"
#include "kernel/options_binder.h"
#include "kernel/problems.h"

namespace drawbridge::verify {
namespace {

using Kind = OptionSpec::Kind;

/// Who stands in for a facet, the quickest first.
const std::map<std::string, std::vector<std::string>, std::less<>> providers{
    {"Records", {"storage.memory", "storage.sqlite", "storage.rocksdb"}},
    {"Blobs", {"storage.memory", "storage.sqlite", "storage.rocksdb"}},
    {"CipherSuite", {"cipher.quantum", "cipher.fernet"}},
    {"Keyring", {"service.keyring"}},
    {"Identity", {"service.identity"}},
    {"Access", {"service.access"}},
    {"Assets", {"service.assets"}},
    {"Ledger", {"chain.local"}},
    {"Keeper", {"keeper.owner"}},
    {"Transport", {"transport.loopback", "transport.tls"}},
};

/// Grows a configuration by the components that are needed, each once, those before that it uses.
class Maker {
 public:
  explicit Maker(const Subject& subject) : subject_(subject), loader_(subject.folders) {}

  std::string add_subject(const std::vector<OptionSpec>& options) { return component("subject", subject_.id, options); }

  /// The name of a component that offers the facet.
  std::string need(const std::string& facet, const std::string& for_what) {
    if (const auto found = made_.find(facet); found != made_.end()) return found->second;
    const auto known = providers.find(facet);
    const auto here = loader_.known_ids();
    if (known != providers.end()) {
      for (const auto& id : known->second) {
        // The plugin under test must not be its own foundation.
        if (id != subject_.id && std::find(here.begin(), here.end(), id) != here.end()) return add(facet, id);
      }
    }
    throw Error(Code::not_found, fmt::format("{} needs a {}, and no plugin for it is known here", for_what, facet),
                "give a configuration that mounts one, and name its folder with --plugins");
  }

  const std::string& text() const { return text_; }

 private:
  std::string add(const std::string& facet, const std::string& id) {
    // One component may offer several facets, like a storage.
    const auto name = "needed_" + id.substr(id.find('.') + 1);
    made_[facet] = name;
    if (text_.find("  " + name + ":") == std::string::npos) {
      auto entry = component(name, id, kernel::describe(loader_, id).options);
      text_ += entry;
    }
    return name;
  }

  std::string component(const std::string& name, const std::string& id, const std::vector<OptionSpec>& options) {
    std::string line = fmt::format("  {}: {{plugin: {}", name, id);
    for (const auto& option : options) line += value(name, option);
    return line + "}\n";
  }

  std::string value(const std::string& owner, const OptionSpec& option) {
    if (option.kind == Kind::component) {
      if (!option.required) return {};
      return fmt::format(", {}: {}", option.name, need(option.facet, fmt::format("the option `{}`", option.name)));
    }
    if (option.name == "listen") return ", listen: \"127.0.0.1:0\"";
    if (!option.required) return {};
    if (option.kind == Kind::path)
      return fmt::format(", {}: \"${{node.data}}/{}-{}\"", option.name, owner, option.name);
    if (option.kind == Kind::secret) return fmt::format(", {}_env: {}", option.name, secret_variable);
    return fmt::format(", {}: verify", option.name);
  }

  const Subject& subject_;
  kernel::Loader loader_;
  std::map<std::string, std::string, std::less<>> made_;
  std::string text_;
};

/// Suites that need an identity even where the component itself does not.
bool needs_identity(const std::vector<std::string>& facets) {
  return std::any_of(facets.begin(), facets.end(), [](const std::string& facet) {
    return facet == "Ledger" || facet == "Transport" || facet == "Keeper";
  });
}

}  // namespace

std::string default_config(const Subject& subject, Component& component, const std::vector<std::string>& facets) {
  kernel::OptionsBinder binder;
  component.options(binder);
  Maker maker(subject);
  const auto under_test = maker.add_subject(binder.specs());
  if (needs_identity(facets)) maker.need("Identity", "this kind of plugin");
  const std::string needs = maker.text().empty() ? "" : "needs:\n" + maker.text();
  return "node: {name: verify}\n" + needs + "under_test:\n" + under_test;
}

}  // namespace drawbridge::verify
