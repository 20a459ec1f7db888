#pragma once

#include <array>
#include <boost/describe/enum_to_string.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>
#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/clock.h"
#include "drawbridge/http/errors.h"

/// JSON and query strings bound to C++ structs, and structs written as JSON. A struct is described once, with
/// Boost.Describe:
///
///     struct Share {
///       std::string data;                           // required
///       std::optional<Timestamp> expires_at;        // may be absent or null
///       http::Default<std::uint32_t> copies = 1;    // may be absent, and then is 1
///       void check(http::Checks& checks) const {    // may be there: what types cannot say
///         if (*copies > 10) checks.fail("copies", "must be at most 10");
///       }
///     };
///     BOOST_DESCRIBE_STRUCT(Share, (), (data, expires_at, copies))
///     Share share = http::json_as<Share>(text);
///
/// Members may be bool, integers (checked for range), double, std::string (valid UTF-8), Timestamp (RFC 3339), Bytes
/// (base64), described enums (by name), described structs, std::vector, std::map<std::string, …>,
/// std::optional, Default, and boost::json::value (anything). Every wrong field is reported, not only the first; an
/// unknown field is refused. All functions are thread-safe.
namespace drawbridge::http {

inline constexpr std::size_t max_json_depth = 32;

/// A member that may be left out and then keeps its value.
template <class T>
struct Default {
  T value{};
  constexpr Default() = default;
  template <class U>
  requires std::convertible_to<U, T>
  constexpr Default(U&& initial) : value(static_cast<T>(std::forward<U>(initial))) {}
  constexpr operator const T&() const { return value; }
  constexpr const T& operator*() const { return value; }
  constexpr const T* operator->() const { return &value; }
};

struct BindOptions {
  bool from_text = false;      ///< Scalars come as text, as in a query string, and a list may be a single value.
  bool allow_unknown = false;  ///< For answers of a newer node.
};

/// Where in the document a value stands. Lives on the stack of the binder.
struct JsonPath {
  static constexpr std::size_t no_index = std::numeric_limits<std::size_t>::max();
  const JsonPath* parent = nullptr;
  std::string_view name{};
  std::size_t index = no_index;
  DRAWBRIDGE_API std::string text() const;
};

/// Collects what is wrong while a document is bound. Used by the templates below.
class DRAWBRIDGE_API Binding {
 public:
  explicit Binding(BindOptions options) : options_(options) {}

  const BindOptions& options() const { return options_; }
  std::size_t error_count() const { return count_; }
  void fail(const JsonPath& path, std::string message);
  /// Throws FieldErrors when anything failed.
  void finish();

  const boost::json::object* object(const boost::json::value& value, const JsonPath& path);
  const boost::json::array* array(const boost::json::value& value, const JsonPath& path);
  void refuse_unknown(const boost::json::object& object, std::span<const std::string_view> known, const JsonPath& path);

  void read(const boost::json::value& value, const JsonPath& path, bool& out);
  void read(const boost::json::value& value, const JsonPath& path, double& out);
  void read(const boost::json::value& value, const JsonPath& path, std::string& out);
  void read(const boost::json::value& value, const JsonPath& path, Timestamp& out);
  void read(const boost::json::value& value, const JsonPath& path, Bytes& out);
  void read(const boost::json::value& value, const JsonPath& path, boost::json::value& out);
  /// Returns whether the value is a whole number from `min` to `max` and was stored.
  bool read_signed(const boost::json::value& value, const JsonPath& path, std::int64_t min, std::int64_t max,
                   std::int64_t& out);
  bool read_unsigned(const boost::json::value& value, const JsonPath& path, std::uint64_t max, std::uint64_t& out);
  /// The place of the text among `names`, or fails and returns their number.
  std::size_t read_choice(const boost::json::value& value, const JsonPath& path,
                          std::span<const std::string_view> names);

 private:
  BindOptions options_;
  std::vector<FieldError> errors_;
  std::size_t count_ = 0;
};

/// What a struct's own `check` reports to.
class Checks {
 public:
  Checks(Binding& binding, const JsonPath& path) : binding_(binding), path_(path) {}
  void fail(std::string_view field, std::string message) { binding_.fail(JsonPath{&path_, field}, std::move(message)); }

