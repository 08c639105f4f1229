// Belief propagation on the tree of a hierarchy whose levels differ: rules of unequal probabilities and blanks at unknown
// places are only other factors at a node, so the posterior stays exact and its cost linear in the number of tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <frond/belief/hierarchy_memory.hpp>
#include <frond/belief/messages.hpp>
#include <frond/belief/patch_messages.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/hierarchy.hpp>
#include <frond/math/double.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace belief {

// The posterior over one tree, to be used like tree<Real>: fill leaf(i), call upward() and, for marginals, downward(); then
// ask. The blank of a level is a symbol like others, the last. For equal levels without blanks all results have the bits of
// tree<Real>, except that log_evidence() may differ by rounding, since it adds up level by level. An observation that cannot be
// explained is treated as in tree<Real>; a patch that cannot be explained counts as a node.
//
// A block of many tokens says clearly whether it is blank: in float the belief in what it is not underflows to zero when the
// observation is 2^-126 times as likely that way.
template <class Real>
class hierarchy_tree {
 public:
  // memory: at least tree_memory_size<Real>(shape) numbers, whose contents do not matter.
  constexpr hierarchy_tree(const grammar::hierarchy_view& grammar, std::span<Real> memory) : grammar_(grammar) {
    FROND_CHECK_SIZE(memory.size() >= tree_memory_size<Real>(grammar.shape).value, "the memory is too small for the messages");
    const detail::hierarchy_tree_parts parts(grammar.shape);
    const auto take = [&](const checked& size) {
      const std::span<Real> part = memory.first(to_size(size.value));
      memory = memory.subspan(part.size());
      return part;
    };
    up_ = take(parts.messages);
    down_ = take(parts.messages);
    probabilities_ = take(parts.probabilities);
    choices_ = take(parts.choices);
    patches_up_ = take(parts.patches);
    patches_down_ = take(parts.patches);
    steps_ = take(parts.steps);
    leaves_ = row(0);
    for (std::uint32_t l = 1; l <= grammar.shape.depth(); ++l) {
      const std::size_t first = grammar.shape.probabilities_offset(l), count = grammar.level_probabilities(l).size();
      for (std::uint32_t k = 0; k < count; ++k) probabilities_[first + k] = static_cast<Real>(grammar.rule_probability(l, k));
    }
  }

  // Where the likelihoods of token `position` go, [symbol_count(0)], as in tree<Real>.
  [[nodiscard]] constexpr std::span<Real> leaf(std::size_t position) { return message(up_, leaves_, position); }

  // Collects at each node what its subtree says about it. O(nodes rules symbols branching).
  constexpr void upward() {
    in_ieee_arithmetic([&] {
      const grammar::hierarchy_shape& shape = grammar_.shape;
      contradictions_ = 0;
      exponent_ = 0;
      for (std::size_t i = 0; i < leaves_.nodes; ++i) rescale(message(up_, leaves_, i));
      for (std::uint32_t l = 1; l <= shape.depth(); ++l) {
        const step at = step_of(l);
        for (std::size_t i = 0; i < at.parents.nodes; ++i) {
          const std::span<Real> up = message(up_, at.parents, i);
          const Real* children = children_of(at, i, true);
          with_weights(at, [&](const auto& weigh) {
            if (at.rules.branching == 2)
              detail::collect_pairs(at.rules, children, up.data(), weigh);
            else
              detail::collect(at.rules, children, up.data(), weigh);
          });
          if (at.may_be_blank) up[at.rules.parents] = blank_but(at, children, at.rules.branching);
          rescale(up);
        }
      }
    });
  }

  // After upward(): brings to each node what the rest of the tree says about it. The same cost.
  constexpr void downward() {
    in_ieee_arithmetic([&] {
      for (Real& value : message(down_, row(grammar_.shape.depth()), 0)) value = 1;
      for (std::uint32_t l = grammar_.shape.depth(); l > 0; --l) {
        const step at = step_of(l);
        for (std::size_t i = 0; i < at.parents.nodes; ++i) {
          const std::span<Real> down = message(down_, at.parents, i);
          const Real scale = detail::scale_down(down);
          const Real* children = children_of(at, i, false);
          const std::span<Real> below = down_.subspan(first_child(at, i), at.child_count * at.rules.vocabulary);
          Real* const to_children = at.places > 1 ? patches_down_.data() : below.data();
          with_weights(at, [&](const auto& weigh) {
            if (at.rules.branching == 2)
              detail::distribute_pairs(at.rules, down.data(), children, to_children, weigh);
            else
              detail::distribute(at.rules, down.data(), children, to_children, steps_.data(), weigh);
          });
          for (std::size_t j = 0; at.may_be_blank && j < at.rules.branching; ++j) {
            to_children[(j + 1) * at.rules.vocabulary - 1] = down[at.rules.parents] * blank_but(at, children, j);
          }
          if (at.places > 1) tell_patches(at, i);
          for (Real& value : below) value *= scale;
        }
      }
    });
  }

