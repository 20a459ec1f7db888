#pragma once

#include <pybind11/pybind11.h>

namespace drawbridge::python {

namespace py = pybind11;

inline bool interpreter_ends() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

/// Holds the GIL on any thread. Without an interpreter, or while it ends, it holds nothing: `*this` is false then, and
/// Python objects must be leaked rather than touched.
class WithGil {
 public:
  WithGil() : alive_(Py_IsInitialized() != 0 && !interpreter_ends()) {
    if (alive_) state_ = PyGILState_Ensure();
  }
  ~WithGil() {
    if (alive_) PyGILState_Release(state_);
  }
  WithGil(const WithGil&) = delete;
  WithGil& operator=(const WithGil&) = delete;
  explicit operator bool() const { return alive_; }

 private:
  bool alive_;
  PyGILState_STATE state_{};
};

/// Lets other Python threads run while C++ works. The calling thread must hold the GIL.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil() { PyEval_RestoreThread(state_); }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

/// A Python object in C++ that may be let go on any thread, with or without the GIL.
class Object {
 public:
  Object() = default;
  explicit Object(py::object object) : object_(object.release().ptr()) {}
  Object(Object&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Object& operator=(Object&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  ~Object() {
    if (object_ == nullptr) return;
    const WithGil gil;
    if (gil) Py_DECREF(object_);
  }

  /// With the GIL.
  py::object get() const { return py::reinterpret_borrow<py::object>(object_); }
  /// With the GIL: hands the reference over.
  py::object take() { return py::reinterpret_steal<py::object>(std::exchange(object_, nullptr)); }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

}  // namespace drawbridge::python
