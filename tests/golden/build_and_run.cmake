# cmake -D FOLDER=<path> -P build_and_run.cmake: compiles and runs the configuration in FOLDER/configuration.cmake, which sets
#   compile   the command
#   run       the command, with PROGRAM and ARGUMENTS to be filled in
#   runs      a list of <threads> or <threads>/<instruction set>
# What fails is an outcome too, not an error, so that the other configurations go on. For `compile` and for each run (run_1,
# run_1_avx2 ...) FOLDER/outcome.cmake sets <step>_seconds and <step>_failure; FOLDER/<step>.txt has what it printed, and
# FOLDER/<step>_complaint.txt what it printed to stderr.
cmake_minimum_required(VERSION 3.25)
include(${FOLDER}/configuration.cmake)
set(outcome "")

# step(<name> <pattern> <command>...): carries it out. What it prints must match the pattern. The seconds are those of the
# processor, which depend least on what else this machine does; bash measures them.
function(step name pattern)
  execute_process(COMMAND bash -c [[TIMEFORMAT=%1U; time "$@"]] bash ${ARGN}
                  OUTPUT_VARIABLE printed ERROR_VARIABLE complaint RESULT_VARIABLE failed TIMEOUT 600)
  string(REGEX MATCH "[0-9.]+\n$" seconds "${complaint}")
  string(STRIP "${seconds}" seconds)

  set(failure "")
  if(failed OR NOT printed MATCHES "${pattern}")
    string(REGEX MATCH "(error|undefined|skipped)[^\n]*" reason "${complaint}${printed}")
    string(REGEX REPLACE "[][;|,\"\\$]" " " failure "${failed} ${reason}")
  endif()
  file(WRITE ${FOLDER}/${name}.txt "${printed}")
  file(WRITE ${FOLDER}/${name}_complaint.txt "${complaint}")
  set(outcome "${outcome}set(${name}_seconds ${seconds})\nset(${name}_failure \"${failure}\")\n" PARENT_SCOPE)
  set(failure "${failure}" PARENT_SCOPE)
endfunction()

step(compile "" ${compile})
if(NOT failure STREQUAL "")
  set(runs "")
  file(TOUCH ${FOLDER}/depends)
endif()
foreach(arguments IN LISTS runs)
  string(MAKE_C_IDENTIFIER "run_${arguments}" name)
  string(REPLACE "/" ";" arguments ${arguments})
  string(REPLACE "PROGRAM" "${FOLDER}/program" command "${run}")
  string(REPLACE "ARGUMENTS" "${arguments}" command "${command}")
  step(${name} "^# " ${command})
endforeach()
file(WRITE ${FOLDER}/outcome.cmake "${outcome}")
