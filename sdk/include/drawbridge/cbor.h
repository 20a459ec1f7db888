#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "drawbridge/bytes.h"

namespace drawbridge {

/// A CBOR value (RFC 8949) of the kinds that Drawbridge's formats use: unsigned and negative integers (64-bit
/// signed range), byte strings, text, arrays, maps with text keys, booleans and null. No floats, no tags, no indefinite
/// lengths.
///
///     Cbor header = CborMap{{"suite", "fernet"}, {"chunk", 65536}};
///     Bytes stored = encode(header);
///     std::string suite = decode_cbor(stored).at("suite").text();      // throws Error{invalid} if it is not there, or
///     not text
class Cbor;
using CborArray = std::vector<Cbor>;
using CborMap = std::map<std::string, Cbor>;

class DRAWBRIDGE_API Cbor {
 public:
  Cbor() = default;
  Cbor(std::nullptr_t) {}
  Cbor(bool value) : value_(value) {}
  Cbor(int value) : value_(static_cast<std::int64_t>(value)) {}
  Cbor(std::int64_t value) : value_(value) {}
  /// Throws Error{invalid} beyond 2^63 - 1.
  Cbor(std::uint64_t value);
  Cbor(std::uint32_t value) : value_(static_cast<std::int64_t>(value)) {}
  Cbor(Bytes value) : value_(std::move(value)) {}
  Cbor(BytesView value) : value_(to_bytes(value)) {}
  Cbor(std::string value) : value_(std::move(value)) {}
  Cbor(std::string_view value) : value_(std::string(value)) {}
  Cbor(const char* value) : value_(std::string(value)) {}
  Cbor(CborArray value);
  Cbor(CborMap value);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }

  /// Each throws Error{invalid} when the value is of another kind.
  bool boolean() const;
  std::int64_t integer() const;
  std::uint64_t unsigned_integer() const;
  const Bytes& bytes() const&;
  const std::string& text() const&;
  const CborArray& array() const&;
  const CborMap& map() const&;
  // Of a temporary they give the content itself, so that a loop over `decode_cbor(…).map()` is safe.
  Bytes bytes() && { return std::as_const(*this).bytes(); }
  std::string text() && { return std::as_const(*this).text(); }
  CborArray array() && { return std::as_const(*this).array(); }
  CborMap map() && { return std::as_const(*this).map(); }

  /// A map's entry; throws Error{invalid} naming the key when it is missing or this is no map.
  const Cbor& at(const std::string& key) const;
  /// A map's entry, or null pointer when it is missing.
  const Cbor* find(const std::string& key) const;

  /// Calls `visitor` with the held alternative: std::monostate (null), bool, std::int64_t, Bytes, std::string,
  /// CborArray or CborMap.
  template <class Visitor>
  decltype(auto) visit(Visitor&& visitor) const {
    return std::visit(std::forward<Visitor>(visitor), value_);
  }

  friend bool operator==(const Cbor&, const Cbor&) = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, Bytes, std::string, CborArray, CborMap> value_;
};

/// Core deterministic encoding (RFC 8949 §4.2.1): shortest integers and lengths, keys in bytewise order of their
/// encoding.
DRAWBRIDGE_API Bytes encode(const Cbor& value);

/// Decodes exactly one value. Only the deterministic encoding is accepted, so that equal values have equal bytes:
/// throws Error{invalid} for anything else, for trailing bytes, and beyond a depth of 16.
DRAWBRIDGE_API Cbor decode_cbor(BytesView bytes);

}  // namespace drawbridge
