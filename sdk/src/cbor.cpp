#include "drawbridge/cbor.h"

#include <algorithm>
#include <limits>

#include "drawbridge/error.h"

namespace drawbridge {
namespace {

// RFC 8949 §3.1: the major type is in the top three bits.
enum Major : std::uint8_t {
  major_unsigned,
  major_negative,
  major_bytes,
  major_text,
  major_array,
  major_map,
  major_tag,
  major_simple
};
constexpr std::uint8_t simple_false = 20;
constexpr std::uint8_t simple_true = 21;
constexpr std::uint8_t simple_null = 22;
constexpr int max_depth = 16;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(Code::invalid, "cbor: " + message);
}

void write_head(Bytes& out, Major major, std::uint64_t argument) {
  const auto type = static_cast<std::uint8_t>(major << 5);
  if (argument < 24) {
    out.push_back(static_cast<std::uint8_t>(type | argument));
  } else if (argument <= 0xff) {
    out.push_back(type | 24);
    out.push_back(static_cast<std::uint8_t>(argument));
  } else if (argument <= 0xffff) {
    out.push_back(type | 25);
    append_u16be(out, static_cast<std::uint16_t>(argument));
  } else if (argument <= 0xffffffff) {
    out.push_back(type | 26);
    append_u32be(out, static_cast<std::uint32_t>(argument));
  } else {
    out.push_back(type | 27);
    append_u64be(out, argument);
  }
}

void write_string(Bytes& out, Major major, BytesView content) {
  write_head(out, major, content.size());
  append(out, content);
}

/// Keys in the bytewise order of their encoding: for text that is by length first (RFC 8949 §4.2.1).
bool key_before(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

class Reader {
 public:
  explicit Reader(BytesView bytes) : left_(bytes) {}

  Cbor value(int depth) {
    if (depth > max_depth) refuse("nested too deeply");
    const std::uint8_t initial = take(1)[0];
    const auto major = static_cast<Major>(initial >> 5);
    if (major == major_simple) return simple(initial & 31);
    const std::uint64_t argument = head_argument(initial & 31);
    switch (major) {
      case major_unsigned:
        return Cbor(argument);
      case major_negative:
        if (argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
          refuse("integer out of range");
        return Cbor(-1 - static_cast<std::int64_t>(argument));
      case major_bytes:
        return Cbor(take(argument));
      case major_text:
        return Cbor(text(argument));
      case major_array:
        return array(argument, depth);
      case major_map:
        return map(argument, depth);
      default:
        refuse("tags are not used");
    }
  }

  bool done() const { return left_.empty(); }

 private:
  BytesView take(std::uint64_t count) {
    if (count > left_.size()) refuse("cut short");
    const BytesView out = left_.first(count);
    left_ = left_.subspan(count);
    return out;
  }

  std::uint64_t head_argument(std::uint8_t info) {
    if (info < 24) return info;
    if (info > 27) refuse("indefinite lengths are not used");
    std::uint64_t argument = 0;
    for (const std::uint8_t byte : take(std::uint64_t{1} << (info - 24))) argument = argument << 8 | byte;
    const std::uint64_t smallest = info == 24 ? 24 : std::uint64_t{1} << (4 << (info - 24));
    if (argument < smallest) refuse("a number is not in its shortest form");
    return argument;
  }

  static Cbor simple(std::uint8_t info) {
    if (info == simple_false || info == simple_true) return Cbor(info == simple_true);
    if (info != simple_null) refuse("floats and other simple values are not used");
    return {};
  }

  std::string text(std::uint64_t size) {
    std::string out = to_text(take(size));
    if (!is_utf8(out)) refuse("text is not utf-8");
    return out;
  }

  Cbor array(std::uint64_t count, int depth) {
    if (count > left_.size()) refuse("cut short");  // an item has a byte at least
    CborArray out;
    for (std::uint64_t i = 0; i < count; ++i) out.push_back(value(depth + 1));
    return out;
  }

  Cbor map(std::uint64_t count, int depth) {
    if (count > left_.size()) refuse("cut short");
    CborMap out;
    std::string previous;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint8_t initial = take(1)[0];
      if (initial >> 5 != major_text) refuse("a map's key is not text");
      std::string key = text(head_argument(initial & 31));
      if (i > 0 && !key_before(previous, key)) refuse("a map's keys are not in order");
      previous = key;
      out.emplace(std::move(key), value(depth + 1));
    }
    return out;
  }

  BytesView left_;
};

void write(Bytes& out, const Cbor& value);

void write_map(Bytes& out, const CborMap& map) {
  std::vector<const CborMap::value_type*> entries;
  for (const auto& entry : map) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(),
            [](const auto* a, const auto* b) { return key_before(a->first, b->first); });
  write_head(out, major_map, map.size());
  for (const auto* entry : entries) {
    write_string(out, major_text, view(entry->first));
    write(out, entry->second);
  }
}

}  // namespace

