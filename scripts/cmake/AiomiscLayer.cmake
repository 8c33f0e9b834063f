# SPDX-License-Identifier: MIT
# Headers live beside their sources. A tree of links, build/<preset>/include/aiomisc/<layer>, lets the
# same `#include <aiomisc/<layer>/<topic>/thing.h>` work in the tree and after installation.

include(GNUInstallDirs)
set(AIOMISC_INCLUDE_DIR ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${AIOMISC_INCLUDE_DIR}/aiomisc)
foreach(_layer runtime ipc worker cli)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${_layer} ${AIOMISC_INCLUDE_DIR}/aiomisc/${_layer} SYMBOLIC)
endforeach()
set_property(GLOBAL PROPERTY AIOMISC_LAYER_TARGETS "")

# aiomisc_add_layer(NAME SOURCES … HEADERS … PUBLIC … PRIVATE …)
#
# One library target aiomisc_NAME (alias aiomisc::NAME). HEADERS are the public ones, relative to the
# calling folder; they are verified to compile alone and installed. Private headers are not listed.
function(aiomisc_add_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  set(target aiomisc_${name})
  add_library(${target} ${arg_SOURCES})
  add_library(aiomisc::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    VERIFY_INTERFACE_HEADER_SETS ON
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_compile_features(${target} PUBLIC cxx_std_20)

  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  list(TRANSFORM arg_HEADERS PREPEND ${AIOMISC_INCLUDE_DIR}/aiomisc/${folder}/)
  target_sources(${target} PUBLIC
    FILE_SET HEADERS BASE_DIRS ${AIOMISC_INCLUDE_DIR} FILES ${arg_HEADERS})
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:aiomisc_flags>)
  aiomisc_precompile(${target} library)
  set_property(GLOBAL APPEND PROPERTY AIOMISC_LAYER_TARGETS ${target})
endfunction()
