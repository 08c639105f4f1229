#include <doctest/doctest.h>

#include <frond/belief/tree_denoiser.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/lab/hierarchy/epsilon_noise.hpp>
#include <frond/lab/hierarchy/forward_backward.hpp>
#include <frond/lab/parallel/thread_pool.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../belief/enumeration.hpp"

using namespace frond;
using grammar::rhm_shape;

namespace {

// All outcomes of noise on a short sentence and their probabilities; `inputs` symbols can be seen at each place.
template <class Visit>
void for_each_observation(std::size_t length, std::uint32_t inputs, const Visit& visit) {
  std::vector<symbol> noisy(length);
  std::uint64_t count = 1;
  for (std::size_t i = 0; i < length; ++i) count *= inputs;
  for (std::uint64_t code = 0; code < count; ++code) {
    std::uint64_t rest = code;
    for (symbol& token : noisy) token = static_cast<symbol>(rest % inputs), rest /= inputs;
    visit(noisy);
  }
}

// The distribution of the tree after a trip of `clean` [tokens], by enumeration of noise and trees: [tree], sums to one.
struct world {
  grammar::rhm_view view;
  std::vector<std::vector<symbol>> trees;

  template <class Likelihoods>
  void add(std::vector<double>& distribution, double weight, const Likelihoods& likelihoods) const {
    const auto posterior = enumeration::solve(view, trees, likelihoods);
    for (std::size_t k = 0; k < distribution.size(); ++k) distribution[k] += weight * posterior.weights[k];
  }

  std::vector<double> distribution(const lab::hierarchy::epsilon_noise& noise, double alpha_bar,
                                   const std::vector<symbol>& clean) const {
    std::vector<double> distribution(trees.size());
    add(distribution, 1, enumeration::uniform_noise(clean, alpha_bar, noise.vocabulary));
    return distribution;
  }
  std::vector<double> distribution(const diffusion::absorbing& noise, double alpha_bar,
                                   const std::vector<symbol>& clean) const {
    std::vector<double> distribution(trees.size());
    for_each_observation(clean.size(), 2, [&](std::vector<symbol> seen) {
      double weight = 1;
      for (std::size_t i = 0; i < seen.size(); ++i) {
        weight *= seen[i] == 0 ? alpha_bar : 1 - alpha_bar;
        seen[i] = seen[i] == 0 ? clean[i] : noise.mask();
      }
      add(distribution, weight, enumeration::absorbing_noise(seen, alpha_bar, noise.vocabulary));
    });
    return distribution;
  }
  std::vector<double> distribution(const diffusion::uniform& noise, double alpha_bar, const std::vector<symbol>& clean) const {
    std::vector<double> distribution(trees.size());
    for_each_observation(clean.size(), noise.vocabulary, [&](const std::vector<symbol>& seen) {
      double weight = 1;
      for (std::size_t i = 0; i < seen.size(); ++i)
        weight *= (1 - alpha_bar) / noise.vocabulary + (seen[i] == clean[i] ? alpha_bar : 0.0);
      add(distribution, weight, enumeration::uniform_noise(seen, alpha_bar, noise.vocabulary));
    });
    return distribution;
  }
};

// A mean over the distribution, and its standard error from `trips` draws.
struct moment {
  double mean = 0, square = 0;
  void add(double weight, double value) {
    mean += weight * value;
    square += weight * value * value;
  }
  [[nodiscard]] double error(double forward_backward_options) const {
    return std::sqrt(std::max(0.0, square - mean * mean) / forward_backward_options);
  }
};

// Spins summed below each node of a level.
std::vector<double> block_sums(const rhm_shape& shape, std::uint32_t level, std::span<const symbol> before,
                               std::span<const symbol> after) {
  std::vector<double> sums(shape.level_nodes(level));
  const std::size_t first = shape.tree_offset(0), below_one = shape.leaves() / sums.size();
  for (std::size_t i = 0; i < shape.leaves(); ++i) sums[i / below_one] += before[first + i] != after[first + i] ? 1 : -1;
  return sums;
}

// Every number of a datum's row against the distribution: changes of each level and covariances of each level, to 4.5 standard
// errors of `trips` draws. A covariance from draws has the error of the mean of (block - mean of block)^2, and is (n - 1) / n
// too small.
template <class Noise>
void check_rows(const rhm_shape& shape, const Noise& noise, float alpha_bar) {
  constexpr std::size_t forward_backward_options = 20000, data = 3;
  const auto grammar = enumeration::draw(shape, 11);
  const world all{grammar.view, enumeration::trees(grammar.view)};
  const auto table = lab::hierarchy::forward_backward(
      grammar.view, noise, seed{5}, {.alpha_bar = alpha_bar, .data = data, .each = forward_backward_options}, calling_thread);
  const auto kept = lab::hierarchy::reconstruction(
      grammar.view, noise, seed{5}, {.alpha_bar = alpha_bar, .data = data, .each = forward_backward_options}, calling_thread);
  const auto n = static_cast<double>(forward_backward_options);
  const std::size_t levels = shape.depth + std::size_t{1}, width = lab::hierarchy::change_counter::width(shape);
  for (std::size_t datum = 0; datum < data; ++datum) {
    const std::span<const std::int64_t> row = table.rows().subspan(datum * width, width);
    CHECK(row[0] == forward_backward_options);
    std::vector<symbol> before(shape.nodes());
    grammar::sample_tree(grammar.view, seed{5}, datum, before);
    const auto distribution =
        all.distribution(noise, static_cast<double>(alpha_bar),
                         {before.begin() + static_cast<std::ptrdiff_t>(shape.tree_offset(0)), before.end()});
    for (std::uint32_t level = 0; level <= shape.depth; ++level) {
      const std::size_t first = shape.tree_offset(level), nodes = shape.level_nodes(level);
      moment changed, squares;
      std::vector<double> means(nodes);
      for (std::size_t k = 0; k < distribution.size(); ++k) {
        double changes = 0;
        for (std::size_t i = first; i < first + nodes; ++i) changes += before[i] != all.trees[k][i];
        changed.add(distribution[k], changes);
        const auto sums = block_sums(shape, level, before, all.trees[k]);
        for (std::size_t i = 0; i < nodes; ++i) means[i] += distribution[k] * sums[i];
      }
      for (std::size_t k = 0; k < distribution.size(); ++k) {
        const auto sums = block_sums(shape, level, before, all.trees[k]);
        double square = 0;
        for (std::size_t i = 0; i < nodes; ++i) square += (sums[i] - means[i]) * (sums[i] - means[i]);
        squares.add(distribution[k], square);
      }
      CHECK(std::abs(static_cast<double>(row[1 + level]) / n - changed.mean) < 4.5 * changed.error(n));
      const double covariance = static_cast<double>(row[1 + levels + level]) / (n * (n - 1));
      CHECK(std::abs(covariance - squares.mean) < 4.5 * squares.error(n));
      // The mean over draws of noise spreads less than one over draws of trees.
      const double lost = static_cast<double>(nodes) * (1 - kept[datum * levels + level]);
      const double tolerance = std::is_same_v<Noise, lab::hierarchy::epsilon_noise> ? 1e-12 : 4.5 * changed.error(n);
      CHECK(std::abs(lost - changed.mean) < tolerance);
    }
  }
}

constexpr rhm_shape tiny{.vocabulary = 3, .rules = 2, .branching = 2, .depth = 2};
constexpr rhm_shape small{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 3};
constexpr rhm_shape ternary{.vocabulary = 3, .rules = 2, .branching = 3, .depth = 2};

}  // namespace

