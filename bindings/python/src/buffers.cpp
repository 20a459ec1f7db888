#include "buffers.h"

#include <string>

#include "drawbridge/error.h"

namespace drawbridge::python {

Borrowed::Borrowed(py::handle object, bool writable) {
  if (PyObject_GetBuffer(object.ptr(), &view_, writable ? PyBUF_CONTIG : PyBUF_CONTIG_RO) != 0) {
    view_ = {};
    throw py::error_already_set();
  }
}

Borrowed::Borrowed(Borrowed&& other) noexcept : view_(std::exchange(other.view_, Py_buffer{})) {}

Borrowed& Borrowed::operator=(Borrowed&& other) noexcept {
  std::swap(view_, other.view_);
  return *this;
}

Borrowed::~Borrowed() {
  if (view_.obj == nullptr) return;
  const WithGil gil;
  if (gil) PyBuffer_Release(&view_);
}

FreshBytes::FreshBytes(std::size_t size) : size_(size) {
  const WithGil gil;
  if (!gil) throw Error(Code::unavailable, "the interpreter is ending");
  PyObject* made = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
  if (made == nullptr) {
    PyErr_Clear();
    throw Error(Code::too_large, "no memory for " + std::to_string(size) + " bytes", "read it in parts");
  }
  data_ = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(made));
  bytes_ = Object(py::reinterpret_steal<py::object>(made));
}

MutableBytes FreshBytes::writable() const {
  return {data_, size_};
}

py::object FreshBytes::take(std::size_t size) {
  if (size == size_ && bytes_) return bytes_.take();
  return to_python(BytesView(data_, size));
}

py::bytes to_python(BytesView bytes) {
  PyObject* made =
      PyBytes_FromStringAndSize(reinterpret_cast<const char*>(bytes.data()), static_cast<Py_ssize_t>(bytes.size()));
  if (made == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::bytes>(made);
}

Bytes bytes_from(py::handle object) {
  if (PyBytes_CheckExact(object.ptr()) == 0) return to_bytes(Borrowed(object, false).bytes());
  const auto* begin = reinterpret_cast<const std::uint8_t*>(PyBytes_AS_STRING(object.ptr()));
  return {begin, begin + PyBytes_GET_SIZE(object.ptr())};
}

namespace {

/// A read-only view of memory that the C++ object owns and never moves.
py::buffer_info info_of(BytesView bytes) {
  static std::uint8_t nothing = 0;
  auto* data = bytes.empty() ? &nothing : const_cast<std::uint8_t*>(bytes.data());
  return {data, 1, py::format_descriptor<std::uint8_t>::format(), 1, {bytes.size()}, {1}, true};
}

void register_secret(py::module_& module) {
  py::class_<Secret>(module, "Secret", py::buffer_protocol(), R"(Bytes that are wiped from memory when they are let go.

Does not print, and compares in constant time. `bytes(secret)` is a copy that nobody wipes.)")
      .def(py::init([](Borrowed from) { return Secret::copy_of(from.bytes()); }), py::arg("content"))
      .def_buffer([](Secret& secret) { return info_of(secret.bytes()); })
      .def("__bytes__", [](const Secret& secret) { return to_python(secret.bytes()); })
      .def("__len__", &Secret::size)
      .def("__repr__",
           [](const Secret& secret) { return "<drawbridge.Secret, " + std::to_string(secret.size()) + " bytes>"; })
      .def("__eq__", [](const Secret& secret, py::object other) -> py::object {
        if (PyObject_CheckBuffer(other.ptr()) == 0) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
        return py::bool_(secret.equals(Borrowed(other, false).bytes()));
      });
  module.attr("Secret").attr("__hash__") = py::none();
}

}  // namespace

void register_buffers(py::module_& module) {
  py::class_<Buffer>(module, "Buffer", py::buffer_protocol(), R"(Bytes that C++ made and Python owns, without a copy.

Read-only, with the buffer protocol: `memoryview(buffer)` shares the memory, `bytes(buffer)` copies it.)")
      .def_buffer([](Buffer& buffer) { return info_of(buffer.bytes); })
      .def("__bytes__", [](const Buffer& buffer) { return to_python(buffer.bytes); })
      .def("__len__", [](const Buffer& buffer) { return buffer.bytes.size(); })
      .def(
          "__repr__",
          [](const Buffer& buffer) { return "<drawbridge.Buffer, " + std::to_string(buffer.bytes.size()) + " bytes>"; })
      .def("__eq__", [](const Buffer& buffer, py::object other) -> py::object {
        if (PyObject_CheckBuffer(other.ptr()) == 0) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
        const Borrowed borrowed(other, false);
        return py::bool_(text_view(buffer.bytes) == text_view(borrowed.bytes()));
      });
  module.attr("Buffer").attr("__hash__") = py::none();
  register_secret(module);
}

}  // namespace drawbridge::python
