#include "drawbridge/identity.h"

#include "module.h"

namespace drawbridge::python {
namespace {

py::object peer_object(const Card& card, Timestamp added) {
  static PyObject* type = nullptr;
  if (type == nullptr) type = value_class("Peer").release().ptr();
  return py::handle(type)(to_python(card.node_id()), to_python(card.name), to_python(card.addresses), to_python(added),
                          to_python(card.keys.node_key), to_python(format_card(card)));
}

Task<Object> add_peer(Use<Identity> identity, std::string card) {
  Peer peer = co_await identity->add_peer(parse_card(card));
  const WithGil gil;
  co_return Object(peer_object(peer.card, peer.added));
}

Task<Present> remove_peer(Use<Identity> identity, std::string node_id) {
  const bool was = co_await identity->remove_peer(std::move(node_id));
  co_return Present{was};
}

Bytes sign(const Identity& identity, const Borrowed& message) {
  return identity.sign(message.bytes());
}
Secret unwrap(const Identity& identity, const Borrowed& context, const Borrowed& wrapped) {
  return identity.unwrap(context.bytes(), wrapped.bytes());
}

py::list peers(const Handle<Identity>& self) {
  py::list out;
  for (const auto& peer : self.use()->peers()) out.append(peer_object(peer.card, peer.added));
  return out;
}

py::object find_peer(const Handle<Identity>& self, const std::string& who) {
  const auto found = self.use()->find_peer(who);
  return found ? peer_object(found->card, found->added) : py::none();
}

}  // namespace

void register_identity(py::module_& module) {
  using namespace py::literals;
  py::class_<Handle<Identity>> identity(module, "Identity");
  identity.def_property_readonly("node_id", [](const Handle<Identity>& self) { return self.use()->node_id(); });
  identity.def_property_readonly("name", [](const Handle<Identity>& self) { return self.use()->card().name; });
  identity.def_property_readonly("card", [](const Handle<Identity>& self) { return format_card(self.use()->card()); });
  identity.def_property_readonly(
      "node_key", [](const Handle<Identity>& self) { return to_python(self.use()->card().keys.node_key); });
  identity.def("peers", peers);
  identity.def("find_peer", find_peer, "who"_a);
  def(identity, "add_peer", add_peer, "card"_a);
  def(identity, "remove_peer", remove_peer, "node_id"_a);
  def_computing(identity, "sign", sign, "message"_a);
  def_computing(identity, "unwrap", unwrap, "context"_a, "wrapped"_a);
}

}  // namespace drawbridge::python