TEST_CASE("changes and correlations of each level against enumeration of all noise and all trees, three noises: 4.5 errors") {
  check_rows(small, lab::hierarchy::epsilon_noise{4}, 0.4f);
  check_rows(ternary, lab::hierarchy::epsilon_noise{3}, 0.3f);
  check_rows(small, diffusion::absorbing{4}, 0.6f);
  check_rows(tiny, diffusion::absorbing{3}, 0.5f);
  check_rows(tiny, diffusion::uniform{3}, 0.6f);
}

TEST_CASE("susceptibility, C(r) and length of a hand-made table") {
  // Two tokens under each of two nodes. Trajectories: nothing changes; the left pair does; all do; the left pair does.
  const rhm_shape shape{.vocabulary = 2, .rules = 1, .branching = 2, .depth = 2};
  const std::vector<symbol> before(7, 0), left{0, 1, 0, 1, 1, 0, 0}, whole{1, 1, 1, 1, 1, 1, 1};
  lab::hierarchy::change_counter counter(shape);
  for (const auto& after : {before, left, whole, left}) counter.add(before, after);
  lab::hierarchy::change_table table(shape, 1);
  counter.write(table.row(0));
  // Spins of the left pair: - + + +, mean 1/2, variance 3/4; of the right: - - + -, mean -1/2, variance 3/4; covariance 1/4.
  CHECK(table.change(0).value == 0.5);
  CHECK(table.change(1).value == 0.5);
  CHECK(table.change(2).value == 0.25);
  CHECK(table.correlation(1).value == doctest::Approx(1));
  CHECK(table.correlation(2).value == doctest::Approx(1.0 / 3));
  CHECK(table.susceptibility().value == doctest::Approx(1 + 1 + 2.0 / 3));
  CHECK(table.susceptibility().standard_error == 0);
  // The counter starts anew.
  counter.add(before, before);
  counter.add(before, whole);
  counter.write(table.row(0));
  CHECK(table.change(2).value == 0.5);
  CHECK(table.susceptibility().value == doctest::Approx(4));
}

