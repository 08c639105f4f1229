# What the library's own tests, examples and benchmarks are compiled with; none of it reaches a user.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

set(frond_warnings -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wdouble-promotion -Werror)
add_library(frond_own INTERFACE)
target_compile_options(frond_own INTERFACE ${frond_warnings})
target_link_libraries(frond_own INTERFACE frond::lab)

# Regenerates the committed single headers.
add_custom_target(amalgamate COMMAND ${CMAKE_COMMAND} -P ${PROJECT_SOURCE_DIR}/single_include/amalgamate.cmake VERBATIM)
