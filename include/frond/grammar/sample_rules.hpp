// Whole groups of sentences of a random hierarchy model: a plain function that picks the active instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/rules.hpp>
#include <frond/kernel/pass.hpp>
#include <frond/rng/choices.hpp>
#include <frond/simd/target.hpp>
#include <frond/config/prologue.hpp>

#define FROND_PASS_TEXT <frond/grammar/rules-inl.hpp>
#include <frond/simd/each_pass-inl.hpp>

namespace frond { inline namespace FROND_ABI { namespace grammar { inline namespace FROND_ENTRY {

// Whole groups of sentences of a random hierarchy model, out [groups][256][branching^depth]: the ones that
// plain::sample_sentence makes one by one. With two symbols to a rule and at most 64 rules in a level, rules are looked up in
// registers. 20 KiB of stack.
inline void sample_rules(const rule_tables& tables, seed key, std::uint64_t first_group, std::size_t groups, symbol* out) {
  FROND_DISPATCH_CALL(sample_rules(tables, key, first_group, groups, out));
}

}}}}  // namespace frond::grammar

#include <frond/config/epilogue.hpp>
