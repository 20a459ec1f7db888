#pragma once

#include <string>

#include "drawbridge/bytes.h"
#include "drawbridge/secret.h"
#include "gil.h"

namespace drawbridge::python {

// Bytes ↔ bytes, without a copy where Python allows.

/// Memory that Python lends: any object with the buffer protocol, contiguous. Held until this goes, on any thread.
/// A str is refused: text is not bytes.
class Borrowed {
 public:
  Borrowed() = default;
  Borrowed(py::handle object, bool writable);
  Borrowed(Borrowed&& other) noexcept;
  Borrowed& operator=(Borrowed&& other) noexcept;
  ~Borrowed();

  BytesView bytes() const { return {data(), size()}; }
  MutableBytes writable() const { return {data(), size()}; }
  std::size_t size() const { return view_.obj == nullptr ? 0 : static_cast<std::size_t>(view_.len); }
  std::string text() const { return std::string(text_view(bytes())); }

 private:
  std::uint8_t* data() const { return static_cast<std::uint8_t*>(view_.obj == nullptr ? nullptr : view_.buf); }
  Py_buffer view_{};
};

/// The same, to be written into: bytearray, memoryview of one, a numpy array.
class BorrowedWritable : public Borrowed {
 public:
  BorrowedWritable() = default;
  explicit BorrowedWritable(py::handle object) : Borrowed(object, true) {}
};

/// A record's key from any bytes-like object.
struct KeyArgument {
  std::string value;
};

/// A Python bytes object that C++ fills before anybody else sees it: content arrives in it without a copy.
class FreshBytes {
 public:
  FreshBytes() = default;
  /// With the GIL, or without: it takes the GIL for the moment.
  explicit FreshBytes(std::size_t size);
  MutableBytes writable() const;
  /// With the GIL. Shortened to `size`, by a copy when it is shorter.
  py::object take(std::size_t size);

 private:
  Object bytes_;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// C++ bytes that Python owns as an object with the buffer protocol (drawbridge.Buffer).
struct Buffer {
  Bytes bytes;
};

/// bytes, by one copy. With the GIL.
py::bytes to_python(BytesView bytes);
inline py::bytes to_python(const Bytes& bytes) {
  return to_python(BytesView(bytes));
}
/// A copy of what a Python object holds, for contracts that return bytes. Throws TypeError.
Bytes bytes_from(py::handle object);

/// Adds the classes Buffer and Secret to a module.
void register_buffers(py::module_& module);

}  // namespace drawbridge::python

namespace pybind11::detail {

template <>
struct type_caster<drawbridge::python::Borrowed> {
  PYBIND11_TYPE_CASTER(drawbridge::python::Borrowed, const_name("Buffer"));
  bool load(handle source, bool) {
    value = drawbridge::python::Borrowed(source, false);
    return true;
  }
};

template <>
struct type_caster<drawbridge::python::BorrowedWritable> {
  PYBIND11_TYPE_CASTER(drawbridge::python::BorrowedWritable, const_name("WritableBuffer"));
  bool load(handle source, bool) {
    value = drawbridge::python::BorrowedWritable(source);
    return true;
  }
};

template <>
struct type_caster<drawbridge::python::KeyArgument> {
  PYBIND11_TYPE_CASTER(drawbridge::python::KeyArgument, const_name("Buffer"));
  bool load(handle source, bool) {
    if (PyBytes_CheckExact(source.ptr()) != 0) {
      value.value.assign(PyBytes_AS_STRING(source.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(source.ptr())));
    } else {
      value.value = drawbridge::python::Borrowed(source, false).text();
    }
    return true;
  }
};

}  // namespace pybind11::detail
