# Projects that use the library: as a subdirectory, and as an installed package.
set(build ${CMAKE_CURRENT_BINARY_DIR}/consumer)
set(try ${CMAKE_CTEST_COMMAND} --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/consumer)
set(how --build-generator ${CMAKE_GENERATOR} --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER})

add_test(NAME consumer.subdirectory
  COMMAND ${try} ${build}/subdirectory ${how} -DFROND_SOURCE=${PROJECT_SOURCE_DIR} --test-command consumer_lab)

add_test(NAME consumer.install COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${build}/prefix)
add_test(NAME consumer.package
  COMMAND ${try} ${build}/package ${how} -DCMAKE_PREFIX_PATH=${build}/prefix -DFROND_WANTED=${PROJECT_VERSION}
          --test-command consumer_lab)
add_test(NAME consumer.version_99_is_refused
  COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_SOURCE_DIR}/consumer -B ${build}/refused -G ${CMAKE_GENERATOR}
          -DCMAKE_PREFIX_PATH=${build}/prefix -DFROND_WANTED=99)
set_tests_properties(consumer.install PROPERTIES FIXTURES_SETUP installed)
set_tests_properties(consumer.package consumer.version_99_is_refused PROPERTIES FIXTURES_REQUIRED installed)
set_tests_properties(consumer.version_99_is_refused PROPERTIES
  PASS_REGULAR_EXPRESSION "compatible[ \n]+with requested version \"99\"")

# With the warnings that strict projects make errors of, of each compiler, and no system headers in between. GCC finds null
# references only where it optimises.
foreach(compiler IN LISTS frond_compilers)
  get_filename_component(name ${compiler} NAME)
  set(strict ${frond_strict_gcc})
  if(name MATCHES "clang")
    set(strict ${frond_strict_clang})
  endif()
  foreach(how "device;O3;include" "device;O2;single_include" "lab;O2;single_include")
    list(GET how 0 part)
    list(GET how 1 level)
    list(GET how 2 folder)
    set(test consumer.strict.${part}.${name}.${level})
    add_test(NAME ${test}
      COMMAND ${compiler} -std=c++20 -${level} ${frond_warnings} ${strict} -I ${PROJECT_SOURCE_DIR}/${folder}
              -c ${CMAKE_CURRENT_SOURCE_DIR}/consumer/strict/${part}.cpp -o ${CMAKE_CURRENT_BINARY_DIR}/${test}.o)
  endforeach()
endforeach()

get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT multi_config)
  add_test(NAME consumer.build_type
    COMMAND ${CMAKE_COMMAND} -D SOURCE=${PROJECT_SOURCE_DIR} -D CONSUMER=${CMAKE_CURRENT_SOURCE_DIR}/consumer
            -D PREFIX=${build}/prefix -D FOLDER=${build}/build_type -D GENERATOR=${CMAKE_GENERATOR}
            -D COMPILER=${CMAKE_CXX_COMPILER} -P ${CMAKE_CURRENT_SOURCE_DIR}/consumer/build_type.cmake)
  set_tests_properties(consumer.build_type PROPERTIES FIXTURES_REQUIRED installed)
endif()
