// Sentences of several lengths in one batch.
#include <doctest/doctest.h>

#include <frond/diffusion/process.hpp>
#include <frond/train/trainer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "problems.hpp"

using namespace frond;

namespace {

constexpr std::size_t room = 8;
constexpr std::size_t lengths[] = {3, 8, 1, 5};

// Datum i has the first lengths[i mod 4] tokens of the table's sentence.
struct cut_table {
  std::size_t width = room;

  [[nodiscard]] std::size_t length() const { return width; }
  [[nodiscard]] static std::uint32_t vocabulary() { return problems::table::symbols; }
  void sample(seed, std::uint64_t index, std::span<symbol> out) const {
    for (std::size_t i = 0; i < width; ++i)
      out[i] = i < lengths[index % 4] ? problems::table::sentences[index % 4][i] : padding;
  }
};

template <class Process>
train::denoising<cut_table, Process> problem_of(std::size_t width) {
  return {
      {cut_table{width}, seed{1}, 0, 4}, Process{problems::table::symbols}, {diffusion::schedule::linear_signal, 20}, seed{5}};
}

// Each position alone, so that the same weights serve every length.
reference::net net_of(std::size_t positions, std::uint32_t channels) {
  return {static_cast<std::uint32_t>(positions),
          channels,
          {reference::dense(6), reference::activate(reference::activation::tanh), reference::dense(problems::table::symbols)}};
}

constexpr std::size_t batch = 12;

// The loss of the batch in double: nats a token, each sentence by the network of its own length, trained on that length alone.
template <class Process>
double loss_by_length(std::span<const double> parameters) {
  const auto whole = problem_of<Process>(room);
  double sum = 0.0, tokens = 0.0;
  for (std::uint64_t g = 0; g < batch; ++g) {
    const std::size_t length = lengths[whole.data.index(whole.key, g) % 4];
    const auto alone = problem_of<Process>(length);
    const auto net = net_of(length, alone.process.input_symbols() + 1);
    const problems::example example(reference::build(net).view(), alone, g);
    sum += example.loss(net, parameters) * static_cast<double>(length);
    tokens += static_cast<double>(length);
  }
  return sum / tokens;
}

template <class Process>
void check_batch() {
  const auto problem = problem_of<Process>(room);
  const auto built = reference::build(net_of(room, problem.process.input_symbols() + 1));
  auto parameters = problems::initial(built.view());
  const auto exact = reference::differences(parameters, loss_by_length<Process>);
  const double truth = loss_by_length<Process>(reference::widened(parameters));
  std::vector<float> evaluation(train::evaluation_memory(built.view(), batch, 5, 1));
  const float evaluated = train::evaluate(built.view(), parameters, problem, 0, batch, 5, evaluation);
  CHECK(static_cast<double>(evaluated) == doctest::Approx(truth).epsilon(1e-6));

  // A step of plain descent without momentum shows the gradient as it is used.
  for (const float clip : {0.0f, 0.01f}) {
    auto moved = parameters;
    const train::trainer_options o{
        .optimiser = {.kind = train::optimiser_kind::sgd, .learning_rate = 1.0f, .momentum = 0.0f, .clip_norm = clip},
        .batch = batch,
        .shard_rows = 5};
    std::vector<float> memory(train::training_memory(built.view(), o, 1), std::nanf(""));
    train::trainer trainer(built.view(), problem, o, std::span<float>(moved), std::span<float>(memory));
    CHECK(static_cast<double>(trainer.step()) == doctest::Approx(truth).epsilon(1e-6));
    CHECK(trainer.check().ok());
    double norm = 0.0;
    for (const double slope : exact) norm += slope * slope;
    const double scale = clip > 0.0f ? static_cast<double>(clip) / std::sqrt(norm) : 1.0;
    CHECK(scale <= 1.0);
    for (std::size_t i = 0; i < moved.size(); ++i)
      CHECK(std::abs(static_cast<double>(parameters[i]) - static_cast<double>(moved[i]) - scale * exact[i]) < 2e-6);
  }
}

}  // namespace

TEST_CASE("a batch of several lengths has the loss and the gradient of each length alone") {
  check_batch<diffusion::uniform>();
  check_batch<diffusion::absorbing>();
}

TEST_CASE("padding is never noisy, shows as a position without a symbol, and is a target that does not count") {
  const auto problem = problem_of<diffusion::absorbing>(room);
  const auto built = reference::build(net_of(room, 6));
  for (std::uint64_t g = 0; g < 40; ++g) {
    const problems::example example(built.view(), problem, g);
    const std::size_t length = lengths[problem.data.index(problem.key, g) % 4];
    for (std::size_t i = 0; i < room; ++i) {
      CHECK((example.target[i] == padding) == (i >= length));
      const auto one_hot = std::span(example.input).subspan(6 * i, 5);
      CHECK(std::count(one_hot.begin(), one_hot.end(), 1.0f) == (i < length ? 1 : 0));
      CHECK(example.input[6 * i + 5] == example.input[5]);
    }
  }
}

TEST_CASE("a batch of nothing but padding ends the training") {
  struct empty {
    [[nodiscard]] static std::size_t length() { return room; }
    [[nodiscard]] static std::uint32_t vocabulary() { return problems::table::symbols; }
    static void sample(seed, std::uint64_t, std::span<symbol> out) { std::fill(out.begin(), out.end(), padding); }
  };
  const train::denoising problem{train::data_set{empty{}, seed{1}, 0, 4}, diffusion::absorbing{problems::table::symbols},
                                 diffusion::schedule{}, seed{2}};
  const auto built = reference::build(net_of(room, 6));
  auto parameters = problems::initial(built.view());
  const auto before = parameters;
  const train::trainer_options o{.batch = 3};
  std::vector<float> memory(train::training_memory(built.view(), o, 1));
  train::trainer trainer(built.view(), problem, o, std::span<float>(parameters), std::span<float>(memory));
  CHECK_FALSE(math::is_finite(trainer.step()));
  CHECK_FALSE(trainer.check().ok());
  CHECK(parameters == before);
}
