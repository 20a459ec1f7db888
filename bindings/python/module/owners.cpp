#include <algorithm>

#include "drawbridge/access.h"
#include "drawbridge/assets.h"
#include "drawbridge/identity.h"
#include "drawbridge/keyring.h"
#include "kernel/describe.h"
#include "module.h"

namespace drawbridge::python {
namespace {

kernel::Value value_of(const std::string& text) {
  kernel::Value value;
  value.kind = kernel::Value::Kind::scalar;
  value.text = text;
  return value;
}

/// One option: text, or a list of texts.
kernel::Entry entry_of(const std::string& name, py::handle given) {
  kernel::Entry entry{name, {}, {}};
  if (py::isinstance<py::str>(given)) {
    entry.value = value_of(given.cast<std::string>());
    return entry;
  }
  entry.value.kind = kernel::Value::Kind::list;
  for (const auto item : given) entry.value.items.push_back(value_of(item.cast<std::string>()));
  return entry;
}

/// A component that Python holds: its owner, and the component itself where the owner is a node.
struct ComponentHandle {
  std::shared_ptr<Owner> owner;
  std::weak_ptr<Component> component;

  std::shared_ptr<Component> get() const {
    const auto found = component.lock();
    if (!found || owner->closed()) throw Error(Code::unavailable, "`" + owner->name() + "` is closed");
    return found;
  }
};

ComponentHandle open_component(const std::string& plugin, const std::string& name, const py::dict& options,
                               const py::dict& uses, const std::string& folder) {
  kernel::PartConfig config{plugin, name, {}, {}, folder};
  for (const auto [key, value] : options) config.options.push_back(entry_of(key.cast<std::string>(), value));
  std::vector<std::shared_ptr<Owner>> owners;
  for (const auto [key, value] : uses) {
    const auto& used = value.cast<const ComponentHandle&>();
    config.uses.emplace(key.cast<std::string>(), used.get());
    owners.push_back(used.owner);
  }
  const auto owner = PartOwner::open(std::move(config), std::move(owners));
  return {owner, owner->component()};
}

template <class Facet>
void offer(py::dict& facets, const std::shared_ptr<Owner>& owner, Component& component) {
  if (auto* const facet = dynamic_cast<Facet*>(&component); facet != nullptr) {
    facets[py::str(std::string(Facet::facet_name))] = py::cast(Handle<Facet>{owner, facet});
  }
}

std::shared_ptr<NodeOwner> open_node(const std::string& file, const std::optional<std::string>& text,
                                     const std::optional<int>& log_level) {
  kernel::NodeOptions options;
  options.plugin_dirs = settings().plugin_dirs;
  if (log_level) options.log_level = static_cast<Level>(*log_level);
  auto node = [&] {
    const WithoutGil free;
    workbench();  // whose threads run what Python calls
    return text ? kernel::Node::from_text(*text, file, std::move(options))
                : kernel::Node::from_file(file, std::move(options));
  }();
  return NodeOwner::open(std::move(node));
}

py::object status_of(const ComponentStatus& status) {
  return value_class("ComponentStatus")(to_python(status.name), to_python(status.plugin), to_python(status.version),
                                        to_python(std::string(name(status.health.state))),
                                        to_python(status.health.detail));
}

py::list statuses(Owner& owner) {
  const Use<Owner> use(owner, &owner);
  std::vector<ComponentStatus> all;
  {
    const WithoutGil free;
    all = owner.status();
  }
  py::list out;
  for (const auto& status : all) out.append(status_of(status));
  return out;
}

void close(Owner& owner) {
  const WithoutGil free;
  owner.close();
}

void register_classes(py::module_& module) {
  using namespace py::literals;
  py::class_<Owner, std::shared_ptr<Owner>>(module, "Owner")
      .def("close", close)
      .def("status", statuses)
      .def_property_readonly("closed", &Owner::closed)
      .def_property_readonly("name", &Owner::name);
  py::class_<NodeOwner, Owner, std::shared_ptr<NodeOwner>>(module, "NodeOwner")
      .def("component", [](const std::shared_ptr<NodeOwner>& node, const std::string& name) -> py::object {
        const Use<Owner> use(*node, node.get());
        const auto component = node->component(name);
        if (!component) return py::none();
        return py::cast(ComponentHandle{node, component});
      });
  py::class_<ComponentHandle>(module, "ComponentHandle")
      .def_property_readonly("owner", [](const ComponentHandle& self) { return self.owner; })
      .def("facets", [](const ComponentHandle& self) { return facets_of(self.owner, *self.get()); });
}

}  // namespace

py::dict facets_of(const std::shared_ptr<Owner>& owner, Component& component) {
  py::dict out;
  offer<Records>(out, owner, component);
  offer<Blobs>(out, owner, component);
  offer<CipherSuite>(out, owner, component);
  offer<Ledger>(out, owner, component);
  offer<Keeper>(out, owner, component);
  offer<Transport>(out, owner, component);
  offer<Identity>(out, owner, component);
  offer<Keyring>(out, owner, component);
  offer<Access>(out, owner, component);
  offer<Assets>(out, owner, component);
  return out;
}

void register_owners(py::module_& module) {
  using namespace py::literals;
  register_classes(module);
  module.def("open_component", open_component, "plugin"_a, "name"_a, "options"_a, "uses"_a, "folder"_a);
  module.def("open_node", open_node, "file"_a, "text"_a, "log_level"_a);
  module.def("plugins", [] { return kernel::Loader(settings().plugin_dirs).known_ids(); });
  module.def("describe", [](const std::string& id) {
    const WithoutGil free;
    return kernel::describe_json(kernel::describe(kernel::Loader(settings().plugin_dirs), id));
  });
  module.def("set_plugin_dirs", [](const std::vector<std::string>& folders) {
    settings().plugin_dirs.assign(folders.begin(), folders.end());
  });
  module.def("set_log_level", [](int level) { settings().log.level = static_cast<Level>(level); });
  module.def("after_fork", after_fork);
  module.def("shut_down", [] {
    const WithoutGil free;
    shut_down();
  });
}

}  // namespace drawbridge::python
