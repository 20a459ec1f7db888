#pragma once

#include <array>
#include <concepts>
#include <span>

#include "kernel/isolation/fields.h"
#include "kernel/isolation/link.h"

/// Calls of methods in another process, made from nothing but the methods: how arguments and results are written and
/// read follows from their types. An interface is a list of methods (interfaces.h); a method is a member function, or a
/// plain function on the object where a member's types cannot cross.
namespace drawbridge::kernel::isolation {

/// The methods of an interface and its number, specialised in interfaces.h.
template <class T>
struct Interface;

/// One method as the side that has the object sees it: one of the two is there.
struct Method {
  Outgoing (*blocks)(Link& link, void* object, Incoming& message) = nullptr;
  Task<Outgoing> (*waits)(std::shared_ptr<Link> link, std::shared_ptr<void> object, Incoming message) = nullptr;
  void (*read)(Link& link, Incoming& message) = nullptr;  ///< Arguments, then a result; for the fuzzer.
};

/// Null when there is none. `number` is foreign.
DRAWBRIDGE_API const Method* find_method(std::uint16_t number);
/// How many interfaces and methods there may be; numbers are `interface << 8 | index`.
constexpr std::size_t max_interfaces = 32;

namespace detail {

template <class R>
struct Awaited {
  using type = R;
  static constexpr bool waits = false;
};
template <class R>
struct Awaited<Task<R>> {
  using type = R;
  static constexpr bool waits = true;
};

template <class R, class O, class... A>
struct Signature {
  using Object = std::remove_const_t<O>;
  using Result = std::remove_cvref_t<typename Awaited<R>::type>;
  using Arguments = std::tuple<std::remove_cvref_t<A>...>;
  static constexpr bool waits = Awaited<R>::waits;
  static constexpr bool has_result = !std::is_void_v<Result>;
};

template <class F>
struct Function;
template <class R, class O, class... A>
struct Function<R (O::*)(A...)> : Signature<R, O, A...> {};
template <class R, class O, class... A>
struct Function<R (O::*)(A...) const> : Signature<R, O, A...> {};
template <class R, class O, class... A>
struct Function<R (*)(O&, A...)> : Signature<R, O, A...> {};
template <class R, class O, class... A>
struct Function<R (*)(Link&, O&, A...)> : Signature<R, O, A...> {};

/// An object that a call makes, and that the caller owns by a handle.
template <class T>
inline constexpr bool is_object = is_a<T, std::unique_ptr>;

template <auto method>
using Result = typename Function<decltype(method)>::Result;

}  // namespace detail

template <auto... list>
struct Methods {
  static constexpr std::size_t count = sizeof...(list);

