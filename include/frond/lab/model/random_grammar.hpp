// A random hierarchy model whose shape is known at run time, with the memory for its tables.
#pragma once

#include <cstdint>
#include <vector>

#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/grammar/rhm_shape.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::model {

// A random hierarchy model and the memory of its rules.
class random_grammar {
 public:
  // Draws the rules. A shape that is none of a grammar leaves the reason in check().
  random_grammar(const grammar::rhm_shape& shape, seed key) {
    const auto needed = grammar::memory_of(shape);
    state_ = needed.state;
    if (!state_) return;
    rules_.resize(needed.value.rules);
    order_.resize(needed.value.order);
    const auto drawn = grammar::draw_rhm(shape, key, rules_, order_);
    view_ = drawn.value;
    state_ = drawn.state;
  }
  random_grammar(const random_grammar&) = delete;
  random_grammar& operator=(const random_grammar&) = delete;

  [[nodiscard]] const status& check() const { return state_; }
  // The rules, which are a source of sentences. They live in this object.
  [[nodiscard]] const grammar::rhm_view& view() const { return view_; }

 private:
  std::vector<symbol> rules_;
  std::vector<std::uint16_t> order_;
  grammar::rhm_view view_;
  status state_;
};

}}}  // namespace frond::lab::model

#include <frond/config/epilogue.hpp>
