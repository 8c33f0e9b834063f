# SPDX-License-Identifier: MIT
# Included before project(): which compiler to use when nobody said. clang 19 where it is installed, since
# Debian 12's default is the g++ 12 that AiomiscCompiler refuses; else what CMake finds, g++ 14 on Debian 13.
# -DCMAKE_CXX_COMPILER, $CXX and presets that name a compiler win. ccache is used when it is there.

if(NOT CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX} AND NOT CMAKE_C_COMPILER AND NOT DEFINED ENV{CC})
  find_program(AIOMISC_CLANGXX clang++-19)
  find_program(AIOMISC_CLANG clang-19)
  mark_as_advanced(AIOMISC_CLANGXX AIOMISC_CLANG)
  if(AIOMISC_CLANGXX AND AIOMISC_CLANG)
    set(CMAKE_CXX_COMPILER ${AIOMISC_CLANGXX})
    set(CMAKE_C_COMPILER ${AIOMISC_CLANG})
  endif()
endif()

find_program(AIOMISC_CCACHE ccache)
mark_as_advanced(AIOMISC_CCACHE)
if(AIOMISC_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # What ccache must overlook to cache anything that is compiled with a precompiled header (its manual, "Precompiled
  # headers"): macros that the header may have defined, and __TIME__ in it.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${AIOMISC_CCACHE})
endif()
