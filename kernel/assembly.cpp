#include "kernel/assembly.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "kernel/declare.h"
#include "kernel/isolation/component.h"

namespace drawbridge::kernel {
namespace {

std::string_view stage_text(Instance::Stage stage) {
  switch (stage) {
    case Instance::Stage::fresh:
      return "not started";
    case Instance::Stage::starting:
      return "starting";
    case Instance::Stage::running:
      return "running";
    case Instance::Stage::stopping:
      return "stopping";
    case Instance::Stage::stopped:
      return "stopped";
    case Instance::Stage::abandoned:
      break;
  }
  return "did not stop in time";
}

/// In this process, or for another one.
std::shared_ptr<Component> create(Instance& instance, const Config& config, const Loader& loader) {
  const auto& own = instance.config;
  instance.plugin = own.isolate ? loader.inspect(own.plugin) : loader.load(own.plugin);
  if (!own.isolate) return instance.plugin.create();
  return isolation::make_isolated(instance.plugin, own.name, config.node.name, *own.isolate);
}

/// Creates the component and applies its options. What a plugin throws here is told at the place that names the plugin.
void configure(Instance& instance, OptionsBinder& binder, const Config& config, const Loader& loader,
               Problems& problems) {
  const auto& own = instance.config;
  if (own.plugin.empty()) return;  // a problem already
  try {
    instance.component = create(instance, config, loader);
    if (!instance.component) throw Error(Code::internal, "the plugin created no component");
    instance.component =
        declare_options(std::move(instance.component), binder, own.options, own.mark, config.folder, problems);
    if (!instance.component) return;
  } catch (const Error& error) {
    instance.component.reset();
    problems.add(own.plugin_mark, error.what(), error.hint());
    return;
  } catch (const std::exception& error) {
    instance.component.reset();
    problems.add(own.plugin_mark,
                 fmt::format("the plugin `{}` failed to create a component: {}", own.plugin, error.what()));
    return;
  }
  binder.apply(own.options, own.mark, config.folder, problems);
  instance.values = binder.take_values();
}

class Binding {
 public:
  Binding(Assembly& assembly, Problems& problems) : assembly_(assembly), problems_(problems) {
    for (const auto& instance : assembly.instances) names_.push_back(instance->config.name);
  }

  /// Puts the reference into the graph.
  void connect(std::size_t user, const Reference& reference) {
    const auto found = std::find(names_.begin(), names_.end(), reference.target);
    const auto target = static_cast<std::size_t>(found - names_.begin());
    // A default never means the component itself: `records` may well have an option `records`.
    if (found == names_.end() || (!reference.given && target == user)) return absent(reference);
    assembly_.graph[user].uses.push_back({target, reference.mark});
    assembly_.instances[user]->uses[reference.option->name] = reference.target;
    connections_.push_back({user, target, &reference});
  }

  /// Puts those that run into the place of the new ones that are the same. In start order, so that what a component
  /// uses was decided before.
  void keep(const Assembly& running) {
    kept_.resize(names_.size());
    for (const auto index : assembly_.order) {
      const auto& uses = assembly_.graph[index].uses;
      const auto old = running.find(names_[index]);
      kept_[index] = old && same(*assembly_.instances[index], *old) &&
                     std::all_of(uses.begin(), uses.end(), [this](const auto& use) { return kept_[use.target]; });
      if (!kept_[index]) continue;
      twins_.push_back(std::exchange(assembly_.instances[index], old));  // its options are in a binder still
    }
  }

  /// Gives every component what it refers to. Around a cycle they would own each other, and nobody would free them.
  void bind(bool has_cycles) {
    for (const auto& [user, target, reference] : connections_) {
      if (!kept_.empty() && kept_[user]) continue;  // it has what it refers to
      const auto& other = *assembly_.instances[target];
      if (!other.component || (has_cycles && with_dependencies(assembly_.graph, {target})[user])) continue;
      if (reference->option->bind(other.component)) continue;
      problems_.add(reference->mark, fmt::format("`{}`: the component `{}` ({}) is no {}", reference->option->name,
                                                 reference->target, other.config.plugin, reference->option->facet));
    }
  }

 private:
  static bool same(const Instance& fresh, const Instance& old) {
    return fresh.component && old.stage == Instance::Stage::running && fresh.plugin.id == old.plugin.id &&
           fresh.config.isolate == old.config.isolate && fresh.uses == old.uses && fresh.values.same(old.values);
  }

  void absent(const Reference& reference) {
    const auto& option = *reference.option;
    if (reference.given) {
      problems_.add(reference.mark, fmt::format("`{}`: no component is called `{}`{}", option.name, reference.target,
                                                did_you_mean(reference.target, names_)));
    } else if (option.required) {
      problems_.add(
          reference.mark, fmt::format("`{0}` is missing, and no component is called `{0}`", option.name),
          fmt::format("write `{}: NAME` with the name of a component that is a {}", option.name, option.facet));
    }
  }

  struct Connection {
    std::size_t user;
    std::size_t target;
    const Reference* reference;
  };

  Assembly& assembly_;
  Problems& problems_;
  std::vector<std::string> names_;
  std::vector<Connection> connections_;
  std::vector<bool> kept_;  ///< Empty when nothing runs.
  std::vector<std::shared_ptr<Instance>> twins_;
};

}  // namespace

ComponentStatus Instance::status() const {
  ComponentStatus out{config.name, plugin.id, plugin.version, {}};
  const auto now = stage.load();
  if (now != Stage::running) {
    out.health = {Health::State::failed, std::string(stage_text(now))};
    return out;
  }
  try {
    out.health = component->health();
  } catch (const std::exception& error) {
    out.health = {Health::State::failed, error.what()};
  }
  return out;
}

std::shared_ptr<Instance> Assembly::find(std::string_view name) const {
  for (const auto& instance : instances) {
    if (instance->config.name == name) return instance;
  }
  return nullptr;
}

bool Assembly::contains(const std::shared_ptr<Instance>& instance) const {
  return std::find(instances.begin(), instances.end(), instance) != instances.end();
}

Assembly assemble(const Config& config, const Loader& loader, Problems& problems, const Assembly* running) {
  Assembly assembly;
  std::vector<OptionsBinder> binders(config.components.size());
  for (std::size_t i = 0; i < config.components.size(); ++i) {
    auto instance = std::make_shared<Instance>();
    instance->config = config.components[i];
    configure(*instance, binders[i], config, loader, problems);
    assembly.graph.push_back({instance->config.name, {}});
    assembly.instances.push_back(std::move(instance));
  }
  Binding binding(assembly, problems);
  for (std::size_t i = 0; i < binders.size(); ++i) {
    for (const auto& reference : binders[i].references()) binding.connect(i, reference);
  }
  assembly.order = start_order(assembly.graph, problems);
  if (running != nullptr) binding.keep(*running);
  binding.bind(assembly.order.size() != assembly.instances.size());
  return assembly;
}

}  // namespace drawbridge::kernel
