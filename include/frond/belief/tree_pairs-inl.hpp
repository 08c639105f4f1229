// Belief propagation on sixteen trees at once where every node has two children. Pass text: compiled once per instruction set.
//
// Each rule is one word that says where the entries of its symbols stand (belief::detail::pair_tables), and the rules of each
// sum follow one another. So sums stay in registers, a message is written once, and with two nodes at a time a word is read for
// both. What remains are the loads of the factors, two for each product; they bound the speed. Sums run over the rules in their
// order, as in belief/messages.hpp.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

using belief::detail::pair_tables;
using belief::detail::word_at;

// Messages of one or two nodes.
template <std::size_t Nodes>
struct node_messages {
  const float* of[Nodes];

  FROND_ALWAYS_INLINE node_messages(const float* first, std::size_t distance) {
    for (std::size_t i = 0; i < Nodes; ++i) of[i] = first + i * distance;
  }
};

// Sums over the rules from `rule` to `end` of products of an entry of a and one of b.
template <std::size_t Nodes>
struct pair_sums {
  vec of[Nodes];

  FROND_ALWAYS_INLINE pair_sums(const float* rule, const float* end, const node_messages<Nodes>& a,
                                const node_messages<Nodes>& b) {
    FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) of[i] = splat(0.0f);
    for (; rule != end; ++rule) {
      const std::uint32_t at = word_at(rule);
      FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) {
        of[i] = mul_add(load(a.of[i] + (at & 0xffffu)), load(b.of[i] + (at >> 16)), of[i]);
      }
    }
  }
};

// The loops are not inlined: so the compiler has registers for all their addresses.

// Messages up of two nodes, the first of them at `up`, from those of their four children.
FROND_NOINLINE inline void collect_pairs(const float* rule, std::size_t choices, std::size_t vocabulary, const float* children,
                                         float* up) {
  const std::size_t message = 16 * vocabulary;
  const node_messages<2> left(children, 2 * message), right(children + message, 2 * message);
  vec largest[2] = {splat(0.0f), splat(0.0f)};
  for (std::size_t a = 0; a < message; a += 16, rule += choices) {
    const pair_sums<2> sums(rule, rule + choices, left, right);
    FROND_UNROLL(2) for (std::size_t i = 0; i < 2; ++i) {
      store(up + i * message + a, sums.of[i]);
      largest[i] = max(largest[i], sums.of[i]);
    }
  }
  for (std::size_t i = 0; i < 2; ++i) rescale(up + i * message, largest[i], vocabulary);
}

// What the left or the right child of each node is sent, and the largest entry of it. down, sibling and sent: those of the
// first node; largest_down [Nodes][16], largest_sent [Nodes][2][16].
template <std::size_t Nodes>
FROND_NOINLINE inline void send_pairs(const float* rules, const float* ends, std::size_t vocabulary, const float* down,
                                      const float* largest_down, const float* sibling, float* sent, float* largest_sent) {
  const std::size_t message = 16 * vocabulary;
  const node_messages<Nodes> downs(down, message), siblings(sibling, 2 * message);
  vec scale[Nodes], largest[Nodes];
  FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) {
    scale[i] = scale_of(load(largest_down + 16 * i));
    largest[i] = splat(0.0f);
  }
  const float* rule = rules;
  for (std::size_t a = 0; a < message; a += 16, ++ends) {
    const float* const end = rules + word_at(ends);
    const pair_sums<Nodes> sums(rule, end, downs, siblings);
    rule = end;
    FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) {
      const vec value = sums.of[i] * scale[i];
      store(sent + 2 * i * message + a, value);
      largest[i] = max(largest[i], value);
    }
  }
  for (std::size_t i = 0; i < Nodes; ++i) store(largest_sent + 32 * i, largest[i]);
}

