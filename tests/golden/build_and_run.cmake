# cmake -D FOLDER=<path> -P build_and_run.cmake: compiles and runs the configuration in FOLDER/configuration.cmake, which sets
#   command         the compiler and its options
#   files           the names of the source files, in the folder `sources`
#   compile_program what else program.cpp takes, and `link` what the linker takes
#   run             the command, with PROGRAM and ARGUMENTS to be filled in
#   runs            a list of <threads> or <threads>/<instruction set>
# What fails is an outcome too, not an error, so that the other configurations go on. For each step (compile_<file>, link, run_1, run_1_avx2 ...) FOLDER/outcome.cmake sets <step>_seconds, and `build_failure` or <run>_failure; FOLDER/<step>.txt
# has what it printed, and FOLDER/<step>_complaint.txt what it printed to stderr.
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

set(build_failure "")
file(WRITE ${FOLDER}/depends "")
set(objects "")
foreach(file IN LISTS files)
  list(APPEND objects ${FOLDER}/${file}.o)
  if(build_failure STREQUAL "")
    step(compile_${file} "" ${command} ${compile_${file}} -MD -MF ${FOLDER}/${file}.d -MT ${FOLDER}/outcome.cmake
         -c ${sources}/${file}.cpp -o ${FOLDER}/${file}.o)
    set(build_failure "${failure}")
    if(EXISTS ${FOLDER}/${file}.d)
      file(READ ${FOLDER}/${file}.d depends)
      file(APPEND ${FOLDER}/depends "${depends}")
    endif()
  endif()
endforeach()
if(build_failure STREQUAL "")
  step(link "" ${command} ${objects} ${link} -o ${FOLDER}/program)
  set(build_failure "${failure}")
endif()
set(outcome "${outcome}set(files \"${files}\")\nset(build_failure \"${build_failure}\")\n")
if(NOT build_failure STREQUAL "")
  set(runs "")
endif()
foreach(arguments IN LISTS runs)
  string(MAKE_C_IDENTIFIER "run_${arguments}" name)
  string(REPLACE "/" ";" arguments ${arguments})
  string(REPLACE "PROGRAM" "${FOLDER}/program" command "${run}")
  string(REPLACE "ARGUMENTS" "${arguments}" command "${command}")
  step(${name} "^# " ${command})
endforeach()
file(WRITE ${FOLDER}/outcome.cmake "${outcome}")
