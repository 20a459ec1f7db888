#include <algorithm>
#include <cstring>

#include "component_cases.h"
#include "drawbridge/selector.h"

namespace drawbridge::testkit {
namespace {

template <std::size_t n>
std::string text_of(const char (&text)[n], const std::string& field) {
  const auto length = ::strnlen(text, n);
  check(length < n, "the descriptor's " + field + " fills its " + std::to_string(n) + " bytes; shorten it");
  check(std::all_of(text + length, text + n, [](char c) { return c == 0; }),
        "the descriptor's " + field + " has rubbish behind its end");
  return text;
}

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

void check_id(const std::string& id, const Component& made) {
  check(std::all_of(id.begin(), id.end(), is_id_character),
        "the id `" + id + "` has other characters than a-z 0-9 _ - .");
  // What a selector makes is of several kinds.
  if (id.find('.') == std::string::npos && dynamic_cast<const Selector*>(&made) != nullptr) return;
  const auto dot = id.find('.');
  check(dot != std::string::npos && dot > 0 && dot + 1 < id.size(),
        "the id `" + id + "` is not a kind, a dot and a name, like `storage.memory`");
}

void check_version(const std::string& version) {
  const bool sound = !version.empty() && version.front() >= '0' && version.front() <= '9' &&
                     std::count(version.begin(), version.end(), '.') >= 2;
  check(sound, "the version `" + version + "` is not like 1.2.3");
}

void descriptor_is_sane(Bench& bench) {
  const PluginDescriptor& descriptor = bench.descriptor();
  const auto made = bench.create();
  check(made != nullptr, "create() returned no component");
  check_id(text_of(descriptor.id, "id"), *made);
  check_version(text_of(descriptor.version, "version"));
  const auto summary = text_of(descriptor.summary, "summary");
  check(summary.size() > 1 && summary.ends_with('.'),
        "the summary `" + summary + "` is not a sentence that ends with a full stop");
}

void loads_quickly(Bench& bench) {
  const auto best = bench.load_time();
  const std::chrono::milliseconds most(100);
  check(best <= most, "loading the library takes " + std::to_string(best.count() / 1000) + " ms at best, at most " +
                          std::to_string(most.count()) + " ms; do nothing in static initializers");
}

}  // namespace

void add_descriptor_cases(std::vector<BenchCase>& suite) {
  suite.push_back({"component", "DescriptorIsSane", descriptor_is_sane});
  suite.push_back({"component", "LoadsWithin100Milliseconds", loads_quickly});
}

}  // namespace drawbridge::testkit