  // As in tree<Real>.
  [[nodiscard]] constexpr std::size_t contradictions() const { return contradictions_; }

  // As in tree<Real>: ln P(observation) in nats, -infinity where there are contradictions.
  [[nodiscard]] constexpr double log_evidence() const {
    if (contradictions_ > 0) return -std::numeric_limits<double>::infinity();
    const grammar::hierarchy_shape& shape = grammar_.shape;
    double root = 0;
    for (const Real value : message(up_, row(shape.depth()), 0)) root += static_cast<double>(value);
    double sum = math::log(root / static_cast<double>(shape.symbols(shape.depth())));
    sum -= static_cast<double>(exponent_) * math::log(2.0);
    for (std::uint32_t l = 1; l <= shape.depth(); ++l) {  // what the messages are too large by: each node, blank or not
      const grammar::hierarchy_level& level = shape.level(l);
      double node = static_cast<double>(level.branching) * math::log(static_cast<double>(level.blanks) + 1.0);
      if (grammar_.level_probabilities(l).empty()) node += math::log(static_cast<double>(level.rules));
      sum -= static_cast<double>(shape.level_nodes(l)) * node;
    }
    return sum;
  }

  // After downward(), as in tree<Real>: the posterior distribution of node `position` of a level, out [symbol_count(level)].
  template <class Out>
  constexpr void marginal(std::uint32_t level, std::size_t position, std::span<Out> out) const {
    FROND_CHECK_SIZE(out.size() == grammar_.shape.symbol_count(level), "a marginal has one entry for each symbol");
    in_ieee_arithmetic([&] { belief_at(level, position).write(out); });
  }

  // The same of all tokens, out [length][symbol_count(0)].
  template <class Out>
  constexpr void token_marginals(std::span<Out> out) const {
    FROND_CHECK_SIZE(out.size() == leaves_.nodes * leaves_.symbols, "every token has a marginal");
    in_ieee_arithmetic([&] {
      for (std::size_t i = 0; i < leaves_.nodes; ++i) belief_at(0, i).write(out.subspan(i * leaves_.symbols, leaves_.symbols));
    });
  }

  // After downward(): one entry of marginal().
  [[nodiscard]] constexpr Real probability(std::uint32_t level, std::size_t position, symbol value) const {
    FROND_ASSERT(value < grammar_.shape.symbol_count(level), "a marginal has one entry for each symbol");
    return in_ieee_arithmetic([&] { return belief_at(level, position)[value]; });
  }

