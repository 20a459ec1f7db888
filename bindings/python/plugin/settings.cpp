#include "settings.h"

#include <future>
#include <memory>
#include <thread>

#include "buffers.h"
#include "interpreter.h"
#include "values.h"

namespace drawbridge::python {
namespace {

constexpr Milliseconds longest{24 * 60 * 60 * 1000};

std::string text_or_empty(const py::object& value) {
  return value.is_none() ? std::string() : value.cast<std::string>();
}

/// On a thread of its own, since the module's code may do anything.
Prepared import_class(const Settings& settings) {
  ensure_interpreter();
  const WithGil gil;
  if (!gil) throw Error(Code::unavailable, "the interpreter is ending");
  try {
    const auto found = mount_function("load")(settings.path, settings.module, settings.class_name).cast<py::tuple>();
    Prepared out{settings, Object(found[0]), found[1].cast<std::vector<std::string>>(), {}};
    for (const auto item : found[2]) {
      const auto pair = item.cast<py::tuple>();
      try {
        out.options.emplace_back(pair[0].cast<std::string>(), py::object(pair[1]));
      } catch (const std::exception&) {  // of a cast
        throw Error(Code::invalid, "the option `" + pair[0].cast<std::string>() + "` of the class `" +
                                       settings.class_name + "` is declared with values of a wrong type");
      }
    }
    return out;
  } catch (const py::error_already_set& raised) {
    std::string trace;
    const auto error = plugin_error(raised, &trace);
    if (error.code() != Code::internal) throw error;
    throw Error(Code::invalid, "the module `" + settings.module + "` cannot be imported: " + error.what(),
                "mend it; `python3 -c 'import " + settings.module + "'` in its folder shows the whole of it");
  }
}

}  // namespace

void Settings::declare(Options& options) {
  options.required_text("module", module, "The Python module that has the class; it is imported by a check, too.");
  options.required_text("class", class_name, "The class: one that derives from drawbridge.Records or another facet.");
  options.path("path", path, "The folder of the module; left out, the module is installed.");
  options.duration("call_timeout", call_timeout, {Milliseconds(10), longest},
                   "How long one call of the class may take before its caller is told that it is unavailable.");
  options.number("threads", threads, {1U, 64U}, "How many threads run the class; one that hangs holds one of them.");
}

OwnOption::OwnOption(std::string own_name, const py::object& option)
    : name(std::move(own_name)),
      kind(option.attr("kind").cast<std::string>()),
      doc(option.attr("doc").cast<std::string>()) {
  const py::object given = option.attr("default");
  if (kind == "text" || kind == "path" || kind == "choice") {
    required = given.is_none();
    text = text_or_empty(given);
  } else if (kind == "list") {
    list = given.cast<std::vector<std::string>>();
  } else if (kind == "flag") {
    flag = given.cast<bool>();
  } else if (kind != "secret") {
    number = given.cast<std::int64_t>();
    at_least = option.attr("at_least").cast<std::int64_t>();
    at_most = option.attr("at_most").cast<std::int64_t>();
  }
  duration = Milliseconds(number);
  size = static_cast<std::uint64_t>(number);
  choices = option.attr("choices").cast<std::vector<std::string>>();
}

void OwnOption::declare(Options& options) {
  if (kind == "text") {
    required ? options.required_text(name, text, doc) : options.text(name, text, doc);
  } else if (kind == "path") {
    required ? options.required_path(name, text, doc) : options.path(name, text, doc);
  } else if (kind == "choice") {
    options.choice(name, text, choices, doc);
  } else if (kind == "list") {
    options.list(name, list, doc);
  } else if (kind == "flag") {
    options.flag(name, flag, doc);
  } else if (kind == "number") {
    options.number(name, number, {at_least, at_most}, doc);
  } else if (kind == "size") {
    options.size(name, size, {static_cast<std::uint64_t>(at_least), static_cast<std::uint64_t>(at_most)}, doc);
  } else if (kind == "duration") {
    options.duration(name, duration, {Milliseconds(at_least), Milliseconds(at_most)}, doc);
  } else if (kind == "secret") {
    options.secret(name, secret, doc);
  } else {
    throw Error(Code::invalid, "the option `" + name + "` is of the unknown kind `" + kind + "`");
  }
}

py::object OwnOption::value() const {
  const auto plain = [this]() -> py::object {
    if (kind == "list") return to_python(list);
    if (kind == "flag") return py::bool_(flag);
    if (kind == "number") return py::int_(number);
    if (kind == "size") return py::int_(size);
    if (kind == "duration") return py::int_(duration.count());
    if (kind == "secret") return to_python(secret.clone());
    return to_python(text);
  };
  return mount_function("arguments")(kind, plain());
}

Prepared prepare(const Settings& settings) {
  if (Py_IsInitialized() != 0 && PyGILState_Check() != 0) return import_class(settings);
  const auto promise = std::make_shared<std::promise<Prepared>>();
  auto result = promise->get_future();
  std::thread([promise, settings] {
    try {
      promise->set_value(import_class(settings));
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  }).detach();
  if (result.wait_for(settings.call_timeout) != std::future_status::ready) {
    throw Error(
        Code::unavailable,
        "the import of the module `" + settings.module + "` has not ended within " + to_text(settings.call_timeout),
        "a module only defines; what takes long belongs in `start` of the class");
  }
  return result.get();
}

}  // namespace drawbridge::python
