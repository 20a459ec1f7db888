#include "kernel/isolation/component.h"

#include <fmt/core.h>

#include "drawbridge/options.h"
#include "kernel/isolation/facets.h"
#include "kernel/isolation/proxies.h"
#include "kernel/isolation/supervisor.h"
#include "kernel/problems.h"

namespace drawbridge::kernel::isolation {
namespace {

/// Gives a component's Options what another process declared: add() is for those who implement Options.
class Declaring : public Options {
 public:
  static void declare(Options& options, OptionSpec spec) { (options.*&Declaring::add)(std::move(spec)); }
};

class IsolatedComponent : public virtual Component {
 public:
  IsolatedComponent(std::shared_ptr<Supervisor> supervisor, std::vector<OptionSpec> options)
      : supervisor_(std::move(supervisor)), options_(std::move(options)) {}

  void options(Options& o) override {
    for (auto spec : options_) {
      spec.set = [to = supervisor_, name = spec.name](const std::vector<std::string>& values) {
        to->set(name, values);
      };
      spec.set_secret = [to = supervisor_, name = spec.name](Secret value) { to->set_secret(name, std::move(value)); };
      spec.bind = [to = supervisor_, name = spec.name, facet = spec.facet](const std::shared_ptr<Component>& other) {
        auto object = find_facet(facet)->cast(other);
        if (!object) return false;
        to->bind(name, facet, std::move(object));
        return true;
      };
      Declaring::declare(o, std::move(spec));
    }
  }
  Task<> start(Host& host) override { return supervisor_->start(host); }
  Task<> stop() override { return supervisor_->stop(); }
  Health health() const override { return supervisor_->health(); }

 protected:
  const std::shared_ptr<Supervisor> supervisor_;

 private:
  const std::vector<OptionSpec> options_;
};

template <class... Facets>
class IsolatedOf final : public IsolatedComponent, public Proxy<Facets>... {
 public:
  IsolatedOf(const std::shared_ptr<Supervisor>& supervisor, std::vector<OptionSpec> options)
      : IsolatedComponent(supervisor, std::move(options)),
        Proxy<Facets>(Remote{supervisor, first_facet + Interface<Facets>::number})... {
    if constexpr ((std::is_same_v<Facets, Transport> || ...)) {
      supervisor->on_started([this](const std::shared_ptr<Link>& link) { this->serve_again(link); });
    }
  }
};

using Make = std::shared_ptr<Component> (*)(const std::shared_ptr<Supervisor>&, std::vector<OptionSpec>);

struct Combination {
  std::vector<std::string> facets;  ///< In the order of facet_types().
  Make make;
};

template <class... Facets>
Combination combination() {
  return {
      {std::string(Facets::facet_name)...},
      [](const std::shared_ptr<Supervisor>& supervisor, std::vector<OptionSpec> options) -> std::shared_ptr<Component> {
        return std::make_shared<IsolatedOf<Facets...>>(supervisor, std::move(options));
      }};
}

/// A class must be compiled for each set of facets, because whoever uses the component casts it to them.
Make find_make(const std::vector<std::string>& facets) {
  static const std::vector<Combination> all = {
      combination<>(),        combination<Records, Blobs>(), combination<Records>(),
      combination<Blobs>(),   combination<CipherSuite>(),    combination<Ledger>(),
      combination<Keeper>(),  combination<Transport>(),      combination<Identity>(),
      combination<Keyring>(), combination<Access>()};
  for (const auto& one : all) {
    if (one.facets == facets) return one.make;
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<Component> make_isolated(const Plugin& plugin, const std::string& name, const std::string& node_name,
                                         const IsolationConfig& config) {
  const auto supervisor = std::make_shared<Supervisor>(plugin, name, node_name, config);
  auto described = supervisor->describe();
  for (const auto& option : described.options) {
    if (option.kind != OptionSpec::Kind::component || find_facet(option.facet) != nullptr) continue;
    throw Error(Code::unsupported,
                fmt::format("`{}` cannot run in a process of its own: its `{}` is a {}, which does not cross processes",
                            plugin.id, option.name, option.facet),
                "leave out `isolate`; what crosses is " + joined(facet_names()));
  }
  const auto make = find_make(described.facets);
  if (make == nullptr) {
    throw Error(Code::unsupported,
                fmt::format("`{}` cannot run in a process of its own: it is {} at once", plugin.id,
                            joined(described.facets, " and ")),
                "leave out `isolate`");
  }
  return make(supervisor, std::move(described.options));
}

}  // namespace drawbridge::kernel::isolation