  template <auto method>
  static constexpr std::size_t index() {
    std::size_t at = 0;
    const bool found = ((std::is_same_v<std::integral_constant<decltype(list), list>,
                                        std::integral_constant<decltype(method), method>> ||
                         (++at, false)) ||
                        ...);
    static_assert(count > 0);
    return found ? at : throw "the method is not in the list of its interface";
  }
};

template <auto method>
constexpr std::uint16_t number_of() {
  using Own = Interface<typename detail::Function<decltype(method)>::Object>;
  return static_cast<std::uint16_t>(Own::number << 8 | Own::List::template index<method>());
}

/// Calls that may take as long as they like: they wait for a peer, or go through all there is.
template <auto method>
inline constexpr bool is_limited = true;

/// What goes with a handle to an object: a Stream's peer, for the others nothing.
template <class T>
std::string note_of(const T& object) {
  if constexpr (std::is_same_v<T, Stream>) return object.peer();
  return {};
}
/// A handle to an object in the other process; in proxies.cpp.
template <class T>
std::unique_ptr<T> handle_to(Remote remote, std::string note);

template <class Given>
Outgoing compose_result(Link& link, Given&& result) {
  using T = std::remove_cvref_t<Given>;
  if constexpr (detail::is_object<T>) {
    using Object = typename T::element_type;
    if (!result) throw Error(Code::internal, "the plugin returned nothing where it must return an object");
    auto out = compose(link.arena(), note_of(*result));
    out.object = link.objects().add(Interface<Object>::number, std::shared_ptr<Object>(std::move(result)));
    return out;
  } else {
    return compose(link.arena(), result);
  }
}

template <class T>
T read_result(const std::shared_ptr<Link>& link, Incoming& answer) {
  Reader reader(answer.view());
  if constexpr (detail::is_object<T>) {
    auto note = reader.get<std::string>();
    reader.expect_end();
    if (answer.header.target < Objects::first_own) throw Malformed("a call made no object");
    return handle_to<typename T::element_type>({link, answer.header.target}, std::move(note));
  } else {
    auto out = reader.get<T>();
    reader.expect_end();
    return out;
  }
}

// --- the caller's side

template <auto method, class... A>
Outgoing compose_call(Link& link, const A&... arguments) {
  static_assert(std::is_same_v<std::tuple<A...>, typename detail::Function<decltype(method)>::Arguments>);
  return compose(link.arena(), arguments...);
}

[[noreturn]] DRAWBRIDGE_API void refuse(Link& link, const Malformed& broken);

/// A call that waits: its answer as it came.
template <auto method, class... A>
Task<Incoming> ask(std::shared_ptr<Link> link, std::uint64_t object, A... arguments) {
  Outgoing message = compose_call<method>(*link, arguments...);
  Task<Incoming> task = link->request(number_of<method>(), object, std::move(message), is_limited<method>);
  try {
    Incoming answer = co_await std::move(task);
    co_return answer;
  } catch (const Malformed& broken) {
    refuse(*link, broken);
  }
}

/// A call that waits, with its result.
template <auto method, class... A>
Task<detail::Result<method>> remote(Remote to, A... arguments) {
  const auto link = to.source->link();
  Outgoing message = compose_call<method>(*link, arguments...);
  Task<Incoming> task = link->request(number_of<method>(), to.object, std::move(message), is_limited<method>);
  try {
    Incoming answer = co_await std::move(task);
    if constexpr (std::is_void_v<detail::Result<method>>) {
      Reader(answer.view()).expect_end();
      co_return;
    } else {
      co_return read_result<detail::Result<method>>(link, answer);
    }
  } catch (const Malformed& broken) {
    refuse(*link, broken);
  }
}

/// A call that blocks this thread.
template <auto method, class... A>
detail::Result<method> call(const Remote& to, const A&... arguments) {
  const auto link = to.source->link();
  try {
    Incoming answer = link->call(number_of<method>(), to.object, compose_call<method>(*link, arguments...));
    if constexpr (std::is_void_v<detail::Result<method>>) {
      Reader(answer.view()).expect_end();
    } else {
      return read_result<detail::Result<method>>(link, answer);
    }
  } catch (const Malformed& broken) {
    refuse(*link, broken);
  }
}

// --- the object's side

namespace detail {

template <auto method, class O, class... A>
decltype(auto) apply_to(Link& link, O& object, A&... arguments) {
  if constexpr (std::is_member_function_pointer_v<decltype(method)>) {
    return (object.*method)(std::move(arguments)...);
  } else if constexpr (std::is_invocable_v<decltype(method), Link&, O&, A&&...>) {
    return method(link, object, std::move(arguments)...);
  } else {
    return method(object, std::move(arguments)...);
  }
}

template <class T, std::size_t... i>
T read_tuple(Reader& reader, std::index_sequence<i...>) {
  T out{reader.get<std::tuple_element_t<i, T>>()...};  // braces: from left to right
  reader.expect_end();
  return out;
}

template <auto method>
auto read_arguments(BytesView bytes) {
  using Tuple = typename Function<decltype(method)>::Arguments;
  Reader reader(bytes);
  return read_tuple<Tuple>(reader, std::make_index_sequence<std::tuple_size_v<Tuple>>());
}

template <class O>
O& checked(void* object) {
  if (object == nullptr) throw Error(Code::unavailable, "the object is gone");
  return *static_cast<O*>(object);
}

template <auto method>
Outgoing answer_blocking(Link& link, void* object, Incoming& message) {
  using Own = Function<decltype(method)>;
  auto arguments = read_arguments<method>(message.view());
  auto& target = checked<typename Own::Object>(object);
  const auto apply = [&](auto&... each) -> decltype(auto) { return apply_to<method>(link, target, each...); };
  if constexpr (Own::has_result) {
    return compose_result(link, std::apply(apply, arguments));
  } else {
    std::apply(apply, arguments);
    return compose(link.arena());
  }
}

template <auto method>
Task<Outgoing> answer_waiting(std::shared_ptr<Link> link, std::shared_ptr<void> object, Incoming message) {
  using Own = Function<decltype(method)>;
  auto arguments = read_arguments<method>(message.view());
  auto& target = checked<typename Own::Object>(object.get());
  const auto apply = [&](auto&... each) { return apply_to<method>(*link, target, each...); };
  auto task = std::apply(apply, arguments);
  if constexpr (Own::has_result) {
    auto result = co_await std::move(task);
    co_return compose_result(*link, std::move(result));
  } else {
    co_await std::move(task);
    co_return compose(link->arena());
  }
}

template <auto method>
void read_only(Link& link, Incoming& message) {
  try {
    read_arguments<method>(message.view());
  } catch (const Malformed&) {
  }
  using R = typename Function<decltype(method)>::Result;
  if constexpr (!std::is_void_v<R>) read_result<R>(link.shared_from_this(), message);
}

template <auto method>
constexpr Method entry() {
  if constexpr (Function<decltype(method)>::waits) {
    return {nullptr, &answer_waiting<method>, &read_only<method>};
  } else {
    return {&answer_blocking<method>, nullptr, &read_only<method>};
  }
}

template <class List>
struct Table;
template <auto... list>
struct Table<Methods<list...>> {
  static constexpr std::array<Method, sizeof...(list)> entries{entry<list>()...};
};

}  // namespace detail

/// The methods of an interface, in the order of their numbers.
template <class T>
constexpr std::span<const Method> methods_of() {
  return detail::Table<typename Interface<T>::List>::entries;
}

}  // namespace drawbridge::kernel::isolation
