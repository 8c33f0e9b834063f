# SPDX-License-Identifier: MIT
# Precompiled headers: what nearly every source includes of the standard library, fmt, cereal and Catch2 is parsed once
# in a build, not once in a source. Only headers of others are in them (and tests/support/catch.h, which includes
# Catch2): a change of ours rebuilds no more than without.
#
# -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without them. scripts/tidy compiles what has changed that way, so that
# every source includes what it uses.

set(_aiomisc_standard_headers
  <algorithm> <array> <atomic> <chrono> <coroutine> <exception> <filesystem> <fstream> <functional> <map> <memory>
  <mutex> <optional> <random> <ranges> <set> <span> <sstream> <stdexcept> <string> <string_view> <system_error> <thread>
  <tuple> <unordered_map> <utility> <variant> <vector>
  <fmt/format.h> <cereal/cereal.hpp>)

# aiomisc_precompile(target library|test)
#
# `target` uses the precompiled headers of its kind. One set serves all libraries and another all tests: a compiler
# takes only what was compiled with its own options, and programs are compiled with -fPIE where libraries have -fPIC.
# The target links fmt, whose macros they were compiled with. A source with compiler options of its own, or that
# defines macros for those headers, has the property SKIP_PRECOMPILE_HEADERS.
function(aiomisc_precompile target kind)
  set(owner aiomisc_precompiled_${kind})
  if(NOT TARGET ${owner})
    set(source ${PROJECT_BINARY_DIR}/${owner}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "")
    add_library(${owner} OBJECT ${source})
    target_compile_features(${owner} PRIVATE cxx_std_20)
    target_precompile_headers(${owner} PRIVATE ${_aiomisc_standard_headers})
    target_link_libraries(${owner} PRIVATE fmt::fmt cereal::cereal aiomisc_flags)
    if(kind STREQUAL "test")   # see AiomiscTest
      target_precompile_headers(${owner} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/catch.h)
      target_link_libraries(${owner} PRIVATE Catch2::Catch2 aiomisc_test_flags)
      set_target_properties(${owner} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
      target_compile_options(${owner} PRIVATE ${CMAKE_CXX_COMPILE_OPTIONS_PIE})
    endif()
    # ccache asks for this, and for -fpch-preprocess below: the same headers make the same file, whenever they were
    # installed.
    target_compile_options(${owner} PRIVATE "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
  endif()
  target_precompile_headers(${target} REUSE_FROM ${owner})
  if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  endif()
endfunction()
