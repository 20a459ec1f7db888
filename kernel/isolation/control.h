#pragma once

#include "kernel/isolation/interfaces.h"

/// What a node and a process of it say to each other besides the calls of facets.
namespace drawbridge::kernel::isolation {

/// Objects that both sides know by number. A facet of the component has the number of its interface plus `first_facet`;
/// what the component uses has `first_reference` and on.
constexpr std::uint64_t control_object = 1;
constexpr std::uint64_t host_object = 2;
constexpr std::uint64_t first_facet = 64;
constexpr std::uint64_t first_reference = 128;

struct Setup {
  std::string folder;  ///< Of the plugin's library.
  std::string plugin;
  std::string name;  ///< The component's.
  std::string node_name;
  std::uint64_t memory = 0;
};

struct Described {
  std::vector<OptionSpec> options;
  std::vector<std::string> facets;
};

/// How the component begins.
struct Beginning {
  Level level = Level::info;
  bool own_clock = true;  ///< False: the node's clock is asked, for it is not the system's.
  bool own_random = true;
};

/// The component in its process, in the order of its life.
class Control {
 public:
  virtual ~Control() = default;
  /// Loads the plugin, creates the component, asks it for its options.
  virtual Described describe(const Setup& setup) = 0;
  virtual void set(const std::string& option, std::vector<std::string> values) = 0;
  virtual void set_secret(const std::string& option, Secret value) = 0;
  virtual void bind(const std::string& option, const std::string& facet, std::uint64_t object) = 0;
  virtual Task<> start(Beginning beginning) = 0;
  virtual Task<Health> health(Level level) = 0;
  virtual Task<> stop() = 0;
};

/// What the component's Host asks of the node.
class HostService {
 public:
  explicit HostService(Host& host) : host_(host) {}
  void log(Level level, std::string_view message) { host_.log().write(level, message.substr(0, 16 * 1024)); }
  Timestamp now() const { return host_.clock().now(); }
  Bytes random(std::uint32_t count);
  std::vector<ComponentStatus> status() const { return host_.status(); }

 private:
  Host& host_;
};

template <>
inline constexpr auto fields_of<Setup> = std::tuple(&Setup::folder, &Setup::plugin, &Setup::name, &Setup::node_name,
                                                    &Setup::memory);
template <>
inline constexpr auto fields_of<Described> = std::tuple(&Described::options, &Described::facets);
template <>
inline constexpr auto fields_of<Beginning> = std::tuple(&Beginning::level, &Beginning::own_clock,
                                                        &Beginning::own_random);

template <>
struct Interface<Control> {
  static constexpr std::uint8_t number = 1;
  using List = Methods<&Control::describe, &Control::set, &Control::set_secret, &Control::bind, &Control::start,
                       &Control::health, &Control::stop>;
};
template <>
struct Interface<HostService> {
  static constexpr std::uint8_t number = 2;
  using List = Methods<&HostService::log, &HostService::now, &HostService::random, &HostService::status>;
};

template <>
inline constexpr bool is_limited<&Control::start> = false;
template <>
inline constexpr bool is_limited<&Control::stop> = false;

}  // namespace drawbridge::kernel::isolation
