# cmake -D FIGURE=<program> -D FOLDER=<folder> -P sweep.cmake: however a sweep is interrupted, split or repeated, its tables have
# the same bytes; what makes no sense is refused.
cmake_minimum_required(VERSION 3.20)

file(REMOVE_RECURSE ${FOLDER})

# make(<folder> <option>...): a quick form, which must succeed.
function(make folder)
  execute_process(COMMAND ${FIGURE} --quick --output ${FOLDER}/${folder} ${ARGN}
                  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "The figure failed in ${folder}: ${failed}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()
function(check_same folder)
  foreach(table results.csv verdicts.csv)
    file(SHA256 ${FOLDER}/whole/${table} expected)
    file(SHA256 ${FOLDER}/${folder}/${table} found)
    if(NOT found STREQUAL expected)
      message(SEND_ERROR "${folder}/${table} differs from whole/${table}")
    endif()
  endforeach()
endfunction()

make(whole --jobs 2)
make(one_job --jobs 1)
check_same(one_job)

# In shards, the last one first; before it nothing is ready.
make(shards --shard 3/3)
make(shards --shard 1/3)
if(EXISTS ${FOLDER}/shards/results.csv)
  message(SEND_ERROR "A table was made before all runs were finished.")
endif()
make(shards --shard 2/3)
check_same(shards)

file(READ ${FOLDER}/whole/runs.csv journal)
# Killed in the middle of a line: the journal is cut after half of its bytes.
string(LENGTH "${journal}" bytes)
math(EXPR bytes "${bytes} / 2")
string(SUBSTRING "${journal}" 0 ${bytes} half)
file(WRITE ${FOLDER}/killed/runs.csv "${half}")
make(killed)
check_same(killed)

# Lines whose digits were changed are reported and stay, and their runs are made again; then nothing is left to be done or said.
string(REGEX REPLACE "\n([^,\n]+,[^,\n]*),[^,\n]*" "\n\\1,0.125" other "${journal}")
file(WRITE ${FOLDER}/changed/runs.csv "${other}")
make(changed)
check_same(changed)
if(NOT output MATCHES "runs.csv:2: the line of [^\n]* more do not count: cut off, changed or damaged\n")
  message(SEND_ERROR "Nobody reported that lines were changed:\n${output}")
endif()
file(READ ${FOLDER}/changed/runs.csv now)
string(FIND "${now}" "${other}" place)
if(NOT place EQUAL 0)
  message(SEND_ERROR "Lines of the journal are gone.")
endif()
make(changed)
if(output MATCHES "runs.csv:| s left|[0-9] runs?:")
  message(SEND_ERROR "Finished runs were made again or reported:\n${output}")
endif()

# refused(<expected words> <option>...): a message and an exit code.
function(refused expected)
  execute_process(COMMAND ${FIGURE} ${ARGN} OUTPUT_QUIET ERROR_VARIABLE said RESULT_VARIABLE failed)
  if(NOT failed OR NOT said MATCHES "${expected}")
    message(SEND_ERROR "${ARGN} should fail with '${expected}', but gave ${failed}: ${said}")
  endif()
endfunction()

refused("a shard is i/n" --quick --shard 4/3)
refused("a shard is i/n" --quick --shard 0/3)
refused("a shard is i/n" --quick --shard two)
refused("choose one of" --quick --full)
refused("seed must lie between" --quick --seed 65536)
refused("is no option" stray)
refused("nonsense" --nonsense)
refused("no run begins with" --quick --only nothing_like_it --output ${FOLDER}/only)
file(WRITE ${FOLDER}/file "")
refused("cannot be made" --quick --output ${FOLDER}/file/nowhere)
refused("without quotes" --quick --output "${FOLDER}/it's")
file(WRITE ${FOLDER}/columns/runs.csv "name,something,else\n")
refused("other columns" --quick --output ${FOLDER}/columns)

# A closed output is no success.
execute_process(COMMAND sh -c "\"$1\" --quick --list >&-" sh ${FIGURE} ERROR_VARIABLE said RESULT_VARIABLE ended)
if(NOT ended EQUAL 1 OR NOT said MATCHES "standard output cannot be written\n$")
  message(SEND_ERROR "Without standard output the list of runs ended with ${ended}: ${said}")
endif()
