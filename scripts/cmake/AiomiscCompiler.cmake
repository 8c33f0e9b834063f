# SPDX-License-Identifier: MIT
# The compilers we accept, and the flags every target of ours is built with.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "GCC ${CMAKE_CXX_COMPILER_VERSION} cannot compile aiomisc: it destroys the temporaries of a "
    "co_await expression twice (heap corruption, at every optimisation level).\n"
    "Use clang 16 or newer, or GCC 13 or newer. On Debian 12:\n"
    "  scripts/install-deps && cmake --preset dev\n"
    "or by hand:\n"
    "  apt-get install clang-19 && cmake -B build -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19")
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  message(FATAL_ERROR "clang ${CMAKE_CXX_COMPILER_VERSION} is too old for aiomisc: use clang 16 or newer")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

option(AIOMISC_WARNINGS_AS_ERRORS "Treat warnings as errors" OFF)
set(AIOMISC_SANITIZER "" CACHE STRING "Sanitizers to build with: 'address;undefined' or 'thread'")
option(AIOMISC_FUZZ "Build the libFuzzer programs too (clang only)" OFF)

# Build-time only: never exported.
add_library(aiomisc_flags INTERFACE)
target_compile_options(aiomisc_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wold-style-cast -Wcast-qual
  $<$<BOOL:${AIOMISC_WARNINGS_AS_ERRORS}>:-Werror>
  # GCC's reading of this one also forbids a protected destructor in a class that has friends.
  $<$<CXX_COMPILER_ID:Clang>:-Wnon-virtual-dtor>
  # GCC warns about designated initializers that leave members to their defaults: our options style.
  -Wno-missing-field-initializers
  # With optimisation GCC takes the empty kj::Maybe and std::optional for uninitialized values.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  -fstack-protector-strong
  # Some packages ask for it (RE2); precompiled headers want it everywhere or nowhere.
  -pthread
  $<$<AND:$<NOT:$<CONFIG:Debug>>,$<STREQUAL:${AIOMISC_SANITIZER},>>:-U_FORTIFY_SOURCE$<SEMICOLON>-D_FORTIFY_SOURCE=3>)
if(AIOMISC_SANITIZER)
  list(JOIN AIOMISC_SANITIZER "," _sanitizers)
  # Global on purpose: a sanitizer holds for a whole program, ours and the tests alike.
  add_compile_options(-fsanitize=${_sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${_sanitizers})
endif()
if(AIOMISC_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "AIOMISC_FUZZ needs clang: libFuzzer is a part of it")
  endif()
  # Everything reports its coverage to the fuzzer; only the fuzz programs link the fuzzer's main().
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# lld links several times faster. Which linker a project of others uses is theirs to say.
if(PROJECT_IS_TOP_LEVEL AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  include(CheckLinkerFlag)
  check_linker_flag(CXX -fuse-ld=lld AIOMISC_HAS_LLD)
  if(AIOMISC_HAS_LLD)
    add_link_options(-fuse-ld=lld)
  endif()
endif()
