// Renormalisation of sentences: find the synonyms, replace each tuple by its latent, and look again. What is left is once more
// a hierarchy, with one level less: its correlations are those of the grammar without its lowest rules.
#include <cstdio>
#include <span>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/hierarchy.hpp>

using namespace frond;

namespace {

constexpr grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4};
constexpr std::size_t count = 20000;

}  // namespace

int main() {
  const grammar::rhm<shape> drawn{seed{3}};
  std::vector<symbol> sentences(count * shape.leaves());
  grammar::sample_block(drawn, seed{1}, 0, sentences);

  // Only the sentences are used here, and how many symbols and levels there are.
  const lab::hierarchy::learned_grammar learned = lab::hierarchy::learn_grammar(
      sentences,
      {.vocabulary = shape.vocabulary, .branching = shape.branching, .depth = shape.depth, .balanced = true, .key = seed{2}});
  for (const auto& level : lab::hierarchy::compare_levels(learned, drawn, sentences, shape.vocabulary))
    std::printf("recovered %zu of %zu rules, adjusted Rand index %.3f\n", level.recovered, level.rules, level.rand_index);

  std::printf(
      "\nlength  correlation of symbols that meet 1, 2, ... levels above: counted (exact, from the upper rules alone)\n");
  grammar::rhm_view rules = drawn;
  for (std::uint32_t step = 0; step < shape.depth; ++step) {
    const lab::hierarchy::tree_distributions distributions(rules);
    lab::hierarchy::token_correlations counted(rules.shape);
    counted.add(sentences);
    std::printf("%6zu", rules.length());
    for (std::uint32_t level = 1; level <= rules.shape.depth; ++level) {
      const double square = counted.squared(level).value;
      std::printf("  %.4f (%.4f)", square > 0 ? math::sqrt(square) : 0,
                  lab::hierarchy::exact_correlation(distributions, rules.shape, level));
    }
    std::printf("\n");
    if (rules.shape.depth == 1) break;
    sentences = lab::hierarchy::coarse_grain(learned.levels[step], sentences);
    rules = lab::hierarchy::upper_levels(rules);
  }
}
