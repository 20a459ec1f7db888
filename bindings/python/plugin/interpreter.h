#pragma once

#include "drawbridge/error.h"
#include "gil.h"

namespace drawbridge::python {

/// Starts the process's Python, unless it runs already (the node may itself be a part of a Python program), and makes
/// the package `drawbridge` importable. It is never ended. Leaves signals to the node. Thread-safe, without the GIL.
/// Throws Error{unavailable} with a hint.
void ensure_interpreter();

/// The error that a Python exception of a plugin is. One of drawbridge.errors keeps its code, message and hint;
/// anything else is internal, with its type, text, file and line: "TypeError: … (my_store.py:12)". `trace`, if it is
/// not null, gets the traceback of such a one. With the GIL.
Error plugin_error(const py::error_already_set& raised, std::string* trace = nullptr);

/// A function of drawbridge/_mount.py. With the GIL.
py::object mount_function(const char* name);

}  // namespace drawbridge::python
