#pragma once

#include "drawbridge/bytes.h"

namespace drawbridge {

/// Bytes that must not leak: wiped on destruction, moved but not copied by accident, with no way to be printed.
///
///     Secret key = Secret::copy_of(view);
///     mac(key.bytes(), message);          // a borrowed view, valid while `key` lives
///     Secret another = key.clone();       // a copy is asked for by name
///
/// Not thread-safe for writing; reading from several threads is fine.
class DRAWBRIDGE_API Secret {
 public:
  Secret() = default;
  /// `size` zero bytes, to be filled through `writable()`.
  explicit Secret(std::size_t size);
  /// Takes the bytes over; the vector that is left behind is empty.
  explicit Secret(Bytes&& bytes) noexcept : bytes_(std::move(bytes)) {}
  static Secret copy_of(BytesView bytes);
  static Secret copy_of(std::string_view text) { return copy_of(view(text)); }

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret clone() const { return copy_of(bytes_); }
  BytesView bytes() const { return bytes_; }
  std::string_view text() const { return text_view(bytes_); }
  MutableBytes writable() { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  /// In constant time for equal lengths.
  bool equals(BytesView other) const { return constant_time_equal(bytes_, other); }

 private:
  Bytes bytes_;
};

}  // namespace drawbridge
