// Was made for another SDK.
#include "drawbridge/plugin.h"

extern "C" {
extern DRAWBRIDGE_API const drawbridge::PluginDescriptor drawbridge_plugin;
__attribute__((used, section(".drawbridge")))
const drawbridge::PluginDescriptor drawbridge_plugin = {"drawbridge-plugin/1",
                                                        drawbridge::sdk_abi + 1,
                                                        sizeof(drawbridge::PluginDescriptor),
                                                        DRAWBRIDGE_BUILD_TAG,
                                                        "bad.other_abi",
                                                        "0.1.0",
                                                        "Was made for another SDK.",
                                                        nullptr};
}
