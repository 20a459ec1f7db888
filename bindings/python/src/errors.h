#pragma once

#include <exception>

#include "drawbridge/error.h"
#include "gil.h"

namespace drawbridge::python {

// Error ↔ exception. The classes are those of drawbridge/errors.py: one for each Code, each with `code` and `hint`.
// Everything here wants the GIL.

/// The exception that stands for this error; `missing_key` makes a not_found one that is a KeyError too.
py::object exception_of(const Error& error, bool missing_key = false);

/// Sets the Python error that stands for what C++ threw: an Error as its class, anything else as Internal. A Python
/// error that passed through C++ is itself again.
void set_python_error(const std::exception_ptr& failure);

/// What a Python exception is to C++: a drawbridge.Error with its code, message and hint; KeyboardInterrupt and
/// asyncio.CancelledError are unavailable; anything else is a defect of that Python code, internal, with its type
/// named.
Error error_of(const py::error_already_set& raised);

/// Makes C++ errors that leave a function of this module Python exceptions. Called once by a module.
void register_errors();

}  // namespace drawbridge::python
