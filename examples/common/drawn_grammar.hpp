// A random hierarchy model whose shape is known at run time, with the memory for its tables.
#pragma once

#include <cstdint>
#include <vector>

#include <frond/frond.hpp>

namespace common {

class drawn_grammar {
 public:
  drawn_grammar(const frond::grammar::rhm_shape& shape, frond::seed key) {
    const auto needed = frond::grammar::memory_of(shape);
    FROND_ASSERT(needed.ok(), "this shape is not that of a grammar");
    rules_.resize(needed.value.rules);
    order_.resize(needed.value.order);
    view_ = frond::grammar::draw_rhm(shape, key, rules_, order_).value;
  }
  drawn_grammar(const drawn_grammar&) = delete;
  drawn_grammar& operator=(const drawn_grammar&) = delete;

  [[nodiscard]] const frond::grammar::rhm_view& view() const { return view_; }

 private:
  std::vector<frond::symbol> rules_;
  std::vector<std::uint16_t> order_;
  frond::grammar::rhm_view view_;
};

}  // namespace common
