# cmake -D GRAMMAR=<path> -D BUILD=<folder> -P limits.cmake: output of any size takes no memory, and what cannot be had (memory, room
# on the disk, a reader of the output) is a sentence and exit code 1.
cmake_minimum_required(VERSION 3.20)
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
set(input "")
file(REMOVE_RECURSE ${BUILD})
file(MAKE_DIRECTORY ${BUILD})
set(songs ${BUILD}/songs.pcfg)
file(WRITE ${songs} "S -> NP VP [1]\nNP -> 'we' [.5] | 'they' [.25] | NP PP [.25]\nVP -> 'sing' [.6] | VP PP [.4]\n\
PP -> 'with' NP [1]\n")

# shell(<expected code> <what the output must match> <what the errors must match> <script>): in the test's folder; the script's
# first argument is the program, its second one the grammar.
function(shell code output_pattern error_pattern script)
  execute_process(COMMAND sh -c "${script}" sh ${GRAMMAR} ${songs} WORKING_DIRECTORY ${BUILD}
                  OUTPUT_VARIABLE output ERROR_VARIABLE said RESULT_VARIABLE ended)
  if(NOT ended STREQUAL code OR NOT output MATCHES "${output_pattern}" OR NOT said MATCHES "${error_pattern}")
    message(SEND_ERROR "${script}\nended with ${ended}, expected ${code}\nwrote:\n${output}\nexpected:\n${output_pattern}\n"
            "said:\n${said}\nexpected:\n${error_pattern}")
  endif()
endfunction()

# Memory: 20 MB hold the program, and less than what is written or read.
set(small "ulimit -v 20000\n")
shell(0 "^ *600000\n$" "^$" "${small} \"$1\" sample \"$2\" --count 600000 | wc -l")
shell(0 "^ *100000\n$" "^$" "yes 'we sing' | head -n 100000 | (${small} \"$1\" parse \"$2\") | grep -c sentence")
shell(0 "^ *100000\n$" "^$" "yes 'we _' | head -n 100000 | (${small} \"$1\" denoise \"$2\" --samples 1) | wc -l")
set(no_memory "there is not enough memory for this")
set(longest 4294967295)
fails("^${songs}: ${no_memory}: sentences of ${longest} words\n$" sample ${songs} --length ${longest} --max-length ${longest})
shell(1 "^$" "^${songs}: ${no_memory}: sentences of 1000000 words\n$"
      "${small} \"$1\" sample \"$2\" --length 1000000 --max-length 1000000")
shell(1 "^sentence: we sing\n.*\n$" "^standard input:2: ${no_memory}\n$"
      "(echo we sing; yes with | head -n 2000 | tr '\\n' ' ') | (${small} \"$1\" parse \"$2\" --max-length 2000)")
shell(1 "^$" "^frond-grammar: ${no_memory}\n$" "(echo '1 S -> a'; yes '1 S -> a S' | awk '{ print $0, \"w\" NR }' | head -n 1000000) > large.pcfg
${small} \"$1\" check large.pcfg --normalise")
file(REMOVE ${BUILD}/large.pcfg)

# A disk without room, a reader that has gone, no standard output at all.
set(not_written "frond-grammar: standard output cannot be written\n$")
shell(1 "^$" "^${not_written}" "ulimit -f 1; \"$1\" sample \"$2\" --count 1000 > short")
shell(1 "^$" "^${not_written}" "ulimit -f 0; \"$1\" sample \"$2\" --count 1 > none")
shell(1 "^$" "^${not_written}" "ulimit -f 0; \"$1\" check \"$2\" > none")
shell(1 "^$" "^${not_written}" "ulimit -f 0; \"$1\" --help > none")
foreach(command "check" "sample" "sample --trees" "--help")
  shell(1 "^$" "^${not_written}" "\"$1\" ${command} \"$2\" >&-")
endforeach()
shell(0 "^[a-z ]+\nended with 1\n$" "^${not_written}"
      "{ \"$1\" sample \"$2\" --count 1000000; echo ended with $? >&3; } 3> code | head -n 1; cat code")

# Numbers that are none, or too large.
foreach(number -1 -2 -9223372036854775808)
  misused("--length must not be negative" sample ${songs} --length ${number})
  misused("--length must not be negative" sample ${songs} --length=${number})
endforeach()
foreach(option length count samples seed max-length lengths top)
  misused("" sample ${songs} --${option} 99999999999999999999)
  misused("" sample ${songs} --${option}=-1)
endforeach()

# Trees with parentheses among the words: those of the tree are the only ones.
file(WRITE ${BUILD}/brackets.pcfg "S -> '(' S ')' [.5] | '-LRB-' [.25] | ':)' [.25]\n")
succeeds("^(\\(S (-LRB- \\(S )*(\\\\-LRB-|:-RRB-)\\)( -RRB-\\))*\n)+$" sample ${BUILD}/brackets.pcfg --trees --count 30)
if(NOT output MATCHES "-RRB-\\)\n" OR NOT output MATCHES "\\(S \\\\-LRB-\\)" OR NOT output MATCHES ":-RRB-")
  message(SEND_ERROR "The trees lack one of the words:\n${output}")
endif()
succeeds("^[^-\n]*(-LRB-|:\\))[^\n]*\n" sample ${BUILD}/brackets.pcfg --count 3)
