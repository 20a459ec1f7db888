#pragma once

#include <functional>

#include "handle.h"

namespace drawbridge::python {

/// Each adds the classes of its subject to the module `_drawbridge`.
void register_records(py::module_& module);
void register_blobs(py::module_& module);
void register_cipher(py::module_& module);
void register_ledger(py::module_& module);
void register_keeper(py::module_& module);
void register_transport(py::module_& module);
void register_identity(py::module_& module);
void register_keyring(py::module_& module);
void register_assets(py::module_& module);
void register_owners(py::module_& module);

/// The handles of all facets that a component offers, by the facet's name: {"Records": RecordsHandle, …}.
py::dict facets_of(const std::shared_ptr<Owner>& owner, Component& component);

}  // namespace drawbridge::python
