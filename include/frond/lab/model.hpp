// For a PC, a network that learns, with all that it needs in one object; grammars with their memory; data split in two.
#pragma once

#include <frond/lab/model/describe.hpp>
#include <frond/lab/model/grammar_sentences.hpp>
#include <frond/lab/model/learner.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/lab/model/split.hpp>
#include <frond/lab/model/writing.hpp>
