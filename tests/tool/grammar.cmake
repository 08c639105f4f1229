# cmake -D GRAMMAR=<path> -D BUILD=<folder> -P grammar.cmake: every command on good input, and what bad input gives.
cmake_minimum_required(VERSION 3.20)
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
set(input "")
set(BUILD ${BUILD}/small)
file(MAKE_DIRECTORY ${BUILD})
set(songs ${BUILD}/songs.pcfg)
file(WRITE ${songs} "S -> NP VP [1]\nNP -> 'we' [.5] | 'they' [.25] | NP PP [.25]\nVP -> 'sing' [.6] | VP PP [.4]\n\
PP -> 'with' NP [1]\n")
set(halves ${BUILD}/halves.pcfg)
file(WRITE ${halves} "0.9 S -> S S\n0.1 S -> a\n")

# check
succeeds("^start symbol: S\nnonterminals: 4\nwords: 4\nrules: 7\nsymbols on a right side: 1 to 2\n.*consistent: yes\n\
.*expected length: 5\n"
         check ${songs})
succeeds("probability that a derivation ends: 0.111111111111111.*consistent: no\nexpected length: inf\n\
.*that it ends:\nexpected length: 1.125\n"
         check ${halves})
succeeds("length\tprobability\tderivations\n0\t0\t0\n1\t0.1[0-9]*\t1\n2\t0.00[0-9]*\t1\n3\t0.00[0-9]*\t2\n4\t[^\t]*\t5\n$"
         check ${halves} --lengths 4)
file(WRITE ${BUILD}/rules.tsv "3\tS\tN V\n1\tS\tV\n")
file(WRITE ${BUILD}/words.tsv "1\tN\tdogs\n2\tV\tbark\n1\tV\tN\n")
succeeds("nonterminals: 3\nwords: 3\nrules: 5\n.*expected length: 1.75\n" check ${BUILD}/rules.tsv --lexicon ${BUILD}/words.tsv)
succeeds("nonterminals: 1\nwords: 2\n" check ${BUILD}/rules.tsv)

# sample: the same again with the same seed
succeeds("^([a-z ]+\n)+$" sample ${songs} --count 20 --seed 3)
set(first "${output}")
succeeds("^" sample ${songs} --count 20 --seed 3)
if(NOT output STREQUAL first)
  message(SEND_ERROR "The same seed gave other sentences.")
endif()
succeeds("^" sample ${songs} --count 20 --seed 4)
if(output STREQUAL first)
  message(SEND_ERROR "Another seed gave the same sentences.")
endif()
succeeds("^([a-z]+ [a-z]+ [a-z]+ [a-z]+\n)+$" sample ${songs} --length 4)
succeeds("^(\\(S \\(NP [^\n]*\\) \\(VP [^\n]*\\)\\)\n)+$" sample ${songs} --trees)
succeeds("^((a ?)+\n)+$" sample ${halves} --ending)
succeeds("^$" sample ${songs} --count 0)
fails("^${songs}: the grammar has no sentence of this length\n$" sample ${songs} --length 3)
fails("^${halves}: sentence [0-9]: a sentence has more words than the bound allows\n$" sample ${halves} --max-length 20)

# parse
set(input "we sing\nwe sing with they with we\nsing we\n")
succeeds("^sentence: we sing\nln probability: -1.203972804325[0-9]*\nparses: 1\n\
best: \\(S \\(NP we\\) \\(VP sing\\)\\)\nln probability of the best: -1.203972804325[0-9]*\n\
sentence: we sing with they with we\nln probability: [^\n]*\nparses: 2\n\
best: [^\n]*\nln probability of the best: [^\n]*\nsentence: sing we\nln probability: -inf\nparses: 0\n$"
         parse ${songs})
file(WRITE ${BUILD}/sentences.txt "we sing\n")
succeeds("\nsample: \\(S \\(NP we\\) \\(VP sing\\)\\)\nsample: \\(S \\(NP we\\) \\(VP sing\\)\\)\n$"
         parse ${songs} ${BUILD}/sentences.txt --samples 2)
