#include "values.h"

#include <algorithm>
#include <array>

#include "drawbridge/error.h"

namespace drawbridge::python {
namespace {

py::object values_module() {
  // Never freed: it is needed as long as the interpreter lives, and must not be touched when it is gone.
  static PyObject* const found = py::module_::import("drawbridge.values").release().ptr();
  return py::reinterpret_borrow<py::object>(found);
}

/// A tuple class of values.py, found once.
template <class... Args>
py::object make(PyObject*& known, const char* name, Args&&... args) {
  if (known == nullptr) known = value_class(name).release().ptr();
  return py::handle(known)(std::forward<Args>(args)...);
}

std::string text_from(py::handle text) {
  if (!py::isinstance<py::str>(text)) {
    throw py::type_error("a str is expected, not " + py::str(text.get_type().attr("__name__")).cast<std::string>());
  }
  return text.cast<std::string>();
}

std::string key_from(py::handle key) {
  if (PyBytes_CheckExact(key.ptr()) == 0) return Borrowed(key, false).text();
  return {PyBytes_AS_STRING(key.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(key.ptr()))};
}

/// The items of an iterable, at most `limit` of them.
template <class Item>
std::vector<Item> items_from(py::handle iterable, std::size_t limit, Item (*from)(py::handle)) {
  std::vector<Item> out;
  for (const auto item : py::iter(iterable)) {
    if (out.size() == limit) throw py::value_error("more than " + std::to_string(limit) + " items");
    out.push_back(from(item));
  }
  return out;
}

/// The two items of a tuple, borrowed from it.
struct Pair {
  explicit Pair(py::handle item) : held(py::reinterpret_steal<py::object>(PySequence_Fast(item.ptr(), what))) {
    if (!held) throw py::error_already_set();
    if (PySequence_Fast_GET_SIZE(held.ptr()) != 2) throw py::value_error(what);
    first = PySequence_Fast_GET_ITEM(held.ptr(), 0);
    second = PySequence_Fast_GET_ITEM(held.ptr(), 1);
  }
  static constexpr const char* what = "a (key, value) tuple is expected";

