#include "kernel/options_binder.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "drawbridge/files.h"

namespace drawbridge::kernel {
namespace {

using Kind = OptionSpec::Kind;

bool names_include(const OptionSpec& spec, std::string_view key) {
  if (spec.kind != Kind::secret) return spec.name == key;
  return key.starts_with(spec.name) &&
         (key.substr(spec.name.size()) == "_file" || key.substr(spec.name.size()) == "_env");
}

std::filesystem::path absolute(const std::filesystem::path& folder, const std::string& text) {
  return (folder / text).lexically_normal();
}

Secret secret_from_environment(const std::string& variable) {
  const char* found = std::getenv(variable.c_str());
  if (found == nullptr) {
    throw Error(Code::not_found, "the environment variable '" + variable + "' is not set",
                "export " + variable + "=… before starting");
  }
  if (*found == '\0') throw Error(Code::invalid, "the environment variable '" + variable + "' is empty");
  return Secret::copy_of(std::string_view(found));
}

}  // namespace

bool OptionValues::same(const OptionValues& other) const {
  const auto equal = [](const auto& mine, const auto& its) {
    return mine.first == its.first && mine.second.equals(its.second.bytes());
  };
  return texts == other.texts &&
         std::equal(secrets.begin(), secrets.end(), other.secrets.begin(), other.secrets.end(), equal);
}

std::vector<std::string> yaml_names(const OptionSpec& spec) {
  if (spec.kind == Kind::secret) return {spec.name + "_file", spec.name + "_env"};
  return {spec.name};
}

void OptionsBinder::add(OptionSpec spec) {
  for (const auto& key : yaml_names(spec)) {
    if (key == "plugin" || key == "isolate" || find(key) != nullptr) {
      throw Error(Code::internal, "the plugin declares the option `" + key + "` that is already taken");
    }
  }
  specs_.push_back(std::move(spec));
}

const OptionSpec* OptionsBinder::find(std::string_view key) const {
  const auto found =
      std::find_if(specs_.begin(), specs_.end(), [&](const OptionSpec& spec) { return names_include(spec, key); });
  return found == specs_.end() ? nullptr : &*found;
}

void OptionsBinder::apply(const std::vector<Entry>& entries, Mark owner, const std::filesystem::path& folder,
                          Problems& problems) {
  references_.clear();
  values_ = {};
  std::map<const OptionSpec*, const Entry*> given;
  for (const auto& entry : entries) {
    const OptionSpec* spec = find(entry.key);
    if (spec == nullptr) {
      report_unknown(entry, problems);
      continue;
    }
    const auto [earlier, fresh] = given.emplace(spec, &entry);
    if (fresh) {
      apply_one(*spec, entry, folder, problems);
    } else {
      problems.add(entry.mark, fmt::format("`{}` and `{}` are given, one is enough", earlier->second->key, entry.key));
    }
  }
  for (const auto& spec : specs_) {
    if (!given.contains(&spec)) missing(spec, owner, problems);
  }
}

void OptionsBinder::missing(const OptionSpec& spec, Mark owner, Problems& problems) {
  if (spec.kind == Kind::component) {
    references_.push_back({&spec, spec.name, false, owner});
  } else if (spec.required) {
    problems.add(owner, fmt::format("`{}` is missing", joined(yaml_names(spec), "` or `")), spec.doc);
  }
}

void OptionsBinder::apply_one(const OptionSpec& spec, const Entry& entry, const std::filesystem::path& folder,
                              Problems& problems) {
  const Value& value = entry.value;
  if (value.broken) return;
  std::vector<std::string> texts;
  if (value.kind == Value::Kind::scalar) {
    texts.push_back(value.text);
  } else if (spec.kind == Kind::list && value.kind == Value::Kind::list) {
    for (const auto& item : value.items) {
      if (item.broken) return;
      if (item.kind == Value::Kind::scalar) {
        texts.push_back(item.text);
      } else {
        problems.add(item.mark,
                     fmt::format("`{}`: an item must be a single value, not {}", entry.key, kind_text(item.kind)));
      }
    }
    if (texts.size() != value.items.size()) return;
  } else {
    problems.add(value.mark.line > 0 ? value.mark : entry.mark,
                 fmt::format("`{}` must be {}, not {}", entry.key,
                             spec.kind == Kind::list ? "a list" : "a single value", kind_text(value.kind)));
    return;
  }
  if (spec.kind == Kind::component) {
    references_.push_back({&spec, texts.front(), true, value.mark});
    return;
  }
  if (spec.kind == Kind::secret) return apply_secret(spec, entry, folder, problems);
  if (spec.kind == Kind::path && !texts.front().empty()) texts.front() = absolute(folder, texts.front()).string();
  try {
    spec.set(texts);
    const bool is_default = !spec.required && spec.kind != Kind::list && texts.front() == spec.default_text;
    if (!is_default) values_.texts[spec.name] = texts;
  } catch (const Error& error) {
    problems.add(value.mark, fmt::format("`{}`: {}", entry.key, error.what()), error.hint());
  }
}

void OptionsBinder::apply_secret(const OptionSpec& spec, const Entry& entry, const std::filesystem::path& folder,
                                 Problems& problems) {
  try {
    if (entry.value.text.empty()) throw Error(Code::invalid, "must not be empty");
    auto secret = entry.key.ends_with("_env") ? secret_from_environment(entry.value.text)
                                              : read_secret_file(absolute(folder, entry.value.text));
    values_.secrets.insert_or_assign(spec.name, secret.clone());
    spec.set_secret(std::move(secret));
  } catch (const Error& error) {
    auto hint = error.hint();
    if (hint.empty()) hint = "put the secret into a file of your own with mode 600";
    problems.add(entry.value.mark, fmt::format("`{}`: {}", entry.key, error.what()), std::move(hint));
  }
}

void OptionsBinder::report_unknown(const Entry& entry, Problems& problems) const {
  std::vector<std::string> known;
  for (const auto& spec : specs_) {
    if (spec.kind == Kind::secret && spec.name == entry.key) {
      problems.add(entry.mark, fmt::format("`{}` is a secret and never stands in the configuration itself", entry.key),
                   fmt::format("use `{0}_file: FILE` or `{0}_env: NAME`", entry.key));
      return;
    }
    for (auto& name : yaml_names(spec)) known.push_back(std::move(name));
  }
  auto near = did_you_mean(entry.key, known);
  auto hint = near.empty() ? "known options: " + joined(known) : std::string();
  problems.add(entry.mark, fmt::format("unknown option `{}`{}", entry.key, near), std::move(hint));
}

}  // namespace drawbridge::kernel
