# Macros of other libraries, defined before the headers are included, change nothing in them, and are still there afterwards.
set(source ${CMAKE_CURRENT_SOURCE_DIR}/consumer/foreign_macros)
set(build ${CMAKE_CURRENT_BINARY_DIR}/consumer/foreign_macros)

# standard.hpp: what the headers include of the standard library. kept.hpp: every macro is what it was.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/*.hpp)
set(standard "")
foreach(header IN LISTS headers)
  file(STRINGS ${header} lines REGEX "^#include <([a-z_]+|(sys/)?[a-z]+[.]h)>$")
  list(APPEND standard ${lines})
endforeach()
list(REMOVE_DUPLICATES standard)
list(SORT standard)
list(JOIN standard "\n" standard)
file(CONFIGURE OUTPUT ${build}/standard.hpp CONTENT "${standard}\n")
file(STRINGS ${source}/macros.hpp macros REGEX "^#define")
list(TRANSFORM macros REPLACE "^#define ([A-Za-z0-9_]+).*" "#ifndef \\1\n#error \"the library has undefined \\1\"\n#endif\n")
list(JOIN macros "" macros)
file(CONFIGURE OUTPUT ${build}/kept.hpp CONTENT "${macros}")

foreach(compiler IN LISTS frond_compilers)
  get_filename_component(name ${compiler} NAME)
  foreach(header frond lab)
    foreach(folder include single_include)
      add_test(NAME consumer.foreign_macros.${header}.${name}.${folder}
        COMMAND ${compiler} -std=c++20 -fsyntax-only ${frond_warnings} -I ${PROJECT_SOURCE_DIR}/${folder} -I ${build}
                ${source}/${header}.cpp)
    endforeach()
  endforeach()
endforeach()
add_test(NAME consumer.foreign_macros.names COMMAND ${CMAKE_COMMAND} -P ${source}/names.cmake)
