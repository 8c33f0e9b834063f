# SPDX-License-Identifier: MIT
# How plugins, and the programs that load them, are built: here and against the installed package, which
# brings this file along. See aiomisc/runtime/app/plugins.h.

# aiomisc_add_plugin(name source…)
#
# The shared object name.so, a plugin by AIOMISC_PLUGIN_MODULE. It is compiled with the library's headers, but
# not linked to it: it uses the library of the program that loads it.
function(aiomisc_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  set_target_properties(${name} PROPERTIES PREFIX "")
  target_compile_features(${name} PRIVATE cxx_std_20)
  foreach(_library aiomisc::worker aiomisc::ipc aiomisc::runtime aiomisc::log fmt::fmt)
    target_include_directories(${name} SYSTEM PRIVATE
      $<TARGET_PROPERTY:${_library},INTERFACE_INCLUDE_DIRECTORIES>)
    target_compile_definitions(${name} PRIVATE $<TARGET_PROPERTY:${_library},INTERFACE_COMPILE_DEFINITIONS>)
  endforeach()
endfunction()

# aiomisc_enable_plugins(program)
#
# Links the whole library into a program, used or not, and shows it to what the program loads: plugins and
# job modules.
function(aiomisc_enable_plugins program)
  set_target_properties(${program} PROPERTIES ENABLE_EXPORTS ON)
  target_link_libraries(${program} PRIVATE aiomisc::worker)
  get_target_property(_type aiomisc::worker TYPE)
  if(_type STREQUAL "STATIC_LIBRARY")
    target_link_options(${program} PRIVATE
      "LINKER:--whole-archive,$<TARGET_FILE:aiomisc::worker>,$<TARGET_FILE:aiomisc::ipc>,$<TARGET_FILE:aiomisc::runtime>,$<TARGET_FILE:aiomisc::log>,--no-whole-archive")
  endif()
endfunction()
