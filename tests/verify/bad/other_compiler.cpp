// Was built by another compiler.
#include "drawbridge/plugin.h"

extern "C" {
extern DRAWBRIDGE_API const drawbridge::PluginDescriptor drawbridge_plugin;
__attribute__((used, section(".drawbridge"))) const drawbridge::PluginDescriptor drawbridge_plugin = {
    "drawbridge-plugin/1",
    drawbridge::sdk_abi,
    sizeof(drawbridge::PluginDescriptor),
    "gcc-99 libstdc++-" DRAWBRIDGE_STRINGIFY(_GLIBCXX_RELEASE) "-cxx11abi" DRAWBRIDGE_STRINGIFY(
        _GLIBCXX_USE_CXX11_ABI) " boost-" BOOST_LIB_VERSION " sdk-" DRAWBRIDGE_VERSION
                                " sanitizer-" DRAWBRIDGE_SANITIZER,
    "bad.other_compiler",
    "0.1.0",
    "Was built by another compiler.",
    nullptr};
}
