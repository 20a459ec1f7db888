#pragma once

#include <boost/version.hpp>
#include <cstdint>
#include <memory>

#include "drawbridge/component.h"
#include "drawbridge/export.h"

namespace drawbridge {

/// Changes with every incompatible change of a header in this folder.
inline constexpr std::uint32_t sdk_abi = 1;

/// What a plugin exports: one constant, in a section of its own, so that a loader can read all but the last member from
/// the file without running any of the library's code. Fixed-size text, zero-padded.
struct PluginDescriptor {
  char magic[24];       ///< plugin_magic
  std::uint32_t abi;    ///< sdk_abi
  std::uint32_t size;   ///< sizeof(PluginDescriptor)
  char build_tag[128];  ///< Compiler, standard library, Boost, SDK version, sanitizer: all must match.
  char id[64];          ///< "storage.memory": kind, dot, name.
  char version[32];
  char summary[256];  ///< One sentence.
  std::shared_ptr<Component> (*create)();
};

inline constexpr char plugin_magic[24] = "drawbridge-plugin/1";
inline constexpr char plugin_section[] = ".drawbridge";
inline constexpr char plugin_symbol[] = "drawbridge_plugin";

}  // namespace drawbridge

#define DRAWBRIDGE_STRINGIFY_(x) #x
#define DRAWBRIDGE_STRINGIFY(x) DRAWBRIDGE_STRINGIFY_(x)

// The standard library and its ABI are what must match; gcc and clang on the same libstdc++ do not need to tell apart,
// but their sanitizer runtimes do.
#if defined(__SANITIZE_ADDRESS__)
#define DRAWBRIDGE_SANITIZER "asan"
#elif defined(__SANITIZE_THREAD__)
#define DRAWBRIDGE_SANITIZER "tsan"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DRAWBRIDGE_SANITIZER "asan"
#elif __has_feature(thread_sanitizer)
#define DRAWBRIDGE_SANITIZER "tsan"
#else
#define DRAWBRIDGE_SANITIZER "none"
#endif
#else
#define DRAWBRIDGE_SANITIZER "none"
#endif
#if defined(__clang__)
#define DRAWBRIDGE_COMPILER "clang-" DRAWBRIDGE_STRINGIFY(__clang_major__)
#else
#define DRAWBRIDGE_COMPILER "gcc-" DRAWBRIDGE_STRINGIFY(__GNUC__)
#endif
#define DRAWBRIDGE_VERSION "0.1.0"
#define DRAWBRIDGE_BUILD_TAG                                                                                 \
  DRAWBRIDGE_COMPILER " libstdc++-" DRAWBRIDGE_STRINGIFY(_GLIBCXX_RELEASE) "-cxx11abi" DRAWBRIDGE_STRINGIFY( \
      _GLIBCXX_USE_CXX11_ABI) " boost-" BOOST_LIB_VERSION " sdk-" DRAWBRIDGE_VERSION                         \
                              " sanitizer-" DRAWBRIDGE_SANITIZER

/// Makes a Component the plugin of this library; stands once, at the end of its source file:
///
///     DRAWBRIDGE_PLUGIN(MemoryStorage, "storage.memory", "0.1.0", "Keeps everything in RAM; for tests and caches.")
#define DRAWBRIDGE_PLUGIN(Class, id_, version_, summary_)                                                  \
  extern "C" {                                                                                             \
  extern DRAWBRIDGE_API const ::drawbridge::PluginDescriptor drawbridge_plugin;                            \
  __attribute__((used, section(".drawbridge"))) const ::drawbridge::PluginDescriptor drawbridge_plugin = { \
      "drawbridge-plugin/1",                                                                               \
      ::drawbridge::sdk_abi,                                                                               \
      sizeof(::drawbridge::PluginDescriptor),                                                              \
      DRAWBRIDGE_BUILD_TAG,                                                                                \
      id_,                                                                                                 \
      version_,                                                                                            \
      summary_,                                                                                            \
      []() -> ::std::shared_ptr<::drawbridge::Component> { return ::std::make_shared<Class>(); }};         \
  }
