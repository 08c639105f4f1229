# The texts of corpus/ once more, by plain programs and with any compiler; under the sanitizers if those are on.
# add_replay(<name> <source>...): the files of corpus/<name>.
function(add_replay name)
  add_executable(fuzz_corpus_${name} ${CMAKE_CURRENT_LIST_DIR}/${name}.cpp ${CMAKE_CURRENT_LIST_DIR}/replay.cpp ${ARGN})
  target_link_libraries(fuzz_corpus_${name} PRIVATE frond_own)
  if(FROND_TEST_SANITIZERS)
    set(sanitizers -O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all)
    target_compile_options(fuzz_corpus_${name} PRIVATE ${sanitizers})
    target_link_options(fuzz_corpus_${name} PRIVATE ${sanitizers})
  endif()
  add_test(NAME fuzz.corpus.${name} COMMAND fuzz_corpus_${name} ${CMAKE_CURRENT_LIST_DIR}/corpus/${name})
endfunction()
add_replay(grammar_text)
add_replay(sentences ${CMAKE_CURRENT_LIST_DIR}/../../examples/tools/grammar/sentences.cpp)
