#pragma once

#include <pybind11/stl.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "buffers.h"
#include "drawbridge/blobs.h"
#include "drawbridge/cbor.h"
#include "drawbridge/checkpoint.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/keeper.h"
#include "drawbridge/ledger.h"
#include "drawbridge/policy.h"
#include "drawbridge/records.h"
#include "drawbridge/transport.h"

namespace drawbridge::python {

// The values of the facets ↔ those of drawbridge/values.py: named tuples, bytes, str, int, and datetime in UTC. Both
// directions want the GIL. `…_from` is for what Python code returned to C++: it throws TypeError or ValueError for
// anything else than the contract says.

/// A plain truth, apart from bool for the sake of overloads.
struct Present {
  bool value = false;
};
/// A bytes object of which `size` are filled.
struct Filled {
  FreshBytes bytes;
  std::size_t size = 0;
};
/// Sealed or derived secrets: bytes that stay in C++'s hands (drawbridge.Secret).
inline py::object to_python(Secret&& secret) {
  return py::cast(std::move(secret));
}
inline py::object to_python(Buffer&& buffer) {
  return py::cast(std::move(buffer));
}
inline py::object to_python(bool value) {
  return py::bool_(value);
}
inline py::object to_python(py::object&& object) {
  return std::move(object);
}
inline py::object to_python(Object&& object) {
  return object.take();
}
inline py::object to_python(Present present) {
  return py::bool_(present.value);
}
inline py::object to_python(Filled&& filled) {
  return filled.bytes.take(filled.size);
}
inline py::object to_python(std::size_t number) {
  return py::int_(number);
}
inline py::object to_python(std::uint32_t number) {
  return py::int_(number);
}
py::str to_python(const std::string& text);
py::object to_python(Timestamp time);
py::object to_python(const Digest& digest);

py::object to_python(const BlobInfo& info);
py::object to_python(const Blobs::Page& page);
py::object to_python(const Records::Page& page);
py::object to_python(const Batch& batch);
py::object to_python(const Checkpoint& checkpoint);
py::object to_python(const LedgerEvent& event);
py::object to_python(const Ledger::Page& page);
py::object to_python(const EventDraft& draft);
py::object to_python(const Policy& policy);
py::object to_python(const Grant& grant);
py::object to_python(KeyPair&& keys);
py::object to_python(const Algorithm& algorithm);
py::object to_python(const LinkStatus& link);
/// Maps, lists, text, integers, bytes, booleans, None.
py::object to_python(const Cbor& value);

template <class T>
py::object to_python(const std::vector<T>& values);
template <class T>
py::object to_python(std::optional<T>&& value);
template <class T>
py::object to_python(std::shared_ptr<T>&& object);

template <class T>
py::object to_python(std::optional<T>&& value) {
  if (!value) return py::none();
  return to_python(std::move(*value));
}
template <class T>
py::object to_python(const std::vector<T>& values) {
  py::list out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = to_python(values[i]);
  return out;
}
/// Objects of classes that pybind11 knows.
template <class T>
py::object to_python(std::shared_ptr<T>&& object) {
  return py::cast(std::move(object));
}

Batch batch_from(py::handle batch);
Records::Page records_page_from(py::handle page);
BlobInfo blob_info_from(py::handle info);
Blobs::Page blobs_page_from(py::handle page);
Timestamp timestamp_from(py::handle time);
Digest digest_from(py::handle bytes);
Checkpoint checkpoint_from(py::handle checkpoint);
LedgerEvent event_from(py::handle event);
Ledger::Page events_page_from(py::handle page);
EventDraft draft_from(py::handle draft);
Cbor cbor_from(py::handle value);
Policy policy_from(py::handle policy);
Grant grant_from(py::handle grant);
KeyPair key_pair_from(py::handle keys);
Secret secret_from(py::handle bytes);

/// A class of drawbridge/values.py.
py::object value_class(const char* name);

}  // namespace drawbridge::python

namespace pybind11::detail {

template <>
struct type_caster<drawbridge::Batch> {
  PYBIND11_TYPE_CASTER(drawbridge::Batch, const_name("Batch"));
  bool load(handle source, bool) {
    value = drawbridge::python::batch_from(source);
    return true;
  }
};

template <>
struct type_caster<drawbridge::Grant> {
  PYBIND11_TYPE_CASTER(drawbridge::Grant, const_name("Grant"));
  bool load(handle source, bool) {
    value = drawbridge::python::grant_from(source);
    return true;
  }
};

template <>
struct type_caster<drawbridge::EventDraft> {
  PYBIND11_TYPE_CASTER(drawbridge::EventDraft, const_name("EventDraft"));
  bool load(handle source, bool) {
    value = drawbridge::python::draft_from(source);
    return true;
  }
};

template <>
struct type_caster<drawbridge::Timestamp> {
  PYBIND11_TYPE_CASTER(drawbridge::Timestamp, const_name("datetime"));
  bool load(handle source, bool) {
    value = drawbridge::python::timestamp_from(source);
    return true;
  }
};

}  // namespace pybind11::detail
