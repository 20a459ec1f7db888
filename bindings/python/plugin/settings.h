#pragma once

#include <deque>
#include <string>
#include <vector>

#include "drawbridge/options.h"
#include "gil.h"

namespace drawbridge::python {

/// What every component that is written in Python has as options.
struct Settings {
  std::string module;
  std::string class_name;
  std::string path;
  Milliseconds call_timeout{30'000};
  std::uint32_t threads = 4;

  void declare(Options& options);
};

/// An option that the class declares, and its value. Where it is must not change: the node writes into it.
struct OwnOption {
  std::string name, kind, doc;
  std::string text;
  std::int64_t number = 0, at_least = 0, at_most = 0;
  bool flag = false, required = false;
  Milliseconds duration{};
  std::uint64_t size = 0;
  std::vector<std::string> list, choices;
  Secret secret;

  /// From a drawbridge.Option. With the GIL; throws Python errors.
  OwnOption(std::string name, const py::object& option);
  void declare(Options& options);
  /// As the class gets it. With the GIL.
  py::object value() const;
};

/// A class that can be mounted.
struct Prepared {
  Settings settings;
  Object type;
  std::vector<std::string> facets;
  std::deque<OwnOption> options;
};

/// Imports the class, within `call_timeout`. Throws Error with what is wrong with it.
Prepared prepare(const Settings& settings);

}  // namespace drawbridge::python
