#include "errors.h"

#include <string>

namespace drawbridge::python {
namespace {

py::object errors_module() {
  // Never freed: it is needed as long as the interpreter lives, and must not be touched when it is gone.
  static PyObject* const found = py::module_::import("drawbridge.errors").release().ptr();
  return py::reinterpret_borrow<py::object>(found);
}

py::str text_of(std::string_view text) {
  PyObject* made = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  if (made == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(made);
}

void set_error(const Error& error) {
  const auto exception = exception_of(error);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
}

}  // namespace

py::object exception_of(const Error& error, bool missing_key) {
  const auto classes = errors_module().attr("BY_CODE").cast<py::dict>();
  const auto chosen = missing_key ? py::object(errors_module().attr("MissingKey"))
                                  : py::object(classes[text_of(drawbridge::name(error.code()))]);
  return chosen(text_of(error.what()), py::arg("hint") = text_of(error.hint()));
}

void set_python_error(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (py::error_already_set& raised) {
    raised.restore();
  } catch (const Error& error) {
    set_error(error);
  } catch (const py::builtin_exception& error) {
    error.set_error();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    set_error(Error(Code::internal, error.what()));
  }
}

Error error_of(const py::error_already_set& raised) {
  const auto value = raised.value();
  if (py::isinstance(value, errors_module().attr("Error"))) {
    return {code_from_name(value.attr("code").cast<std::string>()), value.attr("message").cast<std::string>(),
            value.attr("hint").cast<std::string>()};
  }
  const auto type = py::str(raised.type().attr("__name__")).cast<std::string>();
  if (raised.matches(PyExc_KeyboardInterrupt) || type == "CancelledError") {
    return {Code::unavailable, "interrupted"};
  }
  auto text = py::str(value).cast<std::string>();
  return {Code::internal, text.empty() ? type : type + ": " + text};
}

void register_errors() {
  py::register_local_exception_translator([](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const Error& error) {
      set_error(error);
    }
  });
}

}  // namespace drawbridge::python
