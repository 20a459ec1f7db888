# What `cmake --install` puts where, and the Debian packages that `cpack` makes of it: `drawbridge` (component node: the
# program, its libraries and plugins, the systemd unit), `drawbridge-sdk` (component sdk: headers, CMake package,
# templates, documentation) and, where Python was found, `drawbridge-python` (component embed: the plugin `python` and
# the module in lib/drawbridge/python).
include(CMakePackageConfigHelpers)

set(DRAWBRIDGE_PLUGIN_INSTALL_DIR lib/drawbridge/plugins)
set(package_dir lib/cmake/DrawbridgeSdk)

# Programs, libraries and plugins find each other wherever the prefix is.
function(drawbridge_install_targets component destination rpath)
  foreach(target ${ARGN})
    if(TARGET ${target})
      set_target_properties(${target} PROPERTIES INSTALL_RPATH "${rpath}")
      install(TARGETS ${target} RUNTIME DESTINATION ${destination} COMPONENT ${component}
                                LIBRARY DESTINATION ${destination} COMPONENT ${component})
    endif()
  endforeach()
endfunction()

# The libraries that third parties link are exported under the names that they have in the tree.
foreach(name sdk http storage testkit)
  set_target_properties(drawbridge-${name} PROPERTIES EXPORT_NAME ${name} VERSION ${PROJECT_VERSION}
                                                      SOVERSION ${PROJECT_VERSION} INSTALL_RPATH "$ORIGIN")
  install(TARGETS drawbridge-${name} EXPORT DrawbridgeSdkTargets
          LIBRARY DESTINATION lib COMPONENT node NAMELINK_COMPONENT sdk INCLUDES DESTINATION include)
endforeach()
set_target_properties(drawbridge-kernel PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION}
                                                   INSTALL_RPATH "$ORIGIN")
install(TARGETS drawbridge-kernel LIBRARY DESTINATION lib COMPONENT node NAMELINK_SKIP)
drawbridge_install_targets(node bin "$ORIGIN/../lib" drawbridge drawbridge-isolated)
if(TARGET drawbridge-verify)
  set_target_properties(drawbridge-verify PROPERTIES EXPORT_NAME verify INSTALL_RPATH "$ORIGIN/../lib")
  install(TARGETS drawbridge-verify EXPORT DrawbridgeSdkTargets RUNTIME DESTINATION bin COMPONENT sdk)
endif()
get_property(plugin_targets GLOBAL PROPERTY DRAWBRIDGE_PLUGINS)
foreach(target ${plugin_targets})
  get_target_property(folder ${target} LIBRARY_OUTPUT_DIRECTORY)
  if(target STREQUAL plugin_python)  # it needs Python: a package of its own, with the module that it imports
    drawbridge_install_targets(embed ${DRAWBRIDGE_PLUGIN_INSTALL_DIR} "$ORIGIN/../.." ${target})
    drawbridge_install_targets(embed lib/drawbridge/python/drawbridge "$ORIGIN/../../.." drawbridge-python-module)
    install(DIRECTORY bindings/python/drawbridge/ DESTINATION lib/drawbridge/python/drawbridge COMPONENT embed
            PATTERN __pycache__ EXCLUDE)
  elseif(folder STREQUAL DRAWBRIDGE_PLUGIN_DIR)  # those of tests and benchmarks are built elsewhere
    drawbridge_install_targets(node ${DRAWBRIDGE_PLUGIN_INSTALL_DIR} "$ORIGIN/../.." ${target})
  endif()
endforeach()

install(DIRECTORY sdk/include/ sdk/http/include/ sdk/storage/include/ sdk/testkit/include/ DESTINATION include
        COMPONENT sdk)
install(EXPORT DrawbridgeSdkTargets NAMESPACE drawbridge:: DESTINATION ${package_dir} COMPONENT sdk)
configure_package_config_file(sdk/cmake/DrawbridgeSdkConfig.cmake.in ${PROJECT_BINARY_DIR}/DrawbridgeSdkConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/DrawbridgeSdkConfigVersion.cmake COMPATIBILITY ExactVersion)
install(FILES ${PROJECT_BINARY_DIR}/DrawbridgeSdkConfig.cmake ${PROJECT_BINARY_DIR}/DrawbridgeSdkConfigVersion.cmake
              sdk/cmake/DrawbridgePlugin.cmake
        DESTINATION ${package_dir} COMPONENT sdk)

# What `drawbridge plugin new` copies. The build folder has it at the same place under its root as an installed prefix.
install(DIRECTORY examples/plugin-cpp/ DESTINATION share/drawbridge/templates/storage COMPONENT sdk)
install(DIRECTORY examples/templates/ DESTINATION share/drawbridge/templates COMPONENT sdk)
foreach(kind storage keeper service api)
  set(folder examples/templates/${kind})
  if(kind STREQUAL "storage")
    set(folder examples/plugin-cpp)
  endif()
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*)
  foreach(file ${files})
    get_filename_component(name ${file} NAME)
    configure_file(${file} ${PROJECT_BINARY_DIR}/share/drawbridge/templates/${kind}/${name} COPYONLY)
  endforeach()
endforeach()

install(DIRECTORY config/ DESTINATION share/doc/drawbridge/config COMPONENT node)
install(DIRECTORY docs/ DESTINATION share/doc/drawbridge COMPONENT sdk)
install(FILES README.md CHANGELOG.md DESTINATION share/doc/drawbridge COMPONENT node)
install(FILES LICENSE DESTINATION share/doc/drawbridge RENAME copyright COMPONENT node)
install(FILES deploy/debian/drawbridge@.service DESTINATION lib/systemd/system COMPONENT node)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME drawbridge)
set(CPACK_PACKAGE_CONTACT "The Drawbridge developers <drawbridge@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Shares sensitive data between organisations, with a proof of every step")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL node sdk)
if(TARGET plugin_python)
  list(APPEND CPACK_COMPONENTS_ALL embed)
endif()
set(CPACK_DEBIAN_EMBED_PACKAGE_NAME drawbridge-python)
set(CPACK_DEBIAN_EMBED_PACKAGE_DEPENDS "drawbridge (= ${PROJECT_VERSION}), python3")
set(CPACK_COMPONENT_EMBED_DESCRIPTION "Mounts components that are written in Python, and the module that they import.")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/lib)
set(CPACK_DEBIAN_NODE_PACKAGE_NAME drawbridge)
set(CPACK_DEBIAN_NODE_PACKAGE_CONTROL_EXTRA "${PROJECT_SOURCE_DIR}/deploy/debian/postinst")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_COMPONENT_NODE_DESCRIPTION "A node that encrypts data once, releases it by policy and proves every step.")
set(CPACK_DEBIAN_SDK_PACKAGE_NAME drawbridge-sdk)
set(CPACK_DEBIAN_SDK_PACKAGE_SECTION libdevel)
set(boost ${Boost_VERSION_MAJOR}.${Boost_VERSION_MINOR})
string(CONCAT CPACK_DEBIAN_SDK_PACKAGE_DEPENDS "drawbridge (= ${PROJECT_VERSION}), cmake, g++, libfmt-dev, "
              "libboost${boost}-dev, libboost-json${boost}-dev")
set(CPACK_COMPONENT_SDK_DESCRIPTION
    "What the author of a Drawbridge plugin needs: headers, CMake package, drawbridge-verify.")
include(CPack)
