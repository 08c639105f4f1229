# cmake -D PROGRAM=<path> -D THREADS=<count> [-D SET=<instruction set>] -P compare.cmake: the program must print golden.txt.
cmake_minimum_required(VERSION 3.20)

execute_process(COMMAND ${PROGRAM} ${THREADS} ${SET} OUTPUT_VARIABLE printed RESULT_VARIABLE failed)
string(REGEX REPLACE "^#[^\n]*\n" "" printed "${printed}")  # what was built
file(READ ${CMAKE_CURRENT_LIST_DIR}/golden.txt golden)
if(failed)
  message(FATAL_ERROR "The program failed: ${failed}\n${printed}")
elseif(printed MATCHES "^skipped")
  message("${printed}")
elseif(NOT printed STREQUAL golden)
  message(FATAL_ERROR "Bits have moved. Committed:\n${golden}\nNow:\n${printed}")
endif()
