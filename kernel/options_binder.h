#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "drawbridge/options.h"
#include "kernel/yaml.h"

namespace drawbridge::kernel {

/// A reference to another component, as the configuration gives it or as its default.
struct Reference {
  const OptionSpec* option;  ///< Lives as long as the binder.
  std::string target;        ///< The component's name.
  bool given;                ///< False: the option was left out, and `target` is the option's own name.
  Mark mark;
};

/// What a component was configured with, to tell whether a reload changes it. References are not among it.
struct OptionValues {
  std::map<std::string, std::vector<std::string>> texts;  ///< Of all that have not their default value.
  std::map<std::string, Secret> secrets;                  ///< Their content, so that a changed file counts.

  bool same(const OptionValues& other) const;
};

/// The kernel's side of Options: collects what a component declares, then applies a YAML mapping to it.
///
///     OptionsBinder binder;
///     component.options(binder);                              // describe: specs() is the option table
///     binder.apply(entries, mark, folder, problems);          // every error at once, none thrown
///     for (const Reference& reference : binder.references()) …
///
/// Neither the component nor anything that its options write to may die before the binder.
class DRAWBRIDGE_API OptionsBinder final : public Options {
 public:
  const std::vector<OptionSpec>& specs() const { return specs_; }
  const std::vector<Reference>& references() const { return references_; }
  /// What was applied; empty afterwards.
  OptionValues take_values() { return std::move(values_); }

  /// `owner` is where a missing option is reported. Relative paths become absolute against `folder`. Secrets are read.
  void apply(const std::vector<Entry>& entries, Mark owner, const std::filesystem::path& folder, Problems& problems);

 protected:
  /// Throws Error{internal} when a component declares one option twice, or one that is the kernel's.
  void add(OptionSpec spec) override;

 private:
  void apply_one(const OptionSpec& spec, const Entry& entry, const std::filesystem::path& folder, Problems& problems);
  void apply_secret(const OptionSpec& spec, const Entry& entry, const std::filesystem::path& folder,
                    Problems& problems);
  void missing(const OptionSpec& spec, Mark owner, Problems& problems);
  const OptionSpec* find(std::string_view key) const;
  void report_unknown(const Entry& entry, Problems& problems) const;

  std::vector<OptionSpec> specs_;
  std::vector<Reference> references_;
  OptionValues values_;
};

/// The keys under which an option may stand in YAML: its name, or for a secret `<name>_file` and `<name>_env`.
DRAWBRIDGE_API std::vector<std::string> yaml_names(const OptionSpec& spec);

}  // namespace drawbridge::kernel
