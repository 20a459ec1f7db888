# drawbridge_add_plugin(<id> SOURCES <files…> [LIBS <targets…>])
#
# Builds the plugin <id> ("storage.memory") as <id>.so, in the node's own tree in its plugin folder, elsewhere in the
# build folder. Only its descriptor is exported. The target is plugin_<id> with `_` for `.`.
function(drawbridge_add_plugin id)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "drawbridge_add_plugin(<id> SOURCES <files> [LIBS <targets>])")
  endif()
  string(REPLACE "." "_" target "plugin_${id}")
  add_library(${target} MODULE ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE drawbridge::sdk ${arg_LIBS})
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${id} CXX_STANDARD 20 CXX_VISIBILITY_PRESET hidden
                                             VISIBILITY_INLINES_HIDDEN ON)
  if(DRAWBRIDGE_PLUGIN_DIR)
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${DRAWBRIDGE_PLUGIN_DIR})
    set_property(GLOBAL APPEND PROPERTY DRAWBRIDGE_PLUGINS ${target})
  endif()
endfunction()