  // After upward(), as in tree<Real>: sample `index` from the posterior of all nodes jointly; out [nodes] is laid out as in
  // grammar::sample_tree.
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) {
    const grammar::hierarchy_shape& shape = grammar_.shape;
    FROND_CHECK_SIZE(out.size() == shape.nodes(), "the output must have room for exactly one tree");
    rng::draws draw(key, rng::stream::posterior, index);
    in_ieee_arithmetic([&] {
      out[0] = static_cast<symbol>(draw.categorical(std::span<const Real>(message(up_, row(shape.depth()), 0))));
      const symbol* parent = out.data();
      for (std::uint32_t l = shape.depth(); l > 0; --l) {
        const step at = step_of(l);
        symbol* children = out.data() + shape.tree_offset(l - 1);
        for (std::size_t i = 0; i < at.parents.nodes; ++i, children += at.child_count)
          draw_children(at, i, *parent++, draw, children);
      }
    });
  }

 private:
  using level_row = detail::level_row;
  using step = detail::level_step<Real>;

  [[nodiscard]] constexpr level_row row(std::uint32_t level) const {
    const grammar::hierarchy_shape& shape = grammar_.shape;
    level_row at{0, 1, shape.symbols(shape.depth())};
    for (std::uint32_t l = shape.depth(); l > level; --l) {
      at.first += at.nodes * at.symbols;
      at.nodes *= shape.children(l);
      at.symbols = shape.symbol_count(l - 1);
    }
    return at;
  }
  [[nodiscard]] constexpr step step_of(std::uint32_t l) const {
    const grammar::hierarchy_shape& shape = grammar_.shape;
    const grammar::hierarchy_level& level = shape.level(l);
    const bool even = grammar_.level_probabilities(l).empty();
    const level_row children = row(l - 1);
    return {{grammar_.level_rules(l).data(), level.symbols, level.rules, level.branching, children.symbols},
            even ? nullptr : probabilities_.data() + shape.probabilities_offset(l),
            row(l),
            children,
            shape.children(l),
            std::size_t{level.blanks} + 1,
            shape.has_blank(l),
            even ? static_cast<Real>(level.rules) : Real{1}};
  }

  template <class Values>
  [[nodiscard]] constexpr Values message(Values values, const level_row& level, std::size_t position) const {
    return values.subspan(level.first + position * level.symbols, level.symbols);
  }
  [[nodiscard]] constexpr std::size_t first_child(const step& at, std::size_t node) const {
    return at.children.first + node * at.child_count * at.children.symbols;
  }
  [[nodiscard]] constexpr detail::marginal<Real> belief_at(std::uint32_t level, std::size_t position) const {
    const level_row at = level == 0 ? leaves_ : row(level);
    return {message(up_, at, position), message(down_, at, position)};
  }

  template <class Call>
  constexpr void with_weights(const step& at, const Call& call) const {
    if (at.weights)
      call(detail::given_weights<Real>{at.weights});
    else
      call(detail::equal_weights{});
  }

  // The messages that the rules of a node work on, [branching][symbols below]: those of its children, or of their patches.
  constexpr const Real* children_of(const step& at, std::size_t node, bool count) {
    const Real* children = up_.data() + first_child(at, node);
    if (at.places == 1) return children;
    const std::size_t size = at.children.symbols;
    for (std::size_t j = 0; j < at.rules.branching; ++j) {
      const std::span<Real> patch = patches_up_.subspan(j * size, size);
      detail::collect_patch(children + j * at.places * size, at.places, size, at.may_be_blank, patch.data(), steps_.data());
      const detail::rescaled done = detail::rescale(patch, at.may_be_blank ? size : size - 1);
      if (count) keep(done);
    }
    return patches_up_.data();
  }

  // The likelihood that all children, or patches, of a node are blank, one of them left out, on the scale of the other symbols.
  constexpr Real blank_but(const step& at, const Real* children, std::size_t left_out) const {
    Real product = at.blank_factor;
    for (std::size_t j = 0; j < at.rules.branching; ++j) {
      if (j != left_out) product *= children[(j + 1) * at.rules.vocabulary - 1];
    }
    return product;
  }

  constexpr void tell_patches(const step& at, std::size_t node) {
    const std::size_t size = at.children.symbols, first = first_child(at, node);
    for (std::size_t j = 0; j < at.rules.branching; ++j) {
      const std::size_t patch = first + j * at.places * size;
      detail::distribute_patch(&up_[patch], at.places, size, &patches_down_[j * size], &down_[patch], steps_.data());
    }
  }

  constexpr void draw_children(const step& at, std::size_t node, symbol parent, rng::draws& draw, symbol* out) {
    const auto blank = static_cast<symbol>(at.children.symbols - 1);
    if (parent == at.rules.parents) {
      for (std::size_t i = 0; i < at.child_count; ++i) out[i] = blank;
      return;
    }
    const auto weights = choices_.first(at.rules.choices);
    const Real* children = children_of(at, node, false);
    with_weights(at, [&](const auto& weigh) { detail::rule_weights(at.rules, parent, children, weights, weigh); });
    const std::size_t choice = draw.categorical(std::span<const Real>(weights));
    const symbol* rule = at.rules.rules + (parent * at.rules.choices + choice) * at.rules.branching;
    for (std::size_t j = 0; j < at.rules.branching; ++j) {
      const std::size_t chosen = at.places == 1 ? 0 : draw_place(at, first_child(at, node), j, rule[j], draw);
      for (std::size_t q = 0; q < at.places; ++q) out[j * at.places + q] = q == chosen ? rule[j] : blank;
    }
  }

  // Where in patch j of a node its symbol stands.
  constexpr std::size_t draw_place(const step& at, std::size_t first, std::size_t j, symbol own, rng::draws& draw) {
    const std::size_t size = at.children.symbols;
    const Real* up = &up_[first + j * at.places * size];
    const auto weights = choices_.first(at.places);
    detail::blank_elsewhere(up, at.places, size, weights.data());
    for (std::size_t q = 0; q < at.places; ++q) weights[q] *= up[q * size + own];
    detail::rescale(weights, at.places);
    return draw.categorical(std::span<const Real>(weights));
  }

  constexpr void rescale(std::span<Real> up) { keep(detail::rescale(up, up.size())); }
  constexpr void keep(const detail::rescaled& done) {
    exponent_ += done.exponent;
    contradictions_ += done.blank;
  }

  grammar::hierarchy_view grammar_;
  level_row leaves_;
  std::span<Real> up_, down_;                  // [level L .. 0][node][symbols]
  std::span<Real> probabilities_;              // as in the view, but each rule's own
  std::span<Real> choices_;                    // weights of what is drawn
  std::span<Real> patches_up_, patches_down_;  // [patch of one node][symbols]
  std::span<Real> steps_;
  std::size_t contradictions_ = 0;
  std::int64_t exponent_ = 0;  // all upward messages together were multiplied by two to this power
};

}}}  // namespace frond::belief

#include <frond/config/epilogue.hpp>
