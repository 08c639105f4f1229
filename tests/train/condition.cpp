// Networks that are told the class of a datum.
#include <doctest/doctest.h>

#include <frond/diffusion/sampler.hpp>
#include <frond/grammar/code.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/nn/guided_denoiser.hpp>
#include <frond/train/trainer.hpp>
#include <frond/train/vector_denoising.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "problems.hpp"

using namespace frond;

namespace {

// Datum i is sentence i mod 4 of the table, of class i mod 4.
struct labelled_table : problems::table {
  [[nodiscard]] static std::uint32_t labels() { return 4; }
  [[nodiscard]] static std::uint32_t label(seed, std::uint64_t index) { return static_cast<std::uint32_t>(index % 4); }
};
static_assert(labelled_source<labelled_table> && !labelled_source<problems::table>);

template <class Source>
auto problem_of(const Source& from, train::condition labels) {
  train::denoising problem{train::data_set{from, seed{1}, 0, 4}, diffusion::absorbing{4},
                           diffusion::schedule{diffusion::schedule::linear_signal, 20}, seed{5}};
  problem.labels = labels;
  return problem;
}

const reference::net& net() {
  static const reference::net n = reference::tree_unet(2, 3, nn::token_channels(5, 4), 4, 12);
  return n;
}

template <class Problem>
std::string reason_of(const Problem& problem) {
  return text(train::check_problem(reference::build(net()).view(), problem)).c_str();
}

}  // namespace

TEST_CASE("an example shows the label of its datum at each position, but for a fraction that hides it") {
  const auto problem = problem_of(labelled_table{}, {4, 0.25f});
  const auto built = reference::build(net());
  constexpr int examples = 4000;
  int hidden = 0;
  for (std::uint64_t g = 0; g < examples; ++g) {
    const problems::example made(built.view(), problem, g);
    const std::uint64_t datum = problem.data.index(problem.key, g);
    const bool hides = made.input[6] + made.input[7] + made.input[8] + made.input[9] < 1.0f;
    hidden += hides;
    for (std::size_t i = 0; i < 8; ++i)
      for (std::size_t c = 0; c < 4; ++c) CHECK(made.input[10 * i + 6 + c] == (!hides && c == datum % 4 ? 1.0f : 0.0f));
  }
  CHECK(std::abs(hidden - examples / 4) < 4.0 * std::sqrt(examples * 0.25 * 0.75));
  const auto never = problem_of(labelled_table{}, {4, 0.0f}), always = problem_of(labelled_table{}, {4, 1.0f});
  for (std::uint64_t g = 0; g < 50; ++g) {
    CHECK(never.labels.shown(never.data.from, never.data.key, g, never.key, g) == g % 4);
    CHECK(always.labels.shown(always.data.from, always.data.key, g, always.key, g) == nn::no_label);
  }
}

TEST_CASE("the label of a grammar's sentence is the root of its tree") {
  constexpr grammar::rhm_shape shape{.vocabulary = 6, .rules = 2, .branching = 2, .depth = 3, .classes = 5};
  constexpr grammar::rhm<shape> rules{seed{7}};
  const grammar::rhm_subset all{rules.view()};
  std::vector<symbol> tree(shape.nodes()), sentence(8);
  for (std::uint64_t i = 0; i < all.count(); ++i) {
    grammar::sample_tree(rules.view(), seed{3}, i, tree);
    CHECK(rules.view().label(seed{3}, i) == tree[0]);
    all.sample(seed{3}, i, sentence);
    CHECK(grammar::parse(rules.view(), sentence, tree));
    CHECK(all.label(seed{3}, i) == tree[0]);
  }
  CHECK(rules.view().labels() == 5);
}

TEST_CASE("conditions that do not fit are refused in one sentence") {
  CHECK(reason_of(problem_of(labelled_table{}, {4, 0.1f})) == "");
  CHECK(reason_of(problem_of(labelled_table{}, {3, 0.1f})) ==
        "the network has 10 input channels, this noise and 3 classes need 9: noisy symbols, time and classes");
  CHECK(reason_of(problem_of(problems::table{}, {4, 0.1f})) ==
        "these data have no labels: see labelled_source in core/concepts.hpp");
  CHECK(reason_of(problem_of(labelled_table{}, {4, 1.5f})) == "the fraction of hidden labels lies between 0 and 1");
  struct many : labelled_table {
    [[nodiscard]] static std::uint32_t labels() { return 5; }
  };
  CHECK(reason_of(problem_of(many{}, {4, 0.1f})) == "the data have 5 classes, the condition 4");
}

// The table has one sentence for each class, so a network that learned it writes that one where it is told the class, and each
// of the four where it is not.
TEST_CASE("a network that learned with labels writes sentences of the class that it is told") {
  const auto problem = problem_of(labelled_table{}, {4, 0.2f});
  const auto built = reference::build(net());
  auto parameters = problems::initial(built.view());
  const train::trainer_options o{.optimiser = {.learning_rate = 1e-2f}, .batch = 32};
  std::vector<float> memory(train::training_memory(built.view(), o, 1));
  train::trainer trainer(built.view(), problem, o, std::span<float>(parameters), std::span<float>(memory));
  for (int step = 0; step < 400; ++step) trainer.step();
  REQUIRE(trainer.check().ok());

  constexpr std::size_t count = 100;
  std::vector<float> scratch(built.view().scratch_size * 16), room(diffusion::sampling_memory(8, 4, 8));
  nn::guided_denoiser model(built.view(), problem.process, nn::guidance{.classes = 4}, std::span<const float>(parameters),
                            std::span<float>(scratch));
  std::vector<symbol> out(count * 8);
  const auto written = [&](std::uint32_t label, float strength, std::size_t row) {
    model.guide.label = label;
    model.guide.strength = strength;
    REQUIRE(diffusion::sample(problem.process, model, seed{label}, {.noise = problem.times}, room, out).ok());
    std::size_t same = 0;
    for (std::size_t i = 0; i < count; ++i)
      same += std::equal(out.begin() + static_cast<std::ptrdiff_t>(8 * i), out.begin() + static_cast<std::ptrdiff_t>(8 * i + 8),
                         problems::table::sentences[row]);
    return same;
  };
  for (std::uint32_t label = 0; label < 4; ++label)
    for (const float strength : {0.0f, 1.0f}) CHECK(written(label, strength, label) >= 97);
  for (std::size_t row = 0; row < 4; ++row)
    CHECK(std::abs(static_cast<double>(written(nn::no_label, 0.0f, row)) - 25.0) < 20.0);
}
