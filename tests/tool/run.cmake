# Functions for tests of a program: what it prints, what it says, how it ends.

# run(<expected code> <what the output must match> <what the errors must match> <argument>...): standard input from `input`.
function(run code output_pattern error_pattern)
  file(WRITE ${BUILD}/input "${input}")
  execute_process(COMMAND ${GRAMMAR} ${ARGN} INPUT_FILE ${BUILD}/input OUTPUT_VARIABLE output ERROR_VARIABLE said
                  RESULT_VARIABLE ended)
  if(NOT ended STREQUAL code OR NOT output MATCHES "${output_pattern}" OR NOT said MATCHES "${error_pattern}")
    list(JOIN ARGN " " line)
    message(SEND_ERROR "frond-grammar ${line}\nended with ${ended}, expected ${code}\nwrote:\n${output}\nexpected:\n\
${output_pattern}\n"
            "said:\n${said}\nexpected:\n${error_pattern}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# succeeds(<pattern> <argument>...): and says nothing.  fails(<pattern> <argument>...): and writes nothing.
# fails_later(<what it wrote before> <pattern> <argument>...): the sentences before a wrong one have been worked on.
function(succeeds pattern)
  run(0 "${pattern}" "^$" ${ARGN})
  set(output "${output}" PARENT_SCOPE)
endfunction()
function(fails pattern)
  run(1 "^$" "${pattern}" ${ARGN})
endfunction()
function(fails_later output_pattern pattern)
  run(1 "${output_pattern}" "${pattern}" ${ARGN})
endfunction()
function(misused pattern)
  run(2 "^$" "^frond-grammar: ${pattern}" ${ARGN})
endfunction()
