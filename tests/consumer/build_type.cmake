# cmake -D SOURCE=<Frond> -D CONSUMER=<folder> -D PREFIX=<installed Frond> -D FOLDER=<folder> -D GENERATOR=<name> -D COMPILER=<c++>
#   -P build_type.cmake: a project without optimisation is told so once, any other one is told nothing; Frond itself is optimised.
cmake_minimum_required(VERSION 3.20)
unset(ENV{CXXFLAGS})
unset(ENV{CMAKE_BUILD_TYPE})
file(REMOVE_RECURSE ${FOLDER})

# configure(<name> <source> <option>...): sets `output`.
function(configure name source)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${source} -B ${FOLDER}/${name} -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER} ${ARGN}
                  OUTPUT_VARIABLE output ERROR_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  set(output "${output}" PARENT_SCOPE)
endfunction()

# told(<times> <name> <option>...): how often a project that uses Frond is told.
function(told times name)
  configure(${name} ${CONSUMER} ${ARGN})
  string(REGEX MATCHALL "Frond: CMAKE_BUILD_TYPE is empty" found "${output}")
  list(LENGTH found count)
  if(NOT count EQUAL times)
    message(SEND_ERROR "${name}: told ${count} times, not ${times}:\n${output}")
  endif()
endfunction()

told(1 subdirectory -D FROND_SOURCE=${SOURCE})
told(1 package -D CMAKE_PREFIX_PATH=${PREFIX})
told(0 release -D FROND_SOURCE=${SOURCE} -D CMAKE_BUILD_TYPE=Release)
told(0 debug -D CMAKE_PREFIX_PATH=${PREFIX} -D CMAKE_BUILD_TYPE=Debug)
told(0 flags -D FROND_SOURCE=${SOURCE} "-D CMAKE_CXX_FLAGS=-Wall -O2")
told(1 other_flags -D CMAKE_PREFIX_PATH=${PREFIX} -D CMAKE_CXX_FLAGS=-Wall)

set(library_alone -D FROND_BUILD_TESTS=OFF -D FROND_BUILD_EXAMPLES=OFF)
function(built_as type name)
  configure(${name} ${SOURCE} ${library_alone} ${ARGN})
  file(STRINGS ${FOLDER}/${name}/CMakeCache.txt line REGEX "^CMAKE_BUILD_TYPE:")
  if(NOT line MATCHES "=${type}$" OR output MATCHES "CMAKE_BUILD_TYPE is empty")
    message(SEND_ERROR "${name}: not built as `${type}`: ${line}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()
built_as(Release own)
if(NOT output MATCHES "-- CMAKE_BUILD_TYPE was empty: Frond is built as Release")
  message(SEND_ERROR "The build type was chosen without a word:\n${output}")
endif()
built_as(Debug own_debug -D CMAKE_BUILD_TYPE=Debug)
built_as("" own_flags -D CMAKE_CXX_FLAGS=-O1)
