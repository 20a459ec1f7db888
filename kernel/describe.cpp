#include "kernel/describe.h"

#include <fmt/core.h>

#include "kernel/log.h"
#include "kernel/options_binder.h"

namespace drawbridge::kernel {
namespace {

using Kind = OptionSpec::Kind;

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::text:
      return "text";
    case Kind::path:
      return "path";
    case Kind::number:
      return "number";
    case Kind::size:
      return "size";
    case Kind::duration:
      return "duration";
    case Kind::flag:
      return "flag";
    case Kind::choice:
      return "choice";
    case Kind::list:
      return "list";
    case Kind::secret:
      return "secret";
    case Kind::component:
      break;
  }
  return "component";
}

std::string type_text(const OptionSpec& option) {
  if (option.kind == Kind::component) return fmt::format("component ({})", option.facet);
  return std::string(kind_name(option.kind));
}

std::string default_text(const OptionSpec& option) {
  if (option.kind == Kind::component) {
    return fmt::format("the component `{}`{}", option.default_text, option.required ? "" : ", or none");
  }
  if (option.required) return "required";
  return option.default_text.empty() ? "none" : option.default_text;
}

std::string json_text(std::string_view text) {
  return fmt::format("\"{}\"", json_escaped(text));
}

std::string json_option(const OptionSpec& option) {
  std::string choices, keys;
  for (const auto& choice : option.choices) choices += (choices.empty() ? "" : ",") + json_text(choice);
  for (const auto& key : yaml_names(option)) keys += (keys.empty() ? "" : ",") + json_text(key);
  return fmt::format(R"({{"name":{},"keys":[{}],"type":"{}","facet":{},"required":{},"default":{},)"
                     R"("bounds":{},"choices":[{}],"doc":{}}})",
                     json_text(option.name), keys, kind_name(option.kind),
                     option.facet.empty() ? "null" : json_text(option.facet), option.required,
                     option.default_text.empty() ? "null" : json_text(option.default_text),
                     option.bounds.empty() ? "null" : json_text(option.bounds), choices, json_text(option.doc));
}

/// A cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

}  // namespace

PluginDescription describe(const Loader& loader, const std::string& id) {
  const auto plugin = loader.load(id);
  const auto component = plugin.create();
  if (!component) throw Error(Code::internal, fmt::format("the plugin `{}` created no component", id));
  OptionsBinder binder;
  component->options(binder);
  auto options = binder.specs();
  for (auto& option : options) {  // these would write into the component, which is gone in a moment
    option.set = nullptr;
    option.set_secret = nullptr;
    option.bind = nullptr;
  }
  return {plugin.id, plugin.version, plugin.summary, std::move(options)};
}

std::string describe_text(const PluginDescription& plugin) {
  auto out = fmt::format("{} {}\n{}\n", plugin.id, plugin.version, plugin.summary);
  if (plugin.options.empty()) return out + "\nIt has no options.\n";
  out += "\nOptions:\n";
  for (const auto& option : plugin.options) {
    out +=
        fmt::format("  {}\n      {}, {}", joined(yaml_names(option), " | "), type_text(option),
                    option.required && option.kind != Kind::component ? "required" : "default " + default_text(option));
    if (!option.bounds.empty()) out += fmt::format(" ({})", option.bounds);
    out += fmt::format("\n      {}\n", option.doc);
  }
  return out;
}

std::string describe_json(const PluginDescription& plugin) {
  std::string options;
  for (const auto& option : plugin.options) options += (options.empty() ? "" : ",") + json_option(option);
  return fmt::format(R"({{"id":{},"version":{},"summary":{},"options":[{}]}})", json_text(plugin.id),
                     json_text(plugin.version), json_text(plugin.summary), options);
}

std::string describe_markdown(const PluginDescription& plugin) {
  auto out = fmt::format("## `{}`\n\n{}\n\n", plugin.id, plugin.summary);
  if (plugin.options.empty()) return out + "It has no options.\n";
  out += "| option | type | default | bounds | what it does |\n|---|---|---|---|---|\n";
  for (const auto& option : plugin.options) {
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", joined(yaml_names(option), "` or `"), cell(type_text(option)),
                       cell(default_text(option)), cell(option.bounds), cell(option.doc));
  }
  return out;
}

}  // namespace drawbridge::kernel
