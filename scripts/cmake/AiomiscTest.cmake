# SPDX-License-Identifier: MIT
# How tests, stress tests and fuzz targets are declared; used by tests/CMakeLists.txt.

# A ctest entry whose title matches no case has failed. Catch2 3 thinks so by itself.
set(_aiomisc_catch_arguments "")
find_package(Catch2 2.13 QUIET)
if(Catch2_FOUND)
  set(_aiomisc_catch_arguments EXTRA_ARGS --warn NoTests)
else()
  find_package(Catch2 3 REQUIRED)   # each major version refuses to be taken for the other
endif()
include(Catch)                      # catch_discover_tests()

# A sanitizer needs no optimizer to find what is wrong in a test, and code of tests is compiled in half the time
# without; what they test is optimised.
add_library(aiomisc_test_flags INTERFACE)
target_link_libraries(aiomisc_test_flags INTERFACE aiomisc_flags)
target_compile_options(aiomisc_test_flags INTERFACE $<$<BOOL:${AIOMISC_SANITIZER}>:-O0>)

# aiomisc_add_test(NAME name KIND unit|integration|stress [SEQUENTIAL] SOURCES … [LINK …] [DEPENDS …])
#
# One executable test_<name>, one ctest entry per Catch2 case, each run in a process of its own under the
# label KIND, as "<name>:<title of the case>". SOURCES are relative to the calling folder; LINK adds to
# aiomisc_test_support, which brings Catch2, main() and the leak audit; DEPENDS are targets the cases run.
#
# SEQUENTIAL says that nothing of ours in it starts a thread, handles a signal or forks: ThreadSanitizer has nothing to
# see there, and it is left out of that build. A thread all the same ends the test, see tests/support/sequential.cpp;
# that there are no signals and processes is a promise.
function(aiomisc_add_test)
  cmake_parse_arguments(arg "SEQUENTIAL" "NAME;KIND" "SOURCES;LINK;DEPENDS" ${ARGN})
  if(arg_SEQUENTIAL AND AIOMISC_SANITIZER STREQUAL "thread")
    return()
  endif()
  set(timeout_of_unit 60)
  set(timeout_of_integration 120)
  set(timeout_of_stress 600)   # up to forty seconds of work, on a machine that does nothing else
  if(NOT DEFINED timeout_of_${arg_KIND})
    message(FATAL_ERROR "aiomisc_add_test(${arg_NAME}): KIND is unit, integration or stress, not '${arg_KIND}'")
  endif()
  set(timeout ${timeout_of_${arg_KIND}})
  if(AIOMISC_SANITIZER AND NOT arg_KIND STREQUAL "stress")   # those have less to do there, see tests/stress/seed.h
    math(EXPR timeout "${timeout} * 5")   # as tests/support/wait_until.h has it
  endif()

  set(target test_${arg_NAME})
  add_executable(${target} ${arg_SOURCES})
  if(arg_SEQUENTIAL AND NOT AIOMISC_SANITIZER)   # a sanitizer has a pthread_create() of its own
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/sequential.cpp)
  endif()
  target_link_libraries(${target} PRIVATE aiomisc_test_support ${arg_LINK} aiomisc_test_flags)
  aiomisc_precompile(${target} test)
  if(arg_DEPENDS)
    add_dependencies(${target} ${arg_DEPENDS})
  endif()
  # What takes longest starts first, so that nothing is left running alone at the end. A stress test takes all that the
  # machine has: two of them at once would take longer than one after the other.
  set(cost_of_unit 1)
  set(cost_of_integration 10)
  set(cost_of_stress 100)
  set(lock)
  if(arg_KIND STREQUAL "stress")
    set(lock RESOURCE_LOCK stress)
  endif()
  catch_discover_tests(${target}
    TEST_PREFIX "${arg_NAME}:"
    ${_aiomisc_catch_arguments}
    PROPERTIES LABELS ${arg_KIND} TIMEOUT ${timeout} COST ${cost_of_${arg_KIND}} ${lock})
endfunction()

# aiomisc_program_check(variable EXPECT regex [STATUS status] PROGRAM program…)
#
# Sets `variable` to the command line of a test that runs a program and wants both its exit status (0 unless
# said) and its output right. `program` may be a target's $<TARGET_FILE:…>.
function(aiomisc_program_check variable)
  cmake_parse_arguments(arg "" "EXPECT;STATUS" "PROGRAM" ${ARGN})
  if(NOT DEFINED arg_STATUS)
    set(arg_STATUS 0)
  endif()
  set(${variable}
    ${CMAKE_COMMAND} -DSTATUS=${arg_STATUS} "-DEXPECT=${arg_EXPECT}"
    -P ${PROJECT_SOURCE_DIR}/scripts/cmake/AiomiscRunAndMatch.cmake -- ${arg_PROGRAM}
    PARENT_SCOPE)
endfunction()

# aiomisc_add_fuzz(NAME name SOURCE file CORPUS folder [LINK …])
#
# SOURCE defines LLVMFuzzerTestOneInput(). Builds fuzz_<name>_replay, which ctest runs over the corpus and some thousand
# mutations of it, the same ones every time. With AIOMISC_FUZZ (preset "fuzz", clang) also builds fuzz_<name>, the
# libFuzzer program; ctest gives it a second, you give it as long as you like.
function(aiomisc_add_fuzz)
  cmake_parse_arguments(arg "" "NAME;SOURCE;CORPUS" "LINK" ${ARGN})
  if(AIOMISC_SANITIZER STREQUAL "thread")
    return()   # as SEQUENTIAL tests
  endif()
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS})

  set(target fuzz_${arg_NAME}_replay)
  add_executable(${target} ${arg_SOURCE} ${PROJECT_SOURCE_DIR}/tests/support/fuzz_replay.cpp)
  target_link_libraries(${target} PRIVATE ${arg_LINK} aiomisc_flags)
  add_test(NAME "fuzz:${arg_NAME}: replay of the corpus" COMMAND ${target} ${corpus})
  set_tests_properties("fuzz:${arg_NAME}: replay of the corpus" PROPERTIES LABELS fuzz TIMEOUT 300)

  if(AIOMISC_FUZZ)
    set(target fuzz_${arg_NAME})
    set(found ${CMAKE_CURRENT_BINARY_DIR}/${target}.found)   # new inputs go here, not into the source tree
    file(MAKE_DIRECTORY ${found})
    add_executable(${target} ${arg_SOURCE})
    target_link_libraries(${target} PRIVATE ${arg_LINK} aiomisc_flags)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_test(NAME "fuzz:${arg_NAME}: one second of libFuzzer"
      COMMAND ${target} -max_total_time=1 -print_final_stats=1 ${found} ${corpus})
    set_tests_properties("fuzz:${arg_NAME}: one second of libFuzzer" PROPERTIES LABELS fuzz TIMEOUT 300)
  endif()
endfunction()
