# cmake -D DEMO=<path> -D BUILD=<folder> -P full.cmake: the whole demo, as a user runs it, learns all levels of the grammar and
# does not learn by heart. Its bits are the same everywhere, so the bounds cannot be missed by chance; time is not looked at.
cmake_minimum_required(VERSION 3.20)

file(REMOVE_RECURSE ${BUILD})
execute_process(COMMAND ${DEMO} --out ${BUILD} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "The demo failed: ${failed}\n${output}")
endif()
string(REGEX MATCH "\ndemo: [^\n]*\n$" line "${output}")

# check(<quantity> <comparison> <bound>): what the last line says.
function(check quantity comparison bound)
  if(NOT line MATCHES " ${quantity}=([0-9.]+) ")
    message(FATAL_ERROR "The demo does not end in a line with ${quantity}:\n${output}")
  endif()
  if(NOT CMAKE_MATCH_1 ${comparison} ${bound})
    message(SEND_ERROR "${quantity}=${CMAKE_MATCH_1}, but it should be ${comparison} ${bound}.")
  endif()
endfunction()

check(strict_4 GREATER_EQUAL 0.75)
check(exact_strict_4 GREATER_EQUAL 0.95)
check(copies LESS 0.05)
check(unique GREATER 0.95)
message("${output}")
