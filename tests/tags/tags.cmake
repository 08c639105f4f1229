# cmake -D CTAGS=<path> -P tags.cmake: Universal Ctags, and with it every editor that reads tags, finds something defined in each
# header that is no umbrella and no bracket, pass text included.
cmake_minimum_required(VERSION 3.20)
get_filename_component(include_folder ${CMAKE_CURRENT_LIST_DIR}/../../include ABSOLUTE)

file(GLOB_RECURSE headers RELATIVE ${include_folder} ${include_folder}/frond/*.hpp)
list(FILTER headers EXCLUDE REGEX "^frond/(lab/)?[^/]*.hpp$")
list(FILTER headers EXCLUDE REGEX "^frond/(config/(prologue|epilogue)|kernel/pass|simd/each_pass-inl)")
set(faults "")
foreach(header IN LISTS headers)
  execute_process(COMMAND ${CTAGS} --options=NONE --language-force=C++ --kinds-C++=dcfgstuv --fields=K -f - ${include_folder}/${header}
                  OUTPUT_VARIABLE tags RESULT_VARIABLE failed ERROR_QUIET)
  # What stands in the namespace of the folder, or a macro where a header has nothing else.
  if(failed OR tags STREQUAL "")
    string(APPEND faults "  ${header}: no definition is found\n")
  endif()
  if(NOT header MATCHES "/(config|version|library).hpp$" AND NOT tags MATCHES "\t(class|function|struct|union|enum|variable)")
    string(APPEND faults "  ${header}: nothing but macros is found\n")
  endif()
endforeach()
if(faults)
  message(FATAL_ERROR "Headers that tag readers do not understand:\n${faults}")
endif()
