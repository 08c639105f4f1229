// Belief propagation on sixteen trees at once, for any number of children. Pass text: compiled once per instruction set.
// The order matters.
// clang-format off
#include <frond/belief/tree_steps-inl.hpp>
#include <frond/belief/tree_pairs-inl.hpp>
// clang-format on

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// Sums over the rules of each parent of products over its children, and the largest sum.
FROND_ALWAYS_INLINE vec collect(const belief::tree_operands& t, const symbol* rule, const float* children, float* up) {
  const std::size_t last = t.branching - 1;
  const auto entry = [&](std::size_t child) { return load(children + 16 * (child * t.vocabulary + rule[child])); };
  vec largest = splat(0.0f);
  for (float* const end = up + 16 * t.vocabulary; up != end; up += 16) {
    vec sum = splat(0.0f);
    for (std::size_t r = 0; r < t.choices; ++r, rule += t.branching) {
      vec others = entry(0);
      for (std::size_t child = 1; child < last; ++child) others = others * entry(child);
      sum = mul_add(others, entry(last), sum);
    }
    store(up, sum);
    largest = max(largest, sum);
  }
  return largest;
}

// Messages up of all nodes but the root: nobody asks for that one.
inline void tree_upward(const belief::tree_operands& t) {
  const std::size_t message = 16 * t.vocabulary;
  std::size_t nodes = t.tokens, node = t.inner_nodes;
  for (std::size_t level = 1; level < t.depth; ++level) {
    const symbol* const rules = t.rules + (level - 1) * t.vocabulary * t.choices * t.branching;
    nodes /= t.branching;
    for (std::size_t left = nodes; left > 0; --left) {
      --node;
      float* const up = t.up + node * message;
      rescale(up, collect(t, rules, t.up + (node * t.branching + 1) * message, up), t.vocabulary);
    }
  }
}

// What all children of a node are sent, [branching][vocabulary][16]: products of the factors before and after each child.
FROND_ALWAYS_INLINE void send(const belief::tree_operands& t, const symbol* rule, std::size_t parents, std::size_t node,
                              float* sent) {
  const std::size_t last = t.branching - 1, size = 16 * t.branching * t.vocabulary;
  const float *const down = t.down + 16 * node * t.vocabulary, *const children =
                                                                   t.up + 16 * (node * t.branching + 1) * t.vocabulary;
  float* const before = t.scratch;
  for (std::size_t i = 0; i < size; i += 16) store(sent + i, splat(0.0f));
  for (std::size_t a = 0; a < parents; ++a) {
    for (std::size_t r = 0; r < t.choices; ++r, rule += t.branching) {
      const auto place = [&](std::size_t child) { return 16 * (child * t.vocabulary + rule[child]); };
      vec product = load(down + 16 * a);
      for (std::size_t child = 0; child < last; ++child) {
        store(before + 16 * child, product);
        if (child + 1 < last) product = product * load(children + place(child));
      }
      float* const to_last = sent + place(last);
      store(to_last, mul_add(product, load(children + place(last - 1)), load(to_last)));
      vec after = load(children + place(last));
      for (std::size_t child = last; child-- > 0;) {
        float* const to = sent + place(child);
        store(to, mul_add(load(before + 16 * child), after, load(to)));
        after = after * load(children + place(child));
      }
    }
  }
  const vec scale = scale_of(load(t.largest + 16 * node));
  for (std::size_t i = 0; i < size; i += 16) store(sent + i, load(sent + i) * scale);
}

FROND_ALWAYS_INLINE void send_to_nodes(const belief::tree_operands& t, const symbol* rules, std::size_t parents,
                                       std::size_t node) {
  const std::size_t message = 16 * t.vocabulary, child = node * t.branching + 1;
  send(t, rules, parents, node, t.down + child * message);
  for (std::size_t i = child; i < child + t.branching; ++i) {
    float *const sent = t.down + i * message, *const largest = t.largest + 16 * i;
    vec best = splat(0.0f);
    for (std::size_t a = 0; a < message; a += 16) best = max(best, load(sent + a));
    store(largest, best);
    if (any_zero(bits(best))) fill_blank(sent, largest, t.vocabulary);
  }
}

FROND_ALWAYS_INLINE void send_to_tokens(const belief::tree_operands& t, const symbol* rules, std::size_t parents,
                                        std::size_t node, const belief_target& target) {
  const std::size_t message = 16 * t.vocabulary, child = node * t.branching + 1;
  float* const sent = t.scratch + 16 * t.branching;
  send(t, rules, parents, node, sent);
  for (std::size_t i = 0; i < t.branching; ++i) {
    float *const up = t.up + (child + i) * message, *const products = sent + i * message;
    vec total = splat(0.0f);
    for (std::size_t a = 0; a < message; a += 16) {
      const vec product = load(up + a) * load(products + a);
      store(products + a, product);
      total = total + product;
    }
    float sum[lane_count];
    store(sum, total);
    believe(t.vocabulary, child + i - t.inner_nodes, up, products, sum, target);
  }
}

// Messages down, level by level, then the beliefs in the tokens.
inline void tree_downward(const belief::tree_operands& t, const belief_target& target) {
  std::size_t nodes = 1, node = 0;
  for (std::size_t level = t.depth; level > 0; --level, nodes *= t.branching) {
    const std::size_t parents = level == t.depth ? t.classes : t.vocabulary;
    const symbol* const rules = t.rules + (level - 1) * t.vocabulary * t.choices * t.branching;
    for (std::size_t left = nodes; left > 0; --left, ++node) {
      if (level > 1)
        send_to_nodes(t, rules, parents, node);
      else
        send_to_tokens(t, rules, parents, node, target);
    }
  }
}

inline void propagate(const belief::tree_operands& t, const belief_target& target) {
  for (std::size_t a = 0; a < t.vocabulary; ++a) store(t.down + 16 * a, splat(1.0f));
  store(t.largest, splat(1.0f));
  if (t.branching == 2) {
    tree_pairs_upward(t);
    tree_pairs_downward(t, target);
  } else {
    tree_upward(t);
    tree_downward(t, target);
  }
}

inline void tree_beliefs(const belief::tree_operands& t) { propagate(t, {0, 0, nullptr}); }
inline void tree_posterior(const belief::tree_operands& t, std::size_t rows, float* out) {
  propagate(t, {rows, t.tokens * t.vocabulary, out});
}

}}}  // namespace frond::FROND_PASS
