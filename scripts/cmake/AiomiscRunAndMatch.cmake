# SPDX-License-Identifier: MIT
# cmake -DSTATUS=0 -DEXPECT=regex -P AiomiscRunAndMatch.cmake -- PROGRAM [ARGUMENT…]
#
# Runs a program and fails unless it exits with STATUS and its output (stdout, then stderr) matches EXPECT.
# ctest's own PASS_REGULAR_EXPRESSION forgets about the exit status.

set(command "")
set(seen_separator OFF)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(index RANGE ${last})
  if(seen_separator)
    list(APPEND command "${CMAKE_ARGV${index}}")
  elseif(CMAKE_ARGV${index} STREQUAL "--")
    set(seen_separator ON)
  endif()
endforeach()

execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
message("${output}${errors}")
if(NOT status STREQUAL STATUS)
  message(FATAL_ERROR "exit status ${status}, expected ${STATUS}")
endif()
if(NOT "${output}${errors}" MATCHES "${EXPECT}")
  message(FATAL_ERROR "the output does not match: ${EXPECT}")
endif()
