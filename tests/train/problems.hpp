// Small things to learn, for the tests of train/.
#pragma once

#include <frond/core/concepts.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/rng/draws.hpp>
#include <frond/train/problem.hpp>
#include <frond/train/trainer.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../nn/nets.hpp"
#include "../nn/reference.hpp"

namespace problems {

using frond::symbol;

// A source that is a table: datum i is sentence i mod 4.
struct table {
  static constexpr std::uint32_t symbols = 4;
  static constexpr symbol sentences[4][8] = {
      {0, 1, 2, 3, 3, 2, 1, 0}, {1, 1, 0, 0, 2, 2, 3, 3}, {2, 0, 2, 0, 1, 3, 1, 3}, {3, 3, 3, 1, 0, 0, 2, 1}};

  [[nodiscard]] static constexpr std::size_t length() { return 8; }
  [[nodiscard]] static constexpr std::uint32_t vocabulary() { return symbols; }
  static constexpr void sample(frond::seed, std::uint64_t index, std::span<symbol> out) {
    for (std::size_t i = 0; i < 8; ++i) out[i] = sentences[index % 4][i];
  }
};
static_assert(frond::discrete_source<table>);

template <class Process>
frond::train::denoising<table, Process> denoising(std::uint64_t key, std::uint64_t count = 4, std::uint32_t steps = 20) {
  return {{table{}, frond::seed{1}, 0, count},
          Process{table::symbols},
          {frond::diffusion::schedule::linear_signal, steps},
          frond::seed{key}};
}
static_assert(frond::train::problem<frond::train::denoising<table, frond::diffusion::uniform>>);

// Two smooth functions of three numbers, at each of two positions: inputs uniform on [-1, 1].
struct regression {
  using target = float;

  frond::seed key;

  void write(std::uint64_t example, std::span<float> input, std::span<float> out, std::span<float>) const {
    frond::rng::draws draw(key, frond::rng::stream::user, example);
    for (float& x : input) x = 2.0f * draw.uniform() - 1.0f;
    for (std::size_t i = 0; i < 2; ++i) {
      const float* x = input.data() + 3 * i;
      out[2 * i] = x[0] * x[1] + 0.5f * x[2];
      out[2 * i + 1] = x[0] * x[0] - x[1] * x[2];
    }
  }
};
static_assert(frond::train::problem<regression>);

inline const reference::net& sentence_net() {
  static const reference::net n = reference::tree_unet(2, 3, table::symbols + 1, table::symbols, 6);
  return n;
}
inline const reference::net& regression_net() {
  static const reference::net n{
      2, 3, {reference::dense(7), reference::activate(reference::activation::tanh), reference::dense(2)}};
  return n;
}
inline const reference::net& net_of(const symbol*) { return sentence_net(); }
inline const reference::net& net_of(const float*) { return regression_net(); }
// The small network that learns a problem.
template <class Problem>
const reference::net& net_of() {
  return net_of(static_cast<const typename Problem::target*>(nullptr));
}

inline std::vector<float> initial(const frond::nn::plan& p, std::uint64_t key = 7) {
  std::vector<float> parameters(p.parameter_count);
  frond::nn::initialise(p, frond::nn::initialisation::he, frond::seed{key}, parameters);
  return parameters;
}

// One example, and its loss in double.
template <class Problem>
struct example {
  std::vector<float> input;
  std::vector<typename Problem::target> target;

  example(const frond::nn::plan& p, const Problem& problem, std::uint64_t number) : input(p.input_size()) {
    target.resize(sizeof(target[0]) == 1 ? p.output_positions : p.output_size());
    auto scratch = target;
    problem.write(number, input, target, scratch);
  }
  [[nodiscard]] double loss(const reference::net& n, std::span<const double> parameters) const {
    const auto output = reference::evaluate(n, parameters, reference::to_tensor(input, n.channels));
    if constexpr (sizeof(target[0]) == 1)
      return reference::cross_entropy(output, target);
    else
      return reference::squared_error(output, target);
  }
};

// The mean loss of examples [first, first + count) in double.
template <class Problem>
double mean_loss(const reference::net& n, const Problem& problem, std::span<const double> parameters, std::uint64_t first,
                 std::size_t count) {
  const auto built = reference::build(n);
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) sum += example(built.view(), problem, first + i).loss(n, parameters);
  return sum / static_cast<double>(count);
}

// What some steps leave.
struct outcome {
  std::vector<float> parameters, state, gradient, losses;

  friend bool operator==(const outcome&, const outcome&) = default;
};

template <class Problem, class Executor>
outcome train(const Problem& problem, const frond::train::trainer_options& o, Executor& workers, std::size_t steps,
              std::uint64_t first_step = 0, const outcome& from = {}) {
  const auto built = reference::build(net_of<Problem>());
  outcome made;
  made.parameters = from.parameters.empty() ? initial(built.view()) : from.parameters;
  // NaN everywhere: nothing may be read before it is written, and 7 floats beyond the end may not be touched.
  std::vector<float> memory(frond::train::training_memory(built.view(), o, workers.workers()) + 7, std::nanf(""));
  frond::train::trainer trainer(built.view(), problem, o, std::span<float>(made.parameters),
                                std::span(memory).first(memory.size() - 7), workers);
  for (std::size_t i = 0; i < from.state.size(); ++i) trainer.state()[i] = from.state[i];
  trainer.resume_at(first_step);
  for (std::size_t i = 0; i < steps; ++i) made.losses.push_back(trainer.step());
  made.state.assign(trainer.state().begin(), trainer.state().end());
  made.gradient.assign(trainer.gradient().begin(), trainer.gradient().end());
  for (std::size_t i = memory.size() - 7; i < memory.size(); ++i)
    if (memory[i] == memory[i]) throw std::logic_error("the trainer wrote beyond its memory");
  return made;
}

// The value that a chi-square variable exceeds with probability 0.001 (Wilson and Hilferty, 1931).
inline double chi_square_limit(double freedom) {
  const double a = 2.0 / (9.0 * freedom);
  return freedom * std::pow(1.0 - a + 3.0902 * std::sqrt(a), 3.0);
}

}  // namespace problems
