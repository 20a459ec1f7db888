#include <algorithm>
#include <set>

#include "component_cases.h"
#include "drawbridge/options.h"

namespace drawbridge::testkit {
namespace {

using Kind = OptionSpec::Kind;

class Collector final : public Options {
 public:
  std::vector<OptionSpec> specs;

 protected:
  void add(OptionSpec spec) override { specs.push_back(std::move(spec)); }
};

/// An instance and its options, which write into it.
struct Declared {
  explicit Declared(Bench& bench) : component(bench.create()) {
    check(component != nullptr, "create() returned no component");
    bench.note("in options()");
    component->options(collector);
  }
  std::shared_ptr<Component> component;
  Collector collector;
};

std::vector<std::string> values_of(const OptionSpec& option, const std::string& text) {
  if (option.kind != Kind::list) return {text};
  std::vector<std::string> items;
  for (std::size_t at = 1; at + 1 < text.size();) {
    const auto end = std::min(text.find(", ", at), text.size() - 1);
    items.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return items;
}

void accepts(const OptionSpec& option, const std::string& text, const std::string& what) {
  try {
    option.set(values_of(option, text));
  } catch (const Error& error) {
    throw Failure("the option `" + option.name + "` refuses " + what + " `" + text + "`: " + error.what());
  }
}

void refuses(const OptionSpec& option, const std::string& text) {
  try {
    option.set({text});
  } catch (const Error&) {
    return;
  }
  throw Failure("the option `" + option.name + "` accepts `" + text + "`" +
                (option.bounds.empty() ? "" : ", which is not " + option.bounds));
}

void defaults_parse(Bench& bench) {
  const Declared declared(bench);
  for (const auto& option : declared.collector.specs) {
    if (option.kind == Kind::component || option.kind == Kind::secret || option.default_text.empty()) continue;
    accepts(option, option.default_text, "its own default");
  }
}

void bounds_hold(Bench& bench) {
  const Declared declared(bench);
  for (const auto& option : declared.collector.specs) {
    if (option.kind == Kind::number || option.kind == Kind::size || option.kind == Kind::duration) {
      const auto middle = option.bounds.find(" to ");
      check(middle != std::string::npos, "the option `" + option.name + "` has no bounds");
      accepts(option, option.bounds.substr(0, middle), "its smallest value");
      accepts(option, option.bounds.substr(middle + 4), "its largest value");
    }
    for (const auto& choice : option.choices) accepts(option, choice, "its choice");
    const bool checked = option.kind != Kind::text && option.kind != Kind::path && option.kind != Kind::list &&
                         option.kind != Kind::secret && option.kind != Kind::component;
    if (checked) refuses(option, "no-such-value");
  }
}

void options_are_documented(Bench& bench) {
  const Declared declared(bench);
  std::set<std::string> names;
  for (const auto& option : declared.collector.specs) {
    check(!option.name.empty(), "an option has no name");
    for (const char c : option.name) {
      check((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_',
            "the option `" + option.name + "` is not snake_case");
    }
    check(names.insert(option.name).second, "the option `" + option.name + "` is declared twice");
    check(option.doc.size() > 3 && option.doc.ends_with('.'),
          "the option `" + option.name + "` is not documented by a sentence that ends with a full stop");
  }
}

void options_are_constant(Bench& bench) {
  const Declared first(bench), second(bench);
  const auto& a = first.collector.specs;
  const auto& b = second.collector.specs;
  check(a.size() == b.size(), "two instances declare different options");
  for (std::size_t i = 0; i < a.size(); ++i) {
    check(a[i].name == b[i].name && a[i].default_text == b[i].default_text,
          "two instances declare the option `" + a[i].name + "` differently: a default depends on something outside");
  }
  // What was set on the first must not show in the second.
  for (const auto& option : a) {
    if (option.kind == Kind::number || option.kind == Kind::size || option.kind == Kind::duration) {
      option.set({option.bounds.substr(option.bounds.find(" to ") + 4)});
    }
  }
  const Declared third(bench);
  for (std::size_t i = 0; i < a.size(); ++i) {
    check(third.collector.specs.at(i).default_text == a[i].default_text,
          "setting the option `" + a[i].name +
              "` of one instance changes the default of the next: it is kept in a "
              "global or static variable");
  }
}

void unknown_option_is_refused(Bench& bench) {
  const std::string unknown = "no_such_option_at_all";
  try {
    bench.try_option(unknown, "1");
  } catch (const Error& error) {
    check(std::string(error.what()).find(unknown) != std::string::npos,
          std::string("an unknown option is refused without its name: ") + error.what());
    return;
  }
  throw Failure("the unknown option `" + unknown + "` is accepted");
}

}  // namespace

void add_option_cases(std::vector<BenchCase>& suite) {
  suite.push_back({"component", "UnknownOptionIsRefused", unknown_option_is_refused});
  suite.push_back({"component", "OptionsAreDocumented", options_are_documented});
  suite.push_back({"component", "DefaultsParse", defaults_parse});
  suite.push_back({"component", "BoundsHold", bounds_hold});
  suite.push_back({"component", "OptionsAreTheSameForEachInstance", options_are_constant});
}

}  // namespace drawbridge::testkit
