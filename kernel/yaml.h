#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/problems.h"

namespace drawbridge::kernel {

struct Entry;

/// A piece of a YAML file with its place: what the rest of the kernel sees of YAML. `${…}` is already replaced.
struct Value {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text;     ///< Of a scalar.
  bool broken = false;  ///< Its `${…}` is a problem already: nothing more is to be said of it.
  Mark mark;
  std::vector<Value> items;    ///< Of a list.
  std::vector<Entry> entries;  ///< Of a map, in the order of the file, without duplicates.
};

struct Entry {
  std::string key;
  Mark mark;
  Value value;
};

/// "a value", "a list", "a mapping", "nothing": for messages.
std::string_view kind_text(Value::Kind kind);

/// Parses one YAML document of at most 1 MiB and replaces in its scalars
///
///   `${node.data}`   by the scalar at that dotted path, which must stand earlier in the file,
///   `${env:NAME}`    by the environment variable, which must be set,
///   `$${`            by a literal `${`.
///
/// They may stand unquoted inside of `{flow: mappings}` too, where plain YAML would not allow the braces. Duplicate
/// keys, unknown references and syntax errors become problems; after a syntax error the result is `null`. `node.data`
/// is made absolute against `folder` before anything refers to it.
DRAWBRIDGE_API Value parse_yaml(std::string_view text, const std::filesystem::path& folder, Problems& problems);

}  // namespace drawbridge::kernel
