// For a PC, general context-free grammars with probabilities: builder, text, properties, sampling.
#pragma once

#include <frond/lab/pcfg/builder.hpp>
#include <frond/lab/pcfg/derivation.hpp>
#include <frond/lab/pcfg/from_hierarchy.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/lab/pcfg/properties.hpp>
#include <frond/lab/pcfg/sample.hpp>
#include <frond/lab/pcfg/symbols.hpp>
#include <frond/lab/pcfg/text.hpp>
#include <frond/lab/pcfg/text_form.hpp>
#include <frond/lab/pcfg/text_line.hpp>
#include <frond/lab/pcfg/text_notation.hpp>
#include <frond/lab/pcfg/text_rules.hpp>
#include <frond/lab/pcfg/text_tokens.hpp>
#include <frond/lab/pcfg/text_warnings.hpp>
#include <frond/lab/pcfg/vocabulary.hpp>
