# cmake -P names.cmake
# The macros that prologue.hpp puts aside and epilogue.hpp gives back are those of macros.hpp whose names the headers use. And
# every macro that the headers define says whose it is.
cmake_minimum_required(VERSION 3.20)

get_filename_component(include ${CMAKE_CURRENT_LIST_DIR}/../../../include/frond ABSOLUTE)

# names_after(<text> <start of a directive> <variable>): the names that follow it, sorted.
function(names_after text start variable)
  string(REGEX MATCHALL "\n *#${start}[A-Za-z0-9_]+" found "\n${text}")
  list(TRANSFORM found REPLACE ".*[^A-Za-z0-9_]" "")
  list(SORT found)
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE headers ${include}/*.hpp)
list(FILTER headers EXCLUDE REGEX "/(prologue|epilogue).hpp$")
set(used "")
foreach(header IN LISTS headers)
  file(READ ${header} text)
  names_after("${text}" " *define " defined)
  list(FILTER defined EXCLUDE REGEX "^(FROND|HWY)_")  # HWY_ are options of Highway
  if(defined)
    message(SEND_ERROR "${header} defines ${defined}: the name of a macro must begin with FROND_.")
  endif()
  string(REGEX REPLACE "//[^\n]*|\n#(include|error)[^\n]*|\"([^\"\\\n]|\\\\.)*\"" " " text "${text}")
  string(REGEX MATCHALL "[A-Za-z_][A-Za-z0-9_]*" words "${text}")
  list(APPEND used ${words})
  list(REMOVE_DUPLICATES used)
endforeach()

file(READ ${CMAKE_CURRENT_LIST_DIR}/macros.hpp text)
names_after("${text}" "define " needed)
list(REMOVE_DUPLICATES needed)
foreach(name IN LISTS needed)
  if(NOT name IN_LIST used)
    list(REMOVE_ITEM needed ${name})
  endif()
endforeach()

file(READ ${include}/config/prologue.hpp prologue)
file(READ ${include}/config/epilogue.hpp epilogue)
names_after("${prologue}" "pragma push_macro\\(\"" pushed)
names_after("${prologue}" "undef " undefined)
names_after("${epilogue}" "pragma pop_macro\\(\"" popped)
foreach(list pushed undefined popped)
  if(NOT ${list} STREQUAL needed)
    message(SEND_ERROR "Names ${list} in prologue.hpp or epilogue.hpp: ${${list}}\nnames of macros.hpp in the headers: ${needed}")
  endif()
endforeach()
