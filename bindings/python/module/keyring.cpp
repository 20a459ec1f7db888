#include "drawbridge/keyring.h"

#include "drawbridge/access.h"
#include "module.h"

namespace drawbridge::python {
namespace {

Buffer seal(const Keyring& keyring, const std::string& name, const Borrowed& secret) {
  return {keyring.seal(name, Secret::copy_of(secret.bytes()))};
}
Secret open(const Keyring& keyring, const std::string& name, const Borrowed& sealed) {
  return keyring.open(name, sealed.bytes());
}
Task<std::uint32_t> rotate(Use<Keyring> keyring) {
  co_return co_await keyring->rotate();
}
Task<Object> rewrap(Use<Keyring> keyring) {
  const auto done = co_await keyring->rewrap();
  const WithGil gil;
  co_return Object(value_class("Rewrapped")(done.records, py::cast(done.unused)));
}

py::list versions(const Handle<Keyring>& self) {
  py::list out;
  for (const auto& version : self.use()->versions()) {
    out.append(value_class("KeyVersion")(version.version, to_python(version.created), version.current));
  }
  return out;
}

py::object client_object(const ApiClient& client) {
  return value_class("ApiClient")(to_python(client.id), to_python(client.name), to_python(client.scopes),
                                  to_python(client.created), to_python(std::optional(client.expires)));
}

Task<Object> create(Use<Access> access, std::string name, std::vector<std::string> scopes,
                    std::optional<Timestamp> expires) {
  const auto made = co_await access->create(std::move(name), std::move(scopes), expires);
  const WithGil gil;
  co_return Object(py::make_tuple(client_object(made.client), to_python(made.key)));
}
Task<Present> revoke(Use<Access> access, std::string id) {
  const bool was = co_await access->revoke(std::move(id));
  co_return Present{was};
}

void register_access(py::module_& module) {
  using namespace py::literals;
  py::class_<Handle<Access>> access(module, "Access");
  access.def(
      "check",
      [](const Handle<Access>& self, const std::string& presented) -> py::object {
        const auto found = self.use()->check(presented);
        return found ? client_object(*found) : py::none();
      },
      "presented"_a);
  access.def("list", [](const Handle<Access>& self) {
    py::list out;
    for (const auto& client : self.use()->list()) out.append(client_object(client));
    return out;
  });
  def(access, "create", create, "name"_a, "scopes"_a, "expires"_a);
  def(access, "revoke", revoke, "id"_a);
}

}  // namespace

void register_keyring(py::module_& module) {
  using namespace py::literals;
  py::class_<Handle<Keyring>> keyring(module, "Keyring");
  keyring.def_static("record_key", [](const std::string& name) { return to_python(view(Keyring::record_key(name))); });
  keyring.def_property_readonly("current_version",
                                [](const Handle<Keyring>& self) { return self.use()->current_version(); });
  keyring.def("versions", versions);
  def_computing(keyring, "seal", seal, "name"_a, "secret"_a);
  def_computing(keyring, "open", open, "name"_a, "sealed"_a);
  def(keyring, "rotate", rotate);
  def(keyring, "rewrap", rewrap);
  register_access(module);
}

}  // namespace drawbridge::python
