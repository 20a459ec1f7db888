#pragma once

#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "drawbridge/cbor.h"
#include "drawbridge/clock.h"
#include "drawbridge/policy.h"
#include "drawbridge/records.h"
#include "drawbridge/secret.h"

/// How values cross to another process of the same machine and build: integers as they lie in memory, lengths of 32
/// bits in front of what varies, the members of a struct one after the other. The same bytes for the same value.
namespace drawbridge::kernel::isolation {

/// What the other process sent is no message of this protocol.
class DRAWBRIDGE_API Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Malformed() override;
};

/// The members of a struct that crosses, specialised in fields.h:
///
///     template <> inline constexpr auto fields_of<Record> = std::tuple(&Record::key, &Record::value);
template <class T>
inline constexpr auto fields_of = nullptr;

/// The last enumerator of an enum that crosses.
template <class T>
inline constexpr int last_of = -1;

namespace detail {

template <class T, template <class...> class Template>
inline constexpr bool is_a = false;
template <class... A, template <class...> class Template>
inline constexpr bool is_a<Template<A...>, Template> = true;

template <class T>
inline constexpr bool is_time = is_a<T, std::chrono::time_point> || is_a<T, std::chrono::duration>;
template <class T>
inline constexpr bool is_time<std::chrono::time_point<std::chrono::system_clock, T>> = true;
template <class R, class P>
inline constexpr bool is_time<std::chrono::duration<R, P>> = true;

template <class T>
inline constexpr bool has_fields = !std::is_same_v<std::remove_const_t<decltype(fields_of<T>)>, std::nullptr_t>;

template <class T>
inline constexpr bool is_text = std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>;
template <class T>
inline constexpr bool is_bytes = std::is_same_v<T, Bytes> || std::is_same_v<T, BytesView>;

}  // namespace detail

/// Counts, so that a message is written once, where it belongs.
class Measure {
 public:
  void raw(const void*, std::size_t count) { size_ += count; }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

/// Writes to memory that a Measure found large enough.
class Writer {
 public:
  explicit Writer(std::uint8_t* at) : at_(at) {}
  void raw(const void* data, std::size_t count) {
    if (count > 0) std::memcpy(at_, data, count);
    at_ += count;
  }

 private:
  std::uint8_t* at_;
};

template <class Out>
void put_sized(Out& out, const void* data, std::size_t size) {
  const auto count = static_cast<std::uint32_t>(size);  // a message is far smaller
  out.raw(&count, sizeof count);
  out.raw(data, size);
}

template <class Out, class T>
void put(Out& out, const T& value);

template <class Out, class List>
void put_all(Out& out, const List& list) {
  const auto count = static_cast<std::uint32_t>(list.size());
  out.raw(&count, sizeof count);
  for (const auto& item : list) put(out, item);
}

template <class Out, class T>
void put(Out& out, const T& value) {
  using namespace detail;
  if constexpr (std::is_same_v<T, bool>) {
    const std::uint8_t byte = value ? 1 : 0;
    out.raw(&byte, 1);
  } else if constexpr (std::is_arithmetic_v<T>) {
    out.raw(&value, sizeof value);
  } else if constexpr (std::is_enum_v<T>) {
    put(out, static_cast<std::uint8_t>(value));
  } else if constexpr (is_text<T> || is_bytes<T>) {
    put_sized(out, value.data(), value.size());
  } else if constexpr (std::is_same_v<T, Secret>) {
    put_sized(out, value.bytes().data(), value.size());
  } else if constexpr (is_a<T, std::optional>) {
    put(out, value.has_value());
    if (value) put(out, *value);
  } else if constexpr (is_a<T, std::vector> || is_a<T, std::map>) {
    put_all(out, value);
  } else if constexpr (is_a<T, std::pair>) {
    put(out, value.first);
    put(out, value.second);
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    put(out, unix_ms(value));
  } else if constexpr (is_time<T>) {
    put(out, static_cast<std::int64_t>(value.count()));
  } else if constexpr (std::is_same_v<T, std::array<std::uint8_t, 32>>) {
    out.raw(value.data(), value.size());
  } else if constexpr (std::is_same_v<T, Policy>) {
    put(out, encode(value.cbor()));
  } else if constexpr (std::is_same_v<T, Batch>) {
    put_all(out, value.changes());
    put_all(out, value.expectations());
  } else {
    static_assert(has_fields<T>, "this type has no fields_of");
    std::apply([&](auto... member) { (put(out, value.*member), ...); }, fields_of<T>);
  }
}

/// Reads what may be anything, in memory that the sender may still change: each length is read once, then checked.
class Reader {
 public:
  explicit Reader(BytesView bytes) : at_(bytes.data()), left_(bytes.size()) {}