TEST_CASE("the correlation length is where C(r) is half of the critical one") {
  const std::vector<lab::statistics::estimate> critical{{0.8, 0.01}, {0.4, 0.01}, {0.2, 0.01}};
  const std::vector<lab::statistics::estimate> here{{0.72, 0.01}, {0.28, 0.02}, {0.06, 0.01}};  // quotients .9, .7, .3
  const auto length = lab::hierarchy::correlation_length(here, critical, 3);
  CHECK(length.value == doctest::Approx(std::pow(3, 2.5)));
  const double second = std::hypot(0.02, 0.7 * 0.01) / 0.4, third = std::hypot(0.01, 0.3 * 0.01) / 0.2;
  CHECK(length.standard_error == doctest::Approx(length.value * std::log(3.0) * 0.5 * std::hypot(second, third) / 0.4));
  CHECK(std::isnan(lab::hierarchy::correlation_length(critical, critical, 3).value));
}

TEST_CASE("a table of many data is made of those of few, on any number of workers") {
  const rhm_shape shape{.vocabulary = 8, .rules = 3, .branching = 2, .depth = 5};
  const auto grammar = enumeration::draw(shape, 3);
  const diffusion::absorbing noise{8};
  lab::parallel::thread_pool pool(3);
  const auto made = [&](std::uint64_t first, std::size_t data, auto& workers) {
    return lab::hierarchy::forward_backward(grammar.view, noise, seed{1},
                                            {.alpha_bar = 0.5f, .data = data, .each = 7, .first = first}, workers);
  };
  auto parts = made(0, 5, calling_thread);
  parts.append(made(5, 8, pool));
  const auto whole = made(0, 13, pool);
  CHECK(std::equal(parts.rows().begin(), parts.rows().end(), whole.rows().begin(), whole.rows().end()));
  const lab::hierarchy::forward_backward_options plan{.alpha_bar = 0.5f, .data = 13, .each = 3};
  CHECK(lab::hierarchy::reconstruction(grammar.view, noise, seed{1}, plan, calling_thread) ==
        lab::hierarchy::reconstruction(grammar.view, noise, seed{1}, plan, pool));
}

TEST_CASE("without noise nothing changes, and what never changes has no susceptibility") {
  const auto grammar = enumeration::draw(small, 3);
  const auto table = lab::hierarchy::forward_backward(grammar.view, diffusion::uniform{4}, seed{1},
                                                      {.alpha_bar = 1, .data = 4, .each = 3}, calling_thread);
  for (std::uint32_t level = 0; level <= 3; ++level) CHECK(table.change(level).value == 0);
  CHECK(std::isnan(table.susceptibility().value));
}

// The way back by the steps of a sampler with the exact denoiser ends in the same distribution as one draw from the posterior,
// up to O(1 / steps): changes of each level to 4.5 standard errors plus that, the susceptibility to 5 % (its error is about 1
// %).
template <class Process>
void check_steps(const Process& process) {
  constexpr std::size_t forward_backward_options = 20000;
  constexpr std::uint32_t steps = 400, start = 240;
  const rhm_shape shape = small;
  const auto grammar = enumeration::draw(shape, 11);
  belief::tree_denoiser<Process, belief::tree_batch_memory<small>> model(grammar.view, process);
  const diffusion::sampling_options options{.noise = {diffusion::schedule::linear_signal, steps}};
  const float alpha_bar = options.noise.alpha_bar(start);
  std::vector<symbol> before(shape.nodes()), after(shape.nodes()), noisy(forward_backward_options * shape.leaves());
  grammar::sample_tree(grammar.view, seed{5}, 0, before);
  const std::span<const symbol> clean = std::span(before).subspan(shape.tree_offset(0));
  for (std::size_t j = 0; j < forward_backward_options; ++j)
    process.corrupt(seed{6}, j, alpha_bar, clean, std::span(noisy).subspan(j * clean.size(), clean.size()));
  std::vector<float> memory(diffusion::sampling_memory(shape.leaves(), shape.vocabulary, 16));
  REQUIRE(diffusion::sample_from(process, model, seed{7}, options, start, memory, noisy).ok());
  lab::hierarchy::change_counter counter(shape);
  for (std::size_t j = 0; j < forward_backward_options; ++j) {
    grammar::parse(grammar.view, std::span<const symbol>(noisy).subspan(j * clean.size(), clean.size()), after);
    counter.add(before, after);
  }
  lab::hierarchy::change_table stepped(shape, 1);
  counter.write(stepped.row(0));
  const auto joint = lab::hierarchy::forward_backward(
      grammar.view, process, seed{5}, {.alpha_bar = alpha_bar, .each = forward_backward_options}, calling_thread);

  const auto n = static_cast<double>(forward_backward_options);
  for (std::uint32_t level = 0; level <= shape.depth; ++level) {
    const double a = stepped.change(level).value, b = joint.change(level).value;
    CHECK(std::abs(a - b) < 4.5 * std::sqrt(2 * b * (1 - b) / n) + 4.0 / steps);  // the error if all nodes of a trip were one
  }
  CHECK(std::abs(stepped.susceptibility().value / joint.susceptibility().value - 1) < 0.05);
}

TEST_CASE("one draw from the posterior against the steps of the sampler") {
  check_steps(diffusion::uniform{4});
  check_steps(diffusion::absorbing{4});
}
