# cmake -D COMPILER=<path> -D SOURCE=<file> -D INCLUDE=<folder> -P must_not_compile.cmake
#
# Line 1 of the source is `// ` and the sentence that the compiler must print in its first error; line 2 may be `// flags: ` and options.
cmake_minimum_required(VERSION 3.20)

file(STRINGS ${SOURCE} lines LIMIT_COUNT 2)
list(GET lines 0 sentence)
list(GET lines 1 flags)
string(REGEX REPLACE "^// " "" sentence "${sentence}")
if(flags MATCHES "^// flags: (.*)$")
  separate_arguments(flags UNIX_COMMAND "${CMAKE_MATCH_1}")
else()
  set(flags "")
endif()

execute_process(COMMAND ${COMPILER} -std=c++20 ${flags} -fsyntax-only -I ${INCLUDE} ${SOURCE}
                RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE errors)
string(REGEX MATCH "error:[^\n]*" first "${errors}")
string(FIND "${first}" "${sentence}" position)
if(NOT failed)
  message(FATAL_ERROR "It compiles.")
elseif(position EQUAL -1)
  message(FATAL_ERROR "Its first error is not the sentence \"${sentence}\":\n${errors}")
endif()
