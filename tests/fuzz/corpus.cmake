# The texts of corpus/ once more, by a plain program and with any compiler; under the sanitizers if those are on.
add_executable(fuzz_corpus ${CMAKE_CURRENT_LIST_DIR}/grammar_text.cpp ${CMAKE_CURRENT_LIST_DIR}/replay.cpp)
target_link_libraries(fuzz_corpus PRIVATE frond_own)
if(FROND_TEST_SANITIZERS)
  set(sanitizers -O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_compile_options(fuzz_corpus PRIVATE ${sanitizers})
  target_link_options(fuzz_corpus PRIVATE ${sanitizers})
endif()
add_test(NAME fuzz.corpus COMMAND fuzz_corpus ${CMAKE_CURRENT_LIST_DIR}/corpus/grammar_text)
