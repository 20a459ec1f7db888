// Has a descriptor of another format.
#include "drawbridge/plugin.h"

extern "C" {
extern DRAWBRIDGE_API const drawbridge::PluginDescriptor drawbridge_plugin;
__attribute__((used, section(".drawbridge")))
const drawbridge::PluginDescriptor drawbridge_plugin = {"another-plugin/7",
                                                        drawbridge::sdk_abi,
                                                        sizeof(drawbridge::PluginDescriptor),
                                                        DRAWBRIDGE_BUILD_TAG,
                                                        "bad.wrong_magic",
                                                        "0.1.0",
                                                        "Has a descriptor of another format.",
                                                        nullptr};
}
