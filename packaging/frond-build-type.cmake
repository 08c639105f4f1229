# One message per project where nothing asks the compiler to optimise. A build type, an -O in CMAKE_CXX_FLAGS or among the
# compile options of the folder is a choice, and nothing is said. Included by Frond's CMakeLists.txt and by its package.
get_property(frond_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
get_property(frond_unoptimised GLOBAL PROPERTY FROND_UNOPTIMISED SET)
get_directory_property(frond_flags COMPILE_OPTIONS)
string(APPEND frond_flags " ${CMAKE_CXX_FLAGS}")
if(NOT CMAKE_BUILD_TYPE AND NOT frond_multi_config AND NOT frond_unoptimised AND NOT frond_flags MATCHES "(^|[ ;])[-/]O")
  set_property(GLOBAL PROPERTY FROND_UNOPTIMISED ON)
  message(NOTICE "Frond: CMAKE_BUILD_TYPE is empty, so nothing is optimised and Frond runs 40 to 160 times slower than it can. "
                 "Configure with -D CMAKE_BUILD_TYPE=Release, or set flags of your own.")
endif()
