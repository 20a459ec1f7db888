#include "drawbridge/keeper.h"

#include "module.h"

namespace drawbridge::python {
namespace {

Task<std::optional<Bytes>> entrust(Use<Keeper> keeper, Grant grant, Borrowed data_key) {
  Secret key = Secret::copy_of(data_key.bytes());
  co_return co_await keeper->entrust(std::move(grant), std::move(key));
}
Task<Bytes> release(Use<Keeper> keeper, std::string asset, std::string grantee) {
  co_return co_await keeper->release(std::move(asset), std::move(grantee));
}
Task<> revoke(Use<Keeper> keeper, std::string asset, std::string grantee) {
  co_await keeper->revoke(std::move(asset), std::move(grantee));
}

}  // namespace

void register_keeper(py::module_& module) {
  using namespace py::literals;
  py::class_<Handle<Keeper>> keeper(module, "Keeper");
  keeper.def_property_readonly("keeper", [](const Handle<Keeper>& self) { return std::string(self.use()->keeper()); });
  def(keeper, "entrust", entrust, "grant"_a, "data_key"_a);
  def(keeper, "release", release, "asset"_a, "grantee"_a);
  def(keeper, "revoke", revoke, "asset"_a, "grantee"_a);
  module.def(
      "grant_context", [](const Grant& grant) { return to_python(grant.context()); }, "grant"_a);
}

}  // namespace drawbridge::python
