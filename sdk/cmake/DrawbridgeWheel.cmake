# What a Python wheel holds (component python): the package's compiled part, the libraries beside it, every plugin. The
# Python files are added by scikit-build-core. Comes after DrawbridgeInstall, whose run paths are others.
set(libraries drawbridge-python-module drawbridge-kernel drawbridge-http drawbridge-sdk)
set_target_properties(${libraries} PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS ${libraries} LIBRARY DESTINATION drawbridge COMPONENT python NAMELINK_SKIP)

get_property(plugin_targets GLOBAL PROPERTY DRAWBRIDGE_PLUGINS)
foreach(target ${plugin_targets})
  get_target_property(folder ${target} LIBRARY_OUTPUT_DIRECTORY)
  if(folder STREQUAL DRAWBRIDGE_PLUGIN_DIR)
    set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/..")
    install(TARGETS ${target} LIBRARY DESTINATION drawbridge/plugins COMPONENT python)
  endif()
endforeach()