// The same for children that are tokens: what they are sent times their own messages up, and the sums of that.
// products [Nodes][2][vocabulary][16], total [Nodes][2][16].
template <std::size_t Nodes>
FROND_NOINLINE inline void send_pairs_to_tokens(const float* rules, const float* ends, std::size_t vocabulary,
                                                const float* down, const float* largest_down, const float* sibling,
                                                const float* up, float* products, float* total) {
  const std::size_t message = 16 * vocabulary;
  const node_messages<Nodes> downs(down, message), siblings(sibling, 2 * message);
  vec scale[Nodes], sum[Nodes];
  FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) {
    scale[i] = scale_of(load(largest_down + 16 * i));
    sum[i] = splat(0.0f);
  }
  const float* rule = rules;
  for (std::size_t a = 0; a < message; a += 16, ++ends) {
    const float* const end = rules + word_at(ends);
    const pair_sums<Nodes> sums(rule, end, downs, siblings);
    rule = end;
    FROND_UNROLL(2) for (std::size_t i = 0; i < Nodes; ++i) {
      const vec product = load(up + 2 * i * message + a) * (sums.of[i] * scale[i]);
      store(products + 2 * i * message + a, product);
      sum[i] = sum[i] + product;
    }
  }
  for (std::size_t i = 0; i < Nodes; ++i) store(total + 32 * i, sum[i]);
}

// Messages up of all nodes but the root: nobody asks for that one.
inline void tree_pairs_upward(const belief::tree_operands& t) {
  const std::size_t message = 16 * t.vocabulary;
  std::size_t nodes = t.tokens, node = t.inner_nodes;
  for (std::size_t level = 1; level < t.depth; ++level) {
    nodes /= 2;
    for (std::size_t left = nodes; left > 0; left -= 2) {
      node -= 2;
      collect_pairs(pair_tables(t, level).collect, t.choices, t.vocabulary, t.up + (2 * node + 1) * message,
                    t.up + node * message);
    }
  }
}

// From nodes of one level, `Nodes` of them from `node` on, to their children.
template <std::size_t Nodes>
FROND_ALWAYS_INLINE void send_pairs_to_nodes(const belief::tree_operands& t, std::size_t level, std::size_t node) {
  const std::size_t message = 16 * t.vocabulary, child = 2 * node + 1;
  const pair_tables table(t, level);
  const float *const down = t.down + node * message, *const up = t.up + child * message;
  const float* const largest_down = t.largest + 16 * node;
  float *const sent = t.down + child * message, *const largest = t.largest + 16 * child;
  send_pairs<Nodes>(table.left, table.left_end, t.vocabulary, down, largest_down, up + message, sent, largest);
  send_pairs<Nodes>(table.right, table.right_end, t.vocabulary, down, largest_down, up, sent + message, largest + 16);
  for (std::size_t i = 0; i < 2 * Nodes; ++i)
    if (any_zero(bits(load(largest + 16 * i)))) fill_blank(sent + i * message, largest + 16 * i, t.vocabulary);
}

template <std::size_t Nodes>
FROND_ALWAYS_INLINE void send_pairs_to_tokens(const belief::tree_operands& t, std::size_t node, const belief_target& target) {
  const std::size_t message = 16 * t.vocabulary, child = 2 * node + 1;
  const pair_tables table(t, 1);
  const float *const down = t.down + node * message, *const largest_down = t.largest + 16 * node;
  float *const up = t.up + child * message, *const products = t.scratch;
  float total[4][lane_count];
  send_pairs_to_tokens<Nodes>(table.left, table.left_end, t.vocabulary, down, largest_down, up + message, up, products,
                              total[0]);
  send_pairs_to_tokens<Nodes>(table.right, table.right_end, t.vocabulary, down, largest_down, up, up + message,
                              products + message, total[1]);
  for (std::size_t i = 0; i < 2 * Nodes; ++i)
    believe(t.vocabulary, child + i - t.inner_nodes, up + i * message, products + i * message, total[i], target);
}

// Messages down, level by level, then the beliefs in the tokens.
inline void tree_pairs_downward(const belief::tree_operands& t, const belief_target& target) {
  if (t.depth == 1) return send_pairs_to_tokens<1>(t, 0, target);
  send_pairs_to_nodes<1>(t, t.depth, 0);
  std::size_t node = 1;
  for (std::size_t level = t.depth - 1; level > 1; --level)
    for (const std::size_t end = 2 * node + 1; node != end; node += 2) send_pairs_to_nodes<2>(t, level, node);
  for (; node != t.inner_nodes; node += 2) send_pairs_to_tokens<2>(t, node, target);
}

}}}  // namespace frond::FROND_PASS
