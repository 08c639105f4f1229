# cmake -D GRAMMAR=<path> -D BUILD=<folder> -P real.cmake: what `frond-grammar check` says of other people's grammars. The environment
# variable FROND_DATA names a folder that has them in its folder grammars/.
cmake_minimum_required(VERSION 3.20)
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
set(input "")
set(data $ENV{FROND_DATA}/grammars)
if("$ENV{FROND_DATA}" STREQUAL "" OR NOT IS_DIRECTORY ${data})
  message("Skipped: the environment variable FROND_DATA names no folder with grammars.")
  return()
endif()
find_program(GZIP gzip)
if(NOT GZIP)
  message("Skipped: gzip, which unpacks the grammars, is not installed.")
  return()
endif()
set(BUILD ${BUILD}/real)
file(MAKE_DIRECTORY ${BUILD})
foreach(packed commandtalk.cfg commandtalk_sentences.txt gum_pcfg_rules.tsv gum_pcfg_lexicon.tsv)
  execute_process(COMMAND ${GZIP} -dc ${data}/${packed}.gz OUTPUT_FILE ${BUILD}/${packed} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

succeeds("nonterminals: 8\nwords: 10\nrules: 17\n.*consistent: yes\nexpected length: 6.7777" check ${data}/nltk_toy1.pcfg)
succeeds("nonterminals: 9\nwords: 15\nrules: 23\n.*consistent: yes\nexpected length: 6.9694" check ${data}/nltk_toy2.pcfg)
succeeds("matrix: 1\nprobability that a derivation ends: 1\nconsistent: yes\nexpected length: inf\n\
" check ${data}/synthetic_critical.pcfg)
succeeds("matrix: 0.99998\n.*consistent: yes\nexpected length: 25000.4999" check ${data}/synthetic_subcritical.pcfg)
foreach(same inconsistent example2)
  succeeds("matrix: 1.8\nprobability that a derivation ends: 0.11111[^\n]*\nconsistent: no\n\
" check ${data}/synthetic_${same}.pcfg)
endforeach()
succeeds("consistent: yes\nexpected length: 1.125\n" check ${data}/synthetic_sigmastar.pcfg)
succeeds("words: 3\nrules: 4\n.*expected length: 2\n\
entropy of a derivation in nats: 0.69314718" check ${data}/synthetic_example1.pcfg)
succeeds("derivation ends: 0.012345679012345" check ${data}/synthetic_noninvertible_jacobian.pcfg)
succeeds("nonterminals: 7\nwords: 4\nrules: 11\n\
.*expected length: (8|8.00000000|7.99999999)" check ${data}/synthetic_dyck2.pcfg)
succeeds("nonterminals: 6\nwords: 5\nrules: 11\n" check ${data}/synthetic_dyck2.cfg)
# Its sentences: all of them are.
succeeds("^sentence: " parse ${data}/synthetic_dyck2.pcfg ${data}/synthetic_dyck2.txt)
if(output MATCHES "parses: 0")
  message(SEND_ERROR "A sentence of the Dyck grammar was not recognised.")
endif()

fails("commandtalk.cfg:362:31: an undefined symbol: [^\n]*: DYNAMIC_POINT_ID\n$" check ${BUILD}/commandtalk.cfg)
succeeds("^start symbol: SIGMA\nnonterminals: 4760,.*\nwords: 1771\nrules: 28851\n.*consistent: no\n"
         check ${BUILD}/commandtalk.cfg --undefined unproductive)
# The numbers of parses that come with it.
file(STRINGS ${BUILD}/commandtalk_sentences.txt lines REGEX "^[0-9]+ : ")
list(TRANSFORM lines REPLACE "^([0-9]+) : .*$" "\\1" OUTPUT_VARIABLE expected)
list(TRANSFORM lines REPLACE "^[0-9]+ : (.*)$" "\\1\n" OUTPUT_VARIABLE sentences)
string(CONCAT sentences ${sentences})
file(WRITE ${BUILD}/sentences.txt "${sentences}")
succeeds("^sentence: " parse ${BUILD}/commandtalk.cfg ${BUILD}/sentences.txt --undefined unproductive --unknown impossible)
string(REGEX MATCHALL "parses: [0-9]+" parses "${output}")
list(TRANSFORM parses REPLACE "parses: " "")
list(LENGTH parses sentence_count)
if(NOT sentence_count EQUAL 162 OR NOT parses STREQUAL expected)
  message(SEND_ERROR "Numbers of parses: ${parses}\nexpected: ${expected}")
endif()
# One expected length is known: that of a treebank's grammar is that of its sentences, 98,363 words in 4,636 trees (Chi and
# Geman, "Estimation of probabilistic context-free grammars", 1998).
succeeds("nonterminals: 72\nwords: 13290\nrules: 19641\n.*consistent: yes\nexpected length: 21.2172131147"
         check ${BUILD}/gum_pcfg_rules.tsv --lexicon ${BUILD}/gum_pcfg_lexicon.tsv --start ROOT)
fails("json.gbnf:3:7: the notation is GBNF " check ${data}/json.gbnf)
fails("arithmetic.g4:33:1: the notation is ANTLR, " check ${data}/arithmetic.g4)
# The forms; and the words ; # % #1 #44 of the treebank's lexicon are words, of which nothing is said.
succeeds("form: bracketed\n" check ${data}/nltk_toy1.pcfg)
succeeds("form: probability-first\n" check ${data}/synthetic_dyck2.pcfg)
succeeds("form: plain\n" check ${data}/synthetic_dyck2.cfg)
set(treebank ${BUILD}/gum_pcfg_rules.tsv --lexicon ${BUILD}/gum_pcfg_lexicon.tsv --start ROOT)
succeeds("form: counts\n" check ${treebank})
file(WRITE ${BUILD}/sentences.txt "# #1 #44 ; %\n#2\n")
fails_later("^sentence: # #1 #44 ; %\n" "sentences.txt:2:1: the grammar does not have this word: #2\n$"
      parse ${BUILD}/gum_pcfg_rules.tsv ${BUILD}/sentences.txt --lexicon ${BUILD}/gum_pcfg_lexicon.tsv --start ROOT)
