# cmake -D PROGRAM=<path> -D FOLDER=<folder> -D PATTERN=<regular expression> -P examples.cmake: an example runs in an empty folder, and
# its output looks as it should.
cmake_minimum_required(VERSION 3.20)
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(failed OR NOT output MATCHES "${PATTERN}")
  message(FATAL_ERROR "${PROGRAM} ended with ${failed} and printed\n${output}")
endif()
