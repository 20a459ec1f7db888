#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "drawbridge/bytes.h"
#include "drawbridge/clock.h"
#include "drawbridge/component.h"
#include "drawbridge/secret.h"

namespace drawbridge {

template <class T>
struct Bounds {
  T min;
  T max;
};

/// One option as its author declared it: enough to parse it, to bound it and to document it.
struct OptionSpec {
  enum class Kind { text, path, number, size, duration, flag, choice, list, secret, component };

  std::string name;  ///< As in YAML. A secret `password` is written `password_file` or `password_env`.
  Kind kind = Kind::text;
  std::string default_text;  ///< As it would stand in YAML; empty with `required`, or for "none".
  bool required = false;
  std::string bounds;  ///< "1 to 65535"; empty when there are none.
  std::string doc;     ///< One sentence.
  std::vector<std::string> choices;
  std::string facet;  ///< For `component`: the facet's name.

  /// Takes the value (a scalar; for `list`, one call with all its items). Throws Error{invalid} that says what is
  /// wrong.
  std::function<void(const std::vector<std::string>& values)> set;
  /// For `secret`: takes the content.
  std::function<void(Secret)> set_secret;
  /// For `component`: false when that component lacks the facet.
  std::function<bool(const std::shared_ptr<Component>&)> bind;
};

/// The list of a component's options, declared in `Component::options`. The same list parses the YAML, bounds the
/// values, refuses unknown names, finds the dependencies and prints the documentation.
///
///     void options(Options& o) override {
///       o.path("path", path_, "Folder of the database; created when missing.");
///       o.size("cache", cache_bytes_, {1_MiB, 64_GiB}, "Memory for the block cache.");
///       o.use("records", records_, "Where the keys are kept.");
///     }
///
/// The variable's value at the time of the call is the default; a `required_` form has none. Values are set
/// after `options()` has returned, all errors of a file are reported at once.
class DRAWBRIDGE_API Options {
 public:
  virtual ~Options();

  void text(std::string name, std::string& value, std::string doc);
  void required_text(std::string name, std::string& value, std::string doc);

  /// A file or folder. A relative one is relative to the configuration file.
  void path(std::string name, std::string& value, std::string doc);
  void required_path(std::string name, std::string& value, std::string doc);

  template <std::integral T>
  void number(std::string name, T& value, Bounds<T> bounds, std::string doc) {
    add_number(std::move(name), static_cast<std::int64_t>(value),
               {static_cast<std::int64_t>(bounds.min), static_cast<std::int64_t>(bounds.max)}, std::move(doc),
               [&value](std::int64_t parsed) { value = static_cast<T>(parsed); });
  }

  /// Bytes: "64MiB".
  void size(std::string name, std::uint64_t& value, Bounds<std::uint64_t> bounds, std::string doc);
  /// "30s".
  void duration(std::string name, Milliseconds& value, Bounds<Milliseconds> bounds, std::string doc);
  void flag(std::string name, bool& value, std::string doc);
  void choice(std::string name, std::string& value, std::vector<std::string> choices, std::string doc);
  void list(std::string name, std::vector<std::string>& value, std::string doc);

  /// A secret is never in the YAML: the option is `<name>_file` (which must not be readable by others) or `<name>_env`.
  /// One trailing newline is dropped. An empty secret is refused.
  void secret(std::string name, Secret& value, std::string doc);
  /// The same, and may be left out; `value` then stays empty.
  void optional_secret(std::string name, Secret& value, std::string doc);

  /// A dependency on another component's facet. The option's value is that component's name; left out, it is the
  /// component that has the option's own name.
  template <class Facet>
  void use(std::string name, Ref<Facet>& ref, std::string doc) {
    add_use(std::move(name), std::string(Facet::facet_name), std::move(doc), true, binder(ref));
  }
  /// The same, and stays empty when left out and no component has that name.
  template <class Facet>
  void use_optional(std::string name, Ref<Facet>& ref, std::string doc) {
    add_use(std::move(name), std::string(Facet::facet_name), std::move(doc), false, binder(ref));
  }

 protected:
  /// What the kernel implements: collect the declared options.
  virtual void add(OptionSpec spec) = 0;

 private:
  using Binder = std::function<bool(const std::shared_ptr<Component>&)>;

  template <class Facet>
  static Binder binder(Ref<Facet>& ref) {
    return [&ref](const std::shared_ptr<Component>& component) {
      auto facet = std::dynamic_pointer_cast<Facet>(component);
      if (!facet) return false;
      ref.bind(std::move(facet));
      return true;
    };
  }
  void add_number(std::string name, std::int64_t value, Bounds<std::int64_t> bounds, std::string doc,
                  std::function<void(std::int64_t)> set);
  void add_secret(std::string name, Secret& value, std::string doc, bool required);
  void add_use(std::string name, std::string facet, std::string doc, bool required, Binder bind);
};

}  // namespace drawbridge