 private:
  Binding& binding_;
  const JsonPath& path_;
};

namespace detail {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_default : std::false_type {};
template <class T>
struct is_default<Default<T>> : std::true_type {};
template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::bool_constant<!std::is_same_v<T, std::uint8_t>> {};
template <class T>
struct is_map : std::false_type {};
template <class T>
struct is_map<std::map<std::string, T>> : std::true_type {};

template <class T>
concept DescribedStruct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;
template <class T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <template <class...> class L, class... D>
constexpr auto names_in(L<D...>) {
  return std::array<std::string_view, sizeof...(D)>{std::string_view(D::name)...};
}

template <class T>
void bind_value(Binding& binding, const JsonPath& path, const boost::json::value& value, T& out);

template <DescribedStruct T>
void bind_struct(Binding& binding, const JsonPath& path, const boost::json::value& value, T& out) {
  const auto* object = binding.object(value, path);
  if (!object) return;
  const auto errors_before = binding.error_count();
  static constexpr auto names = names_in(Members<T>{});
  if (!binding.options().allow_unknown) binding.refuse_unknown(*object, names, path);
  boost::mp11::mp_for_each<Members<T>>([&](auto descriptor) {
    auto& member = out.*descriptor.pointer;
    using Member = std::remove_cvref_t<decltype(member)>;
    constexpr bool may_be_absent = is_optional<Member>::value || is_default<Member>::value;
    const JsonPath here{&path, descriptor.name};
    const auto* found = object->if_contains(descriptor.name);
    if (found && !(found->is_null() && may_be_absent)) {
      bind_value(binding, here, *found, member);
    } else if (!may_be_absent) {
      binding.fail(here, "is required");
    }
  });
  if constexpr (requires(Checks & checks) { std::as_const(out).check(checks); }) {
    Checks checks(binding, path);
    if (binding.error_count() == errors_before) std::as_const(out).check(checks);
  }
}

template <class T>
void bind_list(Binding& binding, const JsonPath& path, const boost::json::value& value, std::vector<T>& out) {
  if (binding.options().from_text && !value.is_array()) {
    bind_value(binding, path, value, out.emplace_back());
    return;
  }
  const auto* array = binding.array(value, path);
  if (!array) return;
  out.reserve(array->size());
  std::size_t index = 0;
  for (const auto& item : *array) {
    T element{};
    bind_value(binding, JsonPath{&path, {}, index++}, item, element);
    out.push_back(std::move(element));
  }
}

template <class T>
void bind_map(Binding& binding, const JsonPath& path, const boost::json::value& value, std::map<std::string, T>& out) {
  const auto* object = binding.object(value, path);
  if (!object) return;
  for (const auto& [key, item] : *object) {
    bind_value(binding, JsonPath{&path, {key.data(), key.size()}}, item, out[std::string(key.data(), key.size())]);
  }
}

template <DescribedEnum T>
void bind_enum(Binding& binding, const JsonPath& path, const boost::json::value& value, T& out) {
  using Enumerators = boost::describe::describe_enumerators<T>;
  static constexpr auto names = names_in(Enumerators{});
  const auto place = binding.read_choice(value, path, names);
  if (place < names.size())
    boost::mp11::mp_with_index<names.size()>(
        place, [&](auto i) { out = boost::mp11::mp_at<Enumerators, decltype(i)>::value; });
}

template <std::integral T>
void bind_integer(Binding& binding, const JsonPath& path, const boost::json::value& value, T& out) {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_signed_v<T>) {
    std::int64_t wide = 0;
    if (binding.read_signed(value, path, Limits::min(), Limits::max(), wide)) out = static_cast<T>(wide);
  } else {
    std::uint64_t wide = 0;
    if (binding.read_unsigned(value, path, Limits::max(), wide)) out = static_cast<T>(wide);
  }
}

template <class T>
void bind_value(Binding& binding, const JsonPath& path, const boost::json::value& value, T& out) {
  if constexpr (is_optional<T>::value) {
    if (!value.is_null()) bind_value(binding, path, value, out.emplace());
  } else if constexpr (is_default<T>::value) {
    bind_value(binding, path, value, out.value);
  } else if constexpr (is_vector<T>::value) {
    bind_list(binding, path, value, out);
  } else if constexpr (is_map<T>::value) {
    bind_map(binding, path, value, out);
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double> || std::is_same_v<T, std::string> ||
                       std::is_same_v<T, Timestamp> || std::is_same_v<T, Bytes> ||
                       std::is_same_v<T, boost::json::value>) {
    binding.read(value, path, out);
  } else if constexpr (std::is_integral_v<T>) {
    bind_integer(binding, path, value, out);
  } else if constexpr (DescribedEnum<T>) {
    bind_enum(binding, path, value, out);
  } else {
    static_assert(DescribedStruct<T>, "describe the struct with BOOST_DESCRIBE_STRUCT");
    bind_struct(binding, path, value, out);
  }
}

DRAWBRIDGE_API void write_text(std::string& out, std::string_view text);
DRAWBRIDGE_API void write_number(std::string& out, std::int64_t number);
DRAWBRIDGE_API void write_number(std::string& out, std::uint64_t number);
DRAWBRIDGE_API void write_number(std::string& out, double number);
DRAWBRIDGE_API void write_value(std::string& out, const boost::json::value& value);

template <class T>
void write(std::string& out, const T& value);

template <class Range, class WriteItem>
void write_items(std::string& out, char open, char close, const Range& items, WriteItem write_item) {
  out += open;
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    write_item(item);
  }
  out += close;
}

