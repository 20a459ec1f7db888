#include "drawbridge/options.h"

#include <algorithm>
#include <charconv>
#include <memory>

namespace drawbridge {
namespace {

using Kind = OptionSpec::Kind;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(Code::invalid, message);
}

const std::string& scalar(const std::vector<std::string>& values) {
  if (values.size() != 1) refuse("must be a single value");
  return values.front();
}

OptionSpec text_spec(std::string name, Kind kind, std::string& value, bool required, std::string doc) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.kind = kind;
  spec.default_text = value;
  spec.required = required;
  spec.doc = std::move(doc);
  spec.set = [&value](const std::vector<std::string>& values) {
    if (scalar(values).empty()) refuse("must not be empty");
    value = values.front();
  };
  return spec;
}

}  // namespace

void Options::text(std::string name, std::string& value, std::string doc) {
  add(text_spec(std::move(name), Kind::text, value, false, std::move(doc)));
}

void Options::required_text(std::string name, std::string& value, std::string doc) {
  add(text_spec(std::move(name), Kind::text, value, true, std::move(doc)));
}

void Options::path(std::string name, std::string& value, std::string doc) {
  add(text_spec(std::move(name), Kind::path, value, false, std::move(doc)));
}

void Options::required_path(std::string name, std::string& value, std::string doc) {
  add(text_spec(std::move(name), Kind::path, value, true, std::move(doc)));
}

void Options::add_number(std::string name, std::int64_t value, Bounds<std::int64_t> bounds, std::string doc,
                         std::function<void(std::int64_t)> set) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.kind = Kind::number;
  spec.default_text = std::to_string(value);
  spec.bounds = std::to_string(bounds.min) + " to " + std::to_string(bounds.max);
  spec.doc = std::move(doc);
  spec.set = [bounds, text = spec.bounds, set = std::move(set)](const std::vector<std::string>& values) {
    const std::string& given = scalar(values);
    std::int64_t parsed = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), parsed);
    if (error != std::errc() || end != given.data() + given.size()) refuse("'" + given + "' is not a whole number");
    if (parsed < bounds.min || parsed > bounds.max) refuse(given + " is out of bounds, must be " + text);
    set(parsed);
  };
  add(std::move(spec));
}

void Options::size(std::string name, std::uint64_t& value, Bounds<std::uint64_t> bounds, std::string doc) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.kind = Kind::size;
  spec.default_text = size_text(value);
  spec.bounds = size_text(bounds.min) + " to " + size_text(bounds.max);
  spec.doc = std::move(doc);
  spec.set = [bounds, text = spec.bounds, &value](const std::vector<std::string>& values) {
    const auto parsed = parse_size(scalar(values));
    if (!parsed) refuse("'" + values.front() + "' is not a size, write it like 64MiB");
    if (*parsed < bounds.min || *parsed > bounds.max) refuse(values.front() + " is out of bounds, must be " + text);
    value = *parsed;
  };
  add(std::move(spec));
}

void Options::duration(std::string name, Milliseconds& value, Bounds<Milliseconds> bounds, std::string doc) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.kind = Kind::duration;
  spec.default_text = to_text(value);
  spec.bounds = to_text(bounds.min) + " to " + to_text(bounds.max);
  spec.doc = std::move(doc);
  spec.set = [bounds, text = spec.bounds, &value](const std::vector<std::string>& values) {
    const auto parsed = parse_duration(scalar(values));
    if (!parsed) refuse("'" + values.front() + "' is not a duration, write it like 30s");
    if (*parsed < bounds.min || *parsed > bounds.max) refuse(values.front() + " is out of bounds, must be " + text);
    value = *parsed;
  };
  add(std::move(spec));
}

void Options::flag(std::string name, bool& value, std::string doc) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.kind = Kind::flag;
  spec.default_text = value ? "true" : "false";
  spec.doc = std::move(doc);
  spec.set = [&value](const std::vector<std::string>& values) {
    const std::string& given = scalar(values);
    if (given != "true" && given != "false") refuse("'" + given + "' is neither true nor false");
    value = given == "true";
  };
  add(std::move(spec));
}

void Options::choice(std::string name, std::string& value, std::vector<std::string> choices, std::string doc) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.kind = Kind::choice;
  spec.default_text = value;
  spec.doc = std::move(doc);
  spec.choices = choices;
  for (const auto& choice : choices) spec.bounds += (spec.bounds.empty() ? "" : ", ") + choice;
  spec.set = [choices = std::move(choices), text = spec.bounds, &value](const std::vector<std::string>& values) {
    if (std::find(choices.begin(), choices.end(), scalar(values)) == choices.end()) {
      refuse("'" + values.front() + "' is not one of " + text);
    }
    value = values.front();
  };
  add(std::move(spec));
}

void Options::list(std::string name, std::vector<std::string>& value, std::string doc) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.kind = Kind::list;
  for (const auto& item : value) spec.default_text += (spec.default_text.empty() ? "[" : ", ") + item;
  spec.default_text += spec.default_text.empty() ? "[]" : "]";
  spec.doc = std::move(doc);
  spec.set = [&value](const std::vector<std::string>& values) { value = values; };
  add(std::move(spec));
}

void Options::secret(std::string name, Secret& value, std::string doc) {
  add_secret(std::move(name), value, std::move(doc), true);
}

void Options::optional_secret(std::string name, Secret& value, std::string doc) {
  add_secret(std::move(name), value, std::move(doc), false);
}

void Options::add_secret(std::string name, Secret& value, std::string doc, bool required) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.kind = Kind::secret;
  spec.required = required;
  spec.doc = std::move(doc);
  spec.set_secret = [&value](Secret content) { value = std::move(content); };
  add(std::move(spec));
}

void Options::add_use(std::string name, std::string facet, std::string doc, bool required, Binder bind) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.kind = Kind::component;
  spec.default_text = spec.name;
  spec.required = required;
  spec.doc = std::move(doc);
  spec.facet = std::move(facet);
  spec.bind = std::move(bind);
  add(std::move(spec));
}

}  // namespace drawbridge