/// Writes without going through the throwing accessors.
struct CborWriter {
  Bytes& out;
  void operator()(std::monostate) const { out.push_back(major_simple << 5 | simple_null); }
  void operator()(bool value) const {
    out.push_back(static_cast<std::uint8_t>(major_simple << 5 | (value ? simple_true : simple_false)));
  }
  void operator()(std::int64_t value) const {
    if (value >= 0) {
      write_head(out, major_unsigned, static_cast<std::uint64_t>(value));
    } else {
      write_head(out, major_negative, static_cast<std::uint64_t>(-1 - value));
    }
  }
  void operator()(const Bytes& value) const { write_string(out, major_bytes, value); }
  void operator()(const std::string& value) const { write_string(out, major_text, view(value)); }
  void operator()(const CborArray& value) const {
    write_head(out, major_array, value.size());
    for (const auto& item : value) write(out, item);
  }
  void operator()(const CborMap& value) const { write_map(out, value); }
};

namespace {

void write(Bytes& out, const Cbor& value) {
  value.visit(CborWriter{out});
}

[[noreturn]] void wrong_kind(const char* wanted) {
  refuse(std::string("expected ") + wanted);
}

}  // namespace

Cbor::Cbor(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) refuse("integer out of range");
}
Cbor::Cbor(CborArray value) : value_(std::move(value)) {}
Cbor::Cbor(CborMap value) : value_(std::move(value)) {}

bool Cbor::boolean() const {
  if (const auto* value = std::get_if<bool>(&value_)) return *value;
  wrong_kind("true or false");
}
std::int64_t Cbor::integer() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  wrong_kind("an integer");
}
std::uint64_t Cbor::unsigned_integer() const {
  const std::int64_t value = integer();
  if (value < 0) wrong_kind("an unsigned integer");
  return static_cast<std::uint64_t>(value);
}
const Bytes& Cbor::bytes() const& {
  if (const auto* value = std::get_if<Bytes>(&value_)) return *value;
  wrong_kind("bytes");
}
const std::string& Cbor::text() const& {
  if (const auto* value = std::get_if<std::string>(&value_)) return *value;
  wrong_kind("text");
}
const CborArray& Cbor::array() const& {
  if (const auto* value = std::get_if<CborArray>(&value_)) return *value;
  wrong_kind("an array");
}
const CborMap& Cbor::map() const& {
  if (const auto* value = std::get_if<CborMap>(&value_)) return *value;
  wrong_kind("a map");
}

const Cbor& Cbor::at(const std::string& key) const {
  if (const Cbor* value = find(key)) return *value;
  refuse("'" + key + "' is missing");
}

const Cbor* Cbor::find(const std::string& key) const {
  const CborMap& entries = map();
  const auto found = entries.find(key);
  return found == entries.end() ? nullptr : &found->second;
}

Bytes encode(const Cbor& value) {
  Bytes out;
  write(out, value);
  return out;
}

Cbor decode_cbor(BytesView bytes) {
  Reader reader(bytes);
  Cbor out = reader.value(0);
  if (!reader.done()) refuse("bytes behind the value");
  return out;
}

}  // namespace drawbridge