template <DescribedStruct T>
void write_struct(std::string& out, const T& value) {
  out += '{';
  bool first = true;
  boost::mp11::mp_for_each<Members<T>>([&](auto descriptor) {
    const auto& member = value.*descriptor.pointer;
    if constexpr (is_optional<std::remove_cvref_t<decltype(member)>>::value) {
      if (!member) return;
    }
    if (!first) out += ',';
    first = false;
    write_text(out, descriptor.name);
    out += ':';
    write(out, member);
  });
  out += '}';
}

template <class T>
void write(std::string& out, const T& value) {
  if constexpr (is_optional<T>::value) {
    if (value) {
      write(out, *value);
    } else {
      out += "null";
    }
  } else if constexpr (is_default<T>::value) {
    write(out, value.value);
  } else if constexpr (is_vector<T>::value) {
    write_items(out, '[', ']', value, [&](const auto& item) { write(out, item); });
  } else if constexpr (is_map<T>::value) {
    write_items(out, '{', '}', value, [&](const auto& item) {
      write_text(out, item.first);
      out += ':';
      write(out, item.second);
    });
  } else if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    write_text(out, to_rfc3339(value));
  } else if constexpr (std::is_same_v<T, Bytes>) {
    write_text(out, to_base64(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    write_number(out, static_cast<double>(value));
  } else if constexpr (std::is_integral_v<T>) {
    write_number(out, static_cast<std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>(value));
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    write_text(out, value);
  } else if constexpr (DescribedEnum<T>) {
    write_text(out, boost::describe::enum_to_string(value, ""));
  } else if constexpr (DescribedStruct<T>) {
    write_struct(out, value);
  } else {
    static_assert(std::is_convertible_v<const T&, boost::json::value>,
                  "describe the struct with BOOST_DESCRIBE_STRUCT");
    write_value(out, value);
  }
}

}  // namespace detail

/// Parses RFC 8259 text of at most `max_json_depth` levels. Throws StatusError{400} that names the place.
DRAWBRIDGE_API boost::json::value parse_json(std::string_view text);

/// Binds a parsed document. Throws FieldErrors.
template <class T>
T bind_json(const boost::json::value& value, BindOptions options = {}) {
  Binding binding(options);
  T out{};
  detail::bind_value(binding, JsonPath{}, value, out);
  binding.finish();
  return out;
}

/// Parses and binds. Throws StatusError{400}, FieldErrors.
template <class T>
T json_as(std::string_view text, BindOptions options = {}) {
  return bind_json<T>(parse_json(text), options);
}

/// Compact JSON text; an absent std::optional member is left out, text that is not UTF-8 has its bad bytes replaced.
template <class T>
std::string to_json(const T& value) {
  std::string out;
  detail::write(out, value);
  return out;
}

/// The same as a document, to be put into another one.
template <class T>
boost::json::value to_json_value(const T& value) {
  return parse_json(to_json(value));
}

}  // namespace drawbridge::http