  py::object held;
  py::handle first;
  py::handle second;
};

Record record_from(py::handle item) {
  const Pair pair(item);
  return {key_from(pair.first), bytes_from(pair.second)};
}

constexpr std::size_t max_changes = 65'536;

}  // namespace

py::object value_class(const char* name) {
  return values_module().attr(name);
}

py::str to_python(const std::string& text) {
  PyObject* made = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  if (made == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(made);
}

py::object to_python(Timestamp time) {
  static PyObject* function = nullptr;
  return make(function, "time_from_unix_ms", unix_ms(time));
}

Timestamp timestamp_from(py::handle time) {
  static PyObject* function = nullptr;
  return from_unix_ms(make(function, "unix_ms", py::reinterpret_borrow<py::object>(time)).cast<std::int64_t>());
}

py::object to_python(const Digest& digest) {
  return to_python(BytesView(digest));
}

Digest digest_from(py::handle bytes) {
  const Borrowed borrowed(bytes, false);
  Digest out{};
  if (borrowed.size() != out.size()) throw py::value_error("a digest has 32 bytes");
  std::ranges::copy(borrowed.bytes(), out.begin());
  return out;
}

py::object to_python(const BlobInfo& info) {
  static PyObject* type = nullptr;
  return make(type, "BlobInfo", to_python(info.id), info.size);
}

BlobInfo blob_info_from(py::handle info) {
  return {text_from(info.attr("id")), info.attr("size").cast<std::uint64_t>()};
}

py::object to_python(const Blobs::Page& page) {
  static PyObject* type = nullptr;
  return make(type, "BlobsPage", to_python(page.blobs), page.more);
}

Blobs::Page blobs_page_from(py::handle page) {
  return {items_from(page.attr("blobs"), Blobs::max_page, blob_info_from), page.attr("more").cast<bool>()};
}

py::object to_python(const Records::Page& page) {
  static PyObject* type = nullptr;
  py::list records(page.records.size());
  for (std::size_t i = 0; i < page.records.size(); ++i) {
    const auto& [key, value] = page.records[i];
    py::tuple pair(2);
    PyTuple_SET_ITEM(pair.ptr(), 0, to_python(view(key)).release().ptr());
    PyTuple_SET_ITEM(pair.ptr(), 1, to_python(value).release().ptr());
    PyList_SET_ITEM(records.ptr(), static_cast<Py_ssize_t>(i), pair.release().ptr());
  }
  return make(type, "RecordsPage", records, page.more);
}

Records::Page records_page_from(py::handle page) {
  return {items_from(page.attr("records"), Records::max_page, record_from), page.attr("more").cast<bool>()};
}

py::object to_python(const Batch& batch) {
  py::object out = value_class("Batch")();
  for (const auto& [key, value] : batch.changes()) {
    if (value) {
      out.attr("put")(to_python(view(key)), to_python(*value));
    } else {
      out.attr("erase")(to_python(view(key)));
    }
  }
  for (const auto& [key, value] : batch.expectations()) {
    if (value) {
      out.attr("expect")(to_python(view(key)), to_python(*value));
    } else {
      out.attr("expect_absent")(to_python(view(key)));
    }
  }
  return out;
}

Batch batch_from(py::handle batch) {
  static PyObject* known = nullptr;
  if (known == nullptr) known = value_class("Batch").release().ptr();
  if (!py::isinstance(batch, known)) {
    throw py::type_error("a drawbridge.Batch is expected, not " +
                         py::str(batch.get_type().attr("__name__")).cast<std::string>());
  }
  Batch out;
  std::size_t count = 0;
  for (const auto item : batch.attr("changes")) {
    if (++count > max_changes) throw Error(Code::too_large, "a batch has at most 65536 changes");
    const Pair pair(item);
    if (pair.second.is_none()) {
      out.erase(key_from(pair.first));
    } else {
      out.put(key_from(pair.first), bytes_from(pair.second));
    }
  }
  for (const auto item : batch.attr("expectations")) {
    const Pair pair(item);
    if (pair.second.is_none()) {
      out.expect_absent(key_from(pair.first));
    } else {
      out.expect(key_from(pair.first), bytes_from(pair.second));
    }
  }
  return out;
}

py::object to_python(const Checkpoint& checkpoint) {
  static PyObject* type = nullptr;
  return make(type, "Checkpoint", to_python(checkpoint.origin), checkpoint.size, to_python(checkpoint.root));
}

Checkpoint checkpoint_from(py::handle checkpoint) {
  return {text_from(checkpoint.attr("origin")), checkpoint.attr("size").cast<std::uint64_t>(),
          digest_from(checkpoint.attr("root"))};
}

py::object to_python(const LedgerEvent& event) {
  static PyObject* type = nullptr;
  return make(type, "LedgerEvent", event.index, to_python(event.type), to_python(event.time),
              to_python(event.commitment), to_python(event.salt), to_python(event.details), to_python(event.entry),
              to_python(event.leaf));
}

LedgerEvent event_from(py::handle event) {
  LedgerEvent out;
  out.index = event.attr("index").cast<std::uint64_t>();
  out.type = text_from(event.attr("type"));
  out.time = timestamp_from(event.attr("time"));
  out.commitment = digest_from(event.attr("commitment"));
  out.salt = bytes_from(event.attr("salt"));
  out.details = bytes_from(event.attr("details"));
  out.entry = bytes_from(event.attr("entry"));
  out.leaf = digest_from(event.attr("leaf"));
  return out;
}

py::object to_python(const Ledger::Page& page) {
  static PyObject* type = nullptr;
  return make(type, "EventsPage", to_python(page.events), page.more);
}

Ledger::Page events_page_from(py::handle page) {
  constexpr std::size_t max_page = 1024;
  return {items_from(page.attr("events"), max_page, event_from), page.attr("more").cast<bool>()};
}

py::object to_python(const EventDraft& draft) {
  static PyObject* type = nullptr;
  py::dict details;
  for (const auto& [name, value] : draft.details) details[to_python(name)] = to_python(value);
  return make(type, "EventDraft", to_python(draft.type), to_python(draft.subject), details);
}

EventDraft draft_from(py::handle draft) {
  EventDraft out{text_from(draft.attr("type")), text_from(draft.attr("subject")), {}};
  for (const auto [name, value] : py::cast<py::dict>(draft.attr("details"))) {
    out.details.emplace(text_from(name), text_from(value));
  }
  return out;
}

py::object to_python(const Cbor& value) {
  return value.visit([](const auto& held) -> py::object {
    using Held = std::decay_t<decltype(held)>;
    if constexpr (std::is_same_v<Held, std::monostate>) {
      return py::none();
    } else if constexpr (std::is_same_v<Held, bool>) {
      return py::bool_(held);
    } else if constexpr (std::is_same_v<Held, std::int64_t>) {
      return py::int_(held);
    } else if constexpr (std::is_same_v<Held, CborMap>) {
      py::dict out;
      for (const auto& [key, inner] : held) out[to_python(key)] = to_python(inner);
      return out;
    } else {
      return to_python(held);
    }
  });
}

namespace {

Cbor cbor_within(py::handle value, int depth) {
  constexpr int max_depth = 16;
  if (depth > max_depth) throw py::value_error("nested too deeply");
  if (value.is_none()) return nullptr;
  if (py::isinstance<py::bool_>(value)) return value.cast<bool>();
  if (py::isinstance<py::int_>(value)) return value.cast<std::int64_t>();
  if (py::isinstance<py::str>(value)) return text_from(value);
  if (PyObject_CheckBuffer(value.ptr()) != 0) return bytes_from(value);
  if (py::isinstance<py::dict>(value)) {
    CborMap out;
    for (const auto [key, inner] : py::cast<py::dict>(value))
      out.emplace(text_from(key), cbor_within(inner, depth + 1));
    return out;
  }
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    CborArray out;
    for (const auto inner : value) out.push_back(cbor_within(inner, depth + 1));
    return out;
  }
  if (py::hasattr(value, "tzinfo")) return unix_ms(timestamp_from(value));
  throw py::type_error("no such value in a policy: " + py::str(value.get_type().attr("__name__")).cast<std::string>());
}

}  // namespace

Cbor cbor_from(py::handle value) {
  return cbor_within(value, 0);
}

py::object to_python(const Policy& policy) {
  return to_python(policy.cbor());
}

Policy policy_from(py::handle policy) {
  return Policy::from(cbor_from(policy));
}

py::object to_python(const Grant& grant) {
  static PyObject* type = nullptr;
  return make(type, "Grant", to_python(grant.asset), to_python(grant.owner), to_python(grant.grantee),
              to_python(grant.policy), to_python(grant.keeper), to_python(grant.created));
}

Grant grant_from(py::handle grant) {
  Grant out;
  out.asset = text_from(grant.attr("asset"));
  out.owner = text_from(grant.attr("owner"));
  out.grantee = text_from(grant.attr("grantee"));
  out.policy = policy_from(grant.attr("policy"));
  out.keeper = text_from(grant.attr("keeper"));
  out.created = timestamp_from(grant.attr("created"));
  return out;
}

py::object to_python(KeyPair&& keys) {
  static PyObject* type = nullptr;
  return make(type, "KeyPair", to_python(keys.public_key), to_python(std::move(keys.private_key)));
}

KeyPair key_pair_from(py::handle keys) {
  return {bytes_from(keys.attr("public_key")), secret_from(keys.attr("private_key"))};
}

Secret secret_from(py::handle bytes) {
  return Secret::copy_of(Borrowed(bytes, false).bytes());
}

py::object to_python(const Algorithm& algorithm) {
  static PyObject* type = nullptr;
  return make(type, "Algorithm", to_python(algorithm.purpose), to_python(algorithm.name),
              to_python(algorithm.standard));
}

py::object to_python(const LinkStatus& link) {
  static PyObject* type = nullptr;
  return make(type, "LinkStatus", to_python(link.node_id), to_python(link.address), link.connected,
              to_python(link.since), to_python(link.detail));
}

}  // namespace drawbridge::python
