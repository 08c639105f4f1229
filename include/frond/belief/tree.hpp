// Belief propagation on the tree of a random hierarchy model: everything that an observation of the tokens says about every
// node, exactly. A sentence has one tree, so messages up and down it are the whole calculation and never need iterating.
// Sclocchi, Favero, Wyart, "A phase transition in diffusion models reveals the hierarchical nature of data", 2024 (arXiv
// 2402.16991).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <frond/belief/messages.hpp>
#include <frond/core/checked.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/math/double.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace belief {

namespace detail {

// Room for the choices of one node: its symbols at the root, its rules, its children.
constexpr std::size_t scratch_size(const grammar::rhm_shape& shape) {
  const std::uint32_t wider = larger(shape.vocabulary, shape.rules);
  return larger(wider, shape.branching);
}

}  // namespace detail

// How many numbers a tree<Real> of this shape works in: two messages for each node, and some scratch. Refuses bad shapes and
// those whose messages exceed the address space.
template <class Real>
constexpr result<std::size_t> tree_memory_size(const grammar::rhm_shape& shape) {
  const status state = shape.check();
  if (!state.ok()) return {0, state};
  const checked count =
      checked{shape.nodes()} * checked{2 * std::uint64_t{shape.vocabulary}} + checked{detail::scratch_size(shape)};
  const checked bytes = count * checked{sizeof(Real)};
  if (bytes.overflow || bytes.value > PTRDIFF_MAX) return {0, {"the messages of this tree do not fit into memory", 3}};
  return {to_size(count.value), {}};
}

// The same as an array, for shapes that the compiler knows.
template <class Real, grammar::rhm_shape Shape>
requires(grammar::require_valid<Shape>()) using tree_memory = std::array<Real, tree_memory_size<Real>(Shape).value>;

// The posterior over one tree. Fill leaf(i) with the likelihood of what was observed at token i for each clean symbol, call
// upward() and, for marginals, downward(); then ask. Real is float or double; memory belongs to the caller.
//
// What float costs, against double: at most 1.1e-6 of each probability that is not below 1e-30, 1.7e-7 on average, and 3e-6
// nats of evidence (vocabularies 8 to 32, 2 to 8 rules, depth up to 6, all noise levels; tests/belief/tree.cpp allows twice as
// much).
//
// An observation that no sentence of the grammar explains (visible tokens that break a rule, a leaf with likelihood zero
// everywhere, products that underflow) gives no NaN: the lowest node that cannot be explained counts as not observed, and so
// on upwards. contradictions() counts such nodes, and the logarithm of the evidence is -infinity.
template <class Real>
class tree {
 public:
  // memory: at least tree_memory_size<Real>(shape) numbers, whose contents do not matter.
  constexpr tree(const grammar::rhm_view& grammar, std::span<Real> memory) : grammar_(grammar) {
    const grammar::rhm_shape& shape = grammar.shape;
    FROND_CHECK_SIZE(memory.size() >= tree_memory_size<Real>(shape).value, "the memory is too small for the messages");
    const std::size_t messages = shape.nodes() * shape.vocabulary;
    up_ = memory.first(messages);
    down_ = memory.subspan(messages, messages);
    scratch_ = memory.subspan(2 * messages, detail::scratch_size(shape));
    first_leaf_ = shape.tree_offset(0);
  }

  // Where the likelihoods of token `position` go, [vocabulary]: not negative, finite, any common factor. upward() rescales
  // them in place.
  [[nodiscard]] constexpr std::span<Real> leaf(std::size_t position) { return message(up_, first_leaf_ + position); }

  // Collects at each node what its subtree says about it. O(nodes rules vocabulary branching).
  constexpr void upward() {
    in_ieee_arithmetic([&] {
      const grammar::rhm_shape& shape = grammar_.shape;
      contradictions_ = 0;
      exponent_ = 0;
      for (std::size_t node = first_leaf_; node < shape.nodes(); ++node) rescale(node, shape.vocabulary);
      std::size_t node = first_leaf_;
      for (std::uint32_t level = 1; level <= shape.depth; ++level) {
        const detail::rule_table rules = table(level);
        for (std::size_t left = shape.level_nodes(level); left > 0; --left) {
          --node;
          const Real* children = &up_[(node * shape.branching + 1) * shape.vocabulary];
          Real* up = &up_[node * shape.vocabulary];
          if (shape.branching == 2)
            detail::collect_pairs(rules, children, up);
          else
            detail::collect(rules, children, up);
          for (std::size_t a = rules.parents; a < shape.vocabulary; ++a) up[a] = 0;  // no class
          rescale(node, rules.parents);
        }
      }
    });
  }

  // After upward(): brings to each node what the rest of the tree says about it. The same cost.
  constexpr void downward() {
    in_ieee_arithmetic([&] {
      const grammar::rhm_shape& shape = grammar_.shape;
      for (std::uint32_t a = 0; a < shape.vocabulary; ++a) down_[a] = 1;  // upward messages exclude what is no class
      std::size_t node = 0;
      for (std::uint32_t level = shape.depth; level > 0; --level) {
        const detail::rule_table rules = table(level);
        for (std::size_t left = shape.level_nodes(level); left > 0; --left, ++node) {
          const std::size_t child = node * shape.branching + 1;
          const std::span<Real> down = message(down_, node);
          const Real scale = detail::scale_down(down);
          const Real* up_children = &up_[child * shape.vocabulary];
          Real* down_children = &down_[child * shape.vocabulary];
          if (shape.branching == 2)
            detail::distribute_pairs(rules, down.data(), up_children, down_children);
          else
            detail::distribute(rules, down.data(), up_children, down_children, scratch_.data());
          for (std::size_t i = 0; i < std::size_t{shape.branching} * shape.vocabulary; ++i) down_children[i] *= scale;
        }
      }
    });
  }