set(input "we sing\nwe  dance\n")
# What came before the error is there.
run(1 "^sentence: we sing\nln probability: [^\n]*\nparses: 1\nbest: [^\n]*\nln probability of the best: [^\n]*\n$"
    "^standard input:2:5: the grammar does not have this word: dance\n$" parse ${songs})
succeeds("sentence: we dance\nln probability: -1.203972804325" parse ${songs} --unknown any)
succeeds("parses: 1\n.*sentence: we dance\nln probability: -inf\nparses: 0\n$" parse ${songs} --unknown impossible)
fails("^standard input:1:4: a sentence has more words than --max-length allows\n$" parse ${songs} --max-length 1)
fails("^${BUILD}/none.txt: the file cannot be opened\n$" parse ${songs} ${BUILD}/none.txt)

# denoise
set(input "_ sing\n_ sing with _\n")
succeeds("^line\tposition\tnoisy\tword\tprobability\n1\t1\t_\twe\t0.66666[0-9]*\n1\t1\t_\tthey\t0.33333[0-9]*\n\
1\t2\tsing\tsing\t1\n2\t1\t_\twe\t"
         denoise ${songs})
succeeds("^line\tposition\tnoisy\tword\tprobability\n1\t1\t_\twe\t[^\n]*\n1\t2\tsing\tsing\t1\n" denoise ${songs} --top 1)
succeeds("^((we|they) sing\n)+((we|they) sing with (we|they)\n)+$" denoise ${songs} --samples 5)
set(input "with sing\n")
fails("^standard input:1: no sentence of the grammar of this length becomes this one\n$" denoise ${songs})
succeeds("^line\tposition\tnoisy\tword\tprobability\n1\t1\twith\twe\t0.66666" denoise ${songs} --noise uniform --alpha-bar .75)
fails("^${songs}: an ambiguous token: the mask 'we' is a word" denoise ${songs} --mask we)

# bad grammars
function(bad text pattern)
  file(WRITE ${BUILD}/bad.pcfg "${text}")
  set(input "")
  fails("^${BUILD}/bad.pcfg${pattern}" check ${BUILD}/bad.pcfg ${ARGN})
endfunction()
bad("" ": there is no rule\n$")
bad("S NP\n" ":1:3: an arrow was expected: ->: NP\n$")
bad("S -> 'a' [.5]\n" ":1:1: the probabilities of a left side do not sum to one: S, 0.5\n$")
bad("S -> A 'a'\nA -> B\n" ":2:6: an undefined symbol: neither a quoted word nor with rules: B\n$")
bad("S -> a 'a'\n" ":1:6: an ambiguous token: a quoted word elsewhere, here neither quoted nor with rules: a\n$")
bad("S -> 'a' [x]\nA -> B [1]" ":1:11: a number was expected: x\n$")
bad("0.6 S -> S S\n0.4 S -> a" ": an inconsistent grammar: [^\n]*: S, 0.66666[0-9]*\n$" --require-consistent)
file(WRITE ${BUILD}/words.tsv "1\tN\tdogs\n2\tV\n")
fails("^${BUILD}/words.tsv:2:4: two tabs were expected" check ${BUILD}/rules.tsv --lexicon ${BUILD}/words.tsv)
fails("^${BUILD}/none: the file cannot be opened\n$" check ${BUILD}/none)
file(WRITE ${BUILD}/bad.pcfg "1 S -> S\n")
fails("^${BUILD}/bad.pcfg: unary chains lead from a nonterminal back to itself with probability one: S\n\
$" parse ${BUILD}/bad.pcfg)

# bad options
misused("a command was expected")
misused("a command was expected" dance ${songs})
misused("a grammar's file was expected" check)
misused("'x' is one argument too many" check ${songs} x)
misused("--form cannot be 'x'; it is one of: bracketed, counts, detected, plain, probability-first, probability-last, spaced-counts " check ${songs} --form x)
misused("--alpha-bar must be a number between 0 and 1" denoise ${songs} --alpha-bar 2)
misused("--length must not be above --max-length" sample ${songs} --length 5 --max-length 4)
misused("" check ${songs} --nonsense)
misused("" sample ${songs} --count many)