  /// A view of the message.
  BytesView view(std::size_t count) {
    if (count > left_) throw Malformed("a value goes beyond its message");
    const BytesView out(at_, count);
    at_ += count;
    left_ -= count;
    return out;
  }
  BytesView sized_view() { return view(get<std::uint32_t>()); }

  template <class T>
  T get();

  void expect_end() const {
    if (left_ != 0) throw Malformed("a message goes on behind its last value");
  }

 private:
  template <class T>
  T integer() {
    T value;
    std::memcpy(&value, view(sizeof value).data(), sizeof value);
    asm volatile("" ::: "memory");  // from here on it is this value, whatever the memory says
    return value;
  }
  bool boolean() {
    const auto byte = integer<std::uint8_t>();
    if (byte > 1) throw Malformed("a truth value is neither");
    return byte == 1;
  }
  template <class List>
  List list() {
    List out;
    // Every item takes at least a byte, so what is not there is found out before much memory is asked for.
    for (auto count = get<std::uint32_t>(); count > 0; --count) {
      if constexpr (detail::is_a<List, std::map>) {
        auto key = get<typename List::key_type>();
        if (!out.emplace(std::move(key), get<typename List::mapped_type>()).second) throw Malformed("a key is twice");
      } else {
        out.push_back(get<typename List::value_type>());
      }
    }
    return out;
  }
  Batch batch();

  const std::uint8_t* at_;
  std::size_t left_;
};

inline Batch Reader::batch() {
  Batch out;
  for (auto& change : list<std::vector<std::pair<Key, std::optional<Bytes>>>>()) {
    change.second ? out.put(std::move(change.first), std::move(*change.second)) : out.erase(std::move(change.first));
  }
  for (auto& expected : list<std::vector<std::pair<Key, std::optional<Bytes>>>>()) {
    expected.second ? out.expect(std::move(expected.first), std::move(*expected.second))
                    : out.expect_absent(std::move(expected.first));
  }
  return out;
}

template <class T>
T Reader::get() {
  using namespace detail;
  if constexpr (std::is_same_v<T, bool>) {
    return boolean();
  } else if constexpr (std::is_arithmetic_v<T>) {
    return integer<T>();
  } else if constexpr (std::is_enum_v<T>) {
    static_assert(last_of<T> >= 0, "this enum has no last_of");
    const auto number = integer<std::uint8_t>();
    if (number > last_of<T>) throw Malformed("an enumeration has no such value");
    return static_cast<T>(number);
  } else if constexpr (std::is_same_v<T, BytesView>) {
    return sized_view();
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return text_view(sized_view());
  } else if constexpr (std::is_same_v<T, std::string>) {
    return to_text(sized_view());
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return to_bytes(sized_view());
  } else if constexpr (std::is_same_v<T, Secret>) {
    return Secret::copy_of(sized_view());
  } else if constexpr (is_a<T, std::optional>) {
    if (!boolean()) return std::nullopt;
    return get<typename T::value_type>();
  } else if constexpr (is_a<T, std::vector> || is_a<T, std::map>) {
    return list<T>();
  } else if constexpr (is_a<T, std::pair>) {
    auto first = get<std::remove_const_t<typename T::first_type>>();
    return {std::move(first), get<typename T::second_type>()};
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return from_unix_ms(integer<std::int64_t>());
  } else if constexpr (is_time<T>) {
    return T(integer<std::int64_t>());
  } else if constexpr (std::is_same_v<T, std::array<std::uint8_t, 32>>) {
    T out;
    std::memcpy(out.data(), view(out.size()).data(), out.size());
    return out;
  } else if constexpr (std::is_same_v<T, Policy>) {
    return Policy::from(decode_cbor(get<Bytes>()));
  } else if constexpr (std::is_same_v<T, Batch>) {
    return batch();
  } else {
    static_assert(has_fields<T>, "this type has no fields_of");
    T out;
    std::apply([&](auto... member) { ((out.*member = get<std::remove_cvref_t<decltype(out.*member)>>()), ...); },
               fields_of<T>);
    return out;
  }
}

}  // namespace drawbridge::kernel::isolation