  // After upward(): at how many nodes the observation could not be explained; 0 for anything that the process can produce.
  [[nodiscard]] constexpr std::size_t contradictions() const { return contradictions_; }

  // After upward(): ln P(observation) = ln sum over sentences x of P(x) prod_i leaf_i(x_i), in nats; if the likelihoods carry
  // a common factor, so does the evidence. -infinity where there are contradictions.
  [[nodiscard]] constexpr double log_evidence() const {
    if (contradictions_ > 0) return -std::numeric_limits<double>::infinity();
    const grammar::rhm_shape& shape = grammar_.shape;
    double root = 0;
    for (std::uint32_t a = 0; a < shape.class_count(); ++a) root += static_cast<double>(up_[a]);
    double sum = math::log(root / static_cast<double>(shape.class_count()));
    sum -= static_cast<double>(exponent_) * math::log(2.0);
    return sum - static_cast<double>(shape.choice_count()) * math::log(static_cast<double>(shape.rules));
  }

  // After downward(): the posterior distribution of node `position` of a level, written to out [vocabulary]. Where the subtree
  // and the rest of the tree contradict each other, it is what the subtree says: a visible token keeps probability one.
  template <class Out>
  constexpr void marginal(std::uint32_t level, std::size_t position, std::span<Out> out) const {
    FROND_CHECK_SIZE(out.size() == grammar_.shape.vocabulary, "a marginal has one entry for each symbol");
    in_ieee_arithmetic([&] { at(level, position).write(out); });
  }

  // The same of all tokens, out [length][vocabulary].
  template <class Out>
  constexpr void token_marginals(std::span<Out> out) const {
    const std::size_t symbols = grammar_.shape.vocabulary;
    FROND_CHECK_SIZE(out.size() == grammar_.length() * symbols, "every token has a marginal");
    in_ieee_arithmetic([&] {
      for (std::size_t i = 0; i < grammar_.length(); ++i) at(0, i).write(out.subspan(i * symbols, symbols));
    });
  }

  // After downward(): one entry of marginal().
  [[nodiscard]] constexpr Real probability(std::uint32_t level, std::size_t position, symbol value) const {
    FROND_ASSERT(value < grammar_.shape.vocabulary, "a marginal has one entry for each symbol");
    return in_ieee_arithmetic([&] { return at(level, position)[value]; });
  }

  // After upward(): sample `index` from the posterior of all nodes jointly, tokens included; out [nodes] is laid out as in
  // grammar::sample_tree. Always a tree of the grammar; below a contradiction it follows the rules and not the observation.
  constexpr void sample(seed key, std::uint64_t index, std::span<symbol> out) {
    const grammar::rhm_shape& shape = grammar_.shape;
    FROND_CHECK_SIZE(out.size() == shape.nodes(), "the output must have room for exactly one tree");
    rng::draws draw(key, rng::stream::posterior, index);
    in_ieee_arithmetic([&] {
      out[0] = static_cast<symbol>(draw.categorical(std::span<const Real>(up_.first(shape.vocabulary))));
      std::size_t node = 0;
      for (std::uint32_t level = shape.depth; level > 0; --level) {
        const detail::rule_table rules = table(level);
        for (std::size_t left = shape.level_nodes(level); left > 0; --left, ++node) {
          const std::size_t child = node * shape.branching + 1;
          const auto weights = scratch_.first(shape.rules);
          detail::rule_weights(rules, out[node], &up_[child * shape.vocabulary], weights);
          const auto choice = static_cast<std::uint32_t>(draw.categorical(std::span<const Real>(weights)));
          const auto symbols = grammar_.rule(level, out[node], choice);
          for (std::size_t j = 0; j < shape.branching; ++j) out[child + j] = symbols[j];
        }
      }
    });
  }

 private:
  template <class Values>
  [[nodiscard]] constexpr Values message(Values values, std::size_t node) const {
    return values.subspan(node * grammar_.shape.vocabulary, grammar_.shape.vocabulary);
  }

  [[nodiscard]] constexpr detail::marginal<Real> at(std::uint32_t level, std::size_t position) const {
    const std::size_t node = grammar_.shape.tree_offset(level) + position;
    return {message(up_, node), message(down_, node)};
  }

  [[nodiscard]] constexpr detail::rule_table table(std::uint32_t level) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    return {grammar_.level_rules(level).data(), shape.parent_count(level), shape.rules, shape.branching, shape.vocabulary};
  }

  constexpr void rescale(std::size_t node, std::size_t symbols) {
    const detail::rescaled done = detail::rescale(message(up_, node), symbols);
    exponent_ += done.exponent;
    contradictions_ += done.blank;
  }

  grammar::rhm_view grammar_;
  std::span<Real> up_, down_;  // [nodes][vocabulary]; upward ones have their largest entry in [1/2, 1), or are ones
  std::span<Real> scratch_;
  std::size_t first_leaf_ = 0;
  std::size_t contradictions_ = 0;
  std::int64_t exponent_ = 0;  // all upward messages together were multiplied by two to this power
};

}}}  // namespace frond::belief

#include <frond/config/epilogue.hpp>
