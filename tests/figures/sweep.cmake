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

# Killed in the middle of a line: the journal is cut after half of its bytes, and what belongs to other bits does not count.
file(READ ${FOLDER}/whole/runs.csv journal)
string(LENGTH "${journal}" bytes)
math(EXPR bytes "${bytes} / 2")
string(SUBSTRING "${journal}" 0 ${bytes} half)
file(WRITE ${FOLDER}/killed/runs.csv "${half}")
make(killed)
check_same(killed)
string(REGEX REPLACE ",bits[0-9]+\n" ",bits0\n" other "${journal}")
string(REGEX REPLACE "\n([^,\n]+),[^,\n]*" "\n\\1,0.125" other "${other}")
file(WRITE ${FOLDER}/other_bits/runs.csv "${other}")
make(other_bits)
check_same(other_bits)

# A finished sweep is not made again: what its journal says is believed.
string(REGEX REPLACE "\n([^,\n]+),[^,\n]*" "\n\\1,0.125" other "${journal}")
file(WRITE ${FOLDER}/believed/runs.csv "${other}")
make(believed)
file(STRINGS ${FOLDER}/believed/results.csv lines)
list(GET lines 1 line)
if(NOT line MATCHES ",0.125,")
  message(SEND_ERROR "Finished runs were made again.")
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
refused("is no option" stray)
refused("nonsense" --nonsense)
refused("no run begins with" --quick --only nothing_like_it --output ${FOLDER}/only)
file(WRITE ${FOLDER}/file "")
refused("cannot be made" --quick --output ${FOLDER}/file/nowhere)
refused("without quotes" --quick --output "${FOLDER}/it's")
file(WRITE ${FOLDER}/columns/runs.csv "name,something,else\n")
refused("other columns" --quick --output ${FOLDER}/columns)
