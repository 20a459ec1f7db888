#include "drawbridge/ledger.h"

#include "module.h"

namespace drawbridge::python {
namespace {

Task<LedgerEvent> append(Use<Ledger> ledger, EventDraft draft) {
  co_return co_await ledger->append(std::move(draft));
}
Task<std::string> checkpoint(Use<Ledger> ledger) {
  co_return co_await ledger->checkpoint();
}
Task<Checkpoint> head(Use<Ledger> ledger) {
  co_return co_await ledger->head();
}
Task<std::optional<LedgerEvent>> event(Use<Ledger> ledger, std::uint64_t index) {
  co_return co_await ledger->event(index);
}
Task<Ledger::Page> events(Use<Ledger> ledger, std::uint64_t start, std::size_t limit) {
  co_return co_await ledger->events(start, limit);
}
Task<std::vector<LedgerEvent>> find(Use<Ledger> ledger, std::string subject) {
  co_return co_await ledger->find(std::move(subject));
}
Task<std::string> proof(Use<Ledger> ledger, std::uint64_t index, bool with_opening) {
  co_return co_await ledger->proof(index, with_opening);
}
Task<std::vector<Digest>> consistency(Use<Ledger> ledger, std::uint64_t size1, std::uint64_t size2) {
  co_return co_await ledger->consistency(size1, size2);
}
Task<Checkpoint> audit(Use<Ledger> ledger) {
  co_return co_await ledger->audit();
}

/// Needs no ledger: only the proof's text and who signed it.
py::tuple check_proof(const std::string& text, const std::string& node_id, const Borrowed& node_key) {
  const auto checked = [&] {
    const WithoutGil free;
    return check_event_proof(text, node_id, node_key.bytes());
  }();
  return py::make_tuple(to_python(checked.checkpoint), to_python(checked.event));
}

}  // namespace

void register_ledger(py::module_& module) {
  using namespace py::literals;
  py::class_<Handle<Ledger>> ledger(module, "Ledger");
  def(ledger, "append", append, "draft"_a);
  def(ledger, "checkpoint", checkpoint);
  def(ledger, "head", head);
  def(ledger, "event", event, "index"_a);
  def(ledger, "events", events, "start"_a, "limit"_a);
  def(ledger, "find", find, "subject"_a);
  def(ledger, "proof", proof, "index"_a, "with_opening"_a);
  def(ledger, "consistency", consistency, "size1"_a, "size2"_a);
  def(ledger, "audit", audit);
  module.def("check_proof", check_proof, "text"_a, "node_id"_a, "node_key"_a);
  module.def("decode_cbor", [](const Borrowed& bytes) { return to_python(decode_cbor(bytes.bytes())); });
}

}  // namespace drawbridge::python
