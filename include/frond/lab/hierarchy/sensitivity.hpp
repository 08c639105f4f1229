// What the layers of a network know of a grammar: a layer that has learned a rule no longer tells its synonyms apart.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/redraw.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/lab/statistics/jackknife.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// Something that turns sentences into numbers, layer by layer: run(sentences [rows][length]), then layer(k) has the numbers of
// layer k < layers(), [rows][any width].
template <class Features>
concept layered_features = requires(Features& features, std::span<const symbol> sentences, std::size_t k) {
  { features.layers() } -> std::convertible_to<std::size_t>;
  features.run(sentences);
  { features.layer(k) } -> std::convertible_to<std::span<const float>>;
};

// S for every layer and every level from 1 to the depth.
struct sensitivities {
  std::size_t depth = 0;
  std::vector<lab::statistics::estimate> values;  // [layer][level - 1]

  [[nodiscard]] const lab::statistics::estimate& at(std::size_t layer, std::uint32_t level) const {
    return values[layer * depth + level - 1];
  }
};

namespace detail {

// A row for each sentence that belongs to datum `index`: the datum x, its redraws from level 1, 2, ..., and another datum.
inline void write_sentences(const grammar::rhm_view& grammar, seed key, std::uint64_t index, std::uint64_t other,
                            std::vector<symbol>& tree, std::span<symbol> rows) {
  const std::size_t length = grammar.length(), depth = grammar.shape.depth;
  const auto keep = [&](std::size_t row) {
    std::copy(tree.end() - static_cast<std::ptrdiff_t>(length), tree.end(),
              rows.begin() + static_cast<std::ptrdiff_t>(row * length));
  };
  sample_tree(grammar, key, index, tree);
  keep(0);
  for (std::uint32_t level = 1; level <= depth; ++level) {
    // A redraw from a level keeps nothing of what the redraws below it changed.
    grammar::redraw_below(grammar, key, index, level, tree);
    keep(level);
  }
  sample_tree(grammar, key, other, tree);
  keep(depth + 1);
}

inline double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return sum;
}

template <layered_features Features>
sensitivities synonym_sensitivities(const grammar::rhm_view& grammar, seed key, std::size_t count, Features& features) {
  constexpr std::size_t block = 32;
  FROND_ASSERT(count > 0, "a mean needs data");
  const std::size_t length = grammar.length(), depth = grammar.shape.depth, each = depth + 2, layers = features.layers();
  std::vector<symbol> tree(grammar.shape.nodes()), sentences(block * each * length);
  std::vector<double> squares(layers * count * (depth + 1));  // [layer][datum][level 1 .. depth, then another datum]
  for (std::size_t first = 0; first < count; first += block) {
    const std::size_t data = std::min(block, count - first);
    for (std::size_t i = 0; i < data; ++i)
      write_sentences(grammar, key, first + i, count + first + i, tree,
                      std::span(sentences).subspan(i * each * length, each * length));
    features.run(std::span<const symbol>(sentences).first(data * each * length));
    for (std::size_t k = 0; k < layers; ++k) {
      const std::span<const float> layer = features.layer(k);
      const std::size_t width = layer.size() / (data * each);
      for (std::size_t i = 0; i < data; ++i)
        for (std::size_t row = 1; row < each; ++row)
          squares[(k * count + first + i) * (depth + 1) + row - 1] =
              squared_distance(layer.subspan(i * each * width, width), layer.subspan((i * each + row) * width, width));
    }
  }
  sensitivities result{depth, {}};
  for (std::size_t k = 0; k < layers; ++k) {
    const auto rows = std::span<const double>(squares).subspan(k * count * (depth + 1), count * (depth + 1));
    for (std::size_t level = 0; level < depth; ++level)
      result.values.push_back(
          lab::statistics::jackknife(rows, depth + 1, [&](std::span<const double> sums) { return sums[level] / sums[depth]; }));
  }
  return result;
}

}  // namespace detail

// How much layer k changes when synonyms are exchanged, in units of how much it changes from one datum to another:
//   S_{k,l} = E |h_k(x) - h_k(P_l x)|^2 / E |h_k(x) - h_k(x')|^2,
// where P_l x is x with everything below its level-l symbols drawn anew (grammar::redraw_below) and x' another datum. 0: the
// layer sees of what is below level l no more than the symbols of l. Features that know nothing of the grammar start at about
// 1 - m^-l, because a redraw repeats each of l rules above a token with probability 1/m. After Cagnetta et al., "How deep
// neural networks learn compositional data: the random hierarchy model", PRX 2024 (arXiv 2307.02129). The mean is over data 0
// .. count - 1 of the seed, with those from `count` on as the others; errors are from the jackknife over data.
template <layered_features Features>
sensitivities synonym_sensitivities(const grammar::rhm_view& grammar, seed key, std::size_t count, Features& features) {
  return in_ieee_arithmetic([&] { return detail::synonym_sensitivities(grammar, key, count, features); });
}

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
