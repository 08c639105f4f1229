// Windows of noise levels, and weights of the loss by level.
#include <doctest/doctest.h>

#include <frond/train/trainer.hpp>
#include <frond/train/vector_denoising.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "problems.hpp"

using namespace frond;
using diffusion::prediction;
using diffusion::schedule;
using train::loss_weight;

namespace {

double wide(float x) { return static_cast<double>(x); }

// Normal vectors of two numbers.
struct normals {
  [[nodiscard]] static std::size_t dimension() { return 2; }
  static void sample(seed key, std::uint64_t index, std::span<float> out) {
    rng::draws draw(key, rng::stream::user, index);
    for (float& x : out) x = draw.uniform() - 0.5f;
  }
};

train::vector_denoising<normals> vectors(prediction target) {
  return {.data = {normals{}, seed{1}, 0, 0}, .times = {schedule::cosine, 50}, .key = seed{2}, .form = {.target = target}};
}

const reference::net& vector_net() {
  static const reference::net n{
      1, 3, {reference::dense(5), reference::activate(reference::activation::tanh), reference::dense(2)}};
  return n;
}
const reference::net& net_for(const train::vector_denoising<normals>&) { return vector_net(); }
template <class Process>
const reference::net& net_for(const train::denoising<problems::table, Process>&) {
  static const reference::net n = reference::tree_unet(2, 3, problems::table::symbols + 2, problems::table::symbols, 6);
  return n;
}

template <class Problem>
float evaluate(const Problem& problem, std::uint64_t first, std::size_t count) {
  const auto built = reference::build(net_for(problem));
  const auto parameters = problems::initial(built.view());
  std::vector<float> memory(train::evaluation_memory(built.view(), count, 7, 1));
  return train::evaluate(built.view(), std::span<const float>(parameters), problem, first, count, 7, std::span<float>(memory));
}

// The first step's gradient beside finite differences of the weighted loss in double.
template <class Problem>
void check_gradient(const Problem& problem) {
  constexpr std::size_t rows = 9;
  const auto& net = net_for(problem);
  const auto built = reference::build(net);
  auto parameters = problems::initial(built.view());
  const auto exact = reference::differences(parameters, [&](std::span<const double> at) {
    double sum = 0.0;
    for (std::uint64_t g = 0; g < rows; ++g)
      sum += wide(problem.weight(g)) * problems::example(built.view(), problem, g).loss(net, at) / rows;
    return sum;
  });
  const train::trainer_options o{.batch = rows, .shard_rows = 4};
  std::vector<float> memory(train::training_memory(built.view(), o, 1));
  train::trainer trainer(built.view(), problem, o, std::span<float>(parameters), std::span<float>(memory));
  trainer.step();
  CHECK(reference::layer_distance(built.view(), trainer.gradient(), exact) < 2e-5);
}

template <class Problem>
std::string reason_of(const Problem& problem) {
  return text(train::check_problem(reference::build(net_for(problem)).view(), problem)).c_str();
}

auto masked() { return problems::denoising<diffusion::absorbing>(5, 4, 20); }

}  // namespace

TEST_CASE("the mean of masked_bound's weights times 1 - alpha_bar is 1: each token's mask counts once") {
  for (const auto kind : {schedule::linear_signal, schedule::cosine, schedule::linear_beta}) {
    const schedule times{kind, 20};
    double sum = 0.0;
    for (std::uint32_t t = 1; t <= 20; ++t)
      sum += wide(train::token_weight(loss_weight::masked_bound, times, t)) * (1.0 - wide(times.alpha_bar(t))) / 20.0;
    CHECK(sum == doctest::Approx(1.0).epsilon(1e-5));
  }
}

TEST_CASE("min_snr is min(r, 5) of the squared error of x_0, whatever is predicted") {
  for (const float a : {0.0f, 0.01f, 0.3f, 0.8333f, 0.84f, 0.99f, 1.0f}) {
    const double alpha = wide(a), lost = 1.0 - alpha, r = lost > 0 ? alpha / lost : HUGE_VAL, wanted = std::fmin(r, 5.0);
    CHECK(wide(train::vector_weight(loss_weight::min_snr, prediction::clean, a)) == doctest::Approx(wanted).epsilon(1e-5));
    if (a == 0.0f || a == 1.0f) continue;
    CHECK(wide(train::vector_weight(loss_weight::min_snr, prediction::noise, a)) == doctest::Approx(wanted / r).epsilon(1e-5));
    CHECK(wide(train::vector_weight(loss_weight::min_snr, prediction::velocity, a)) ==
          doctest::Approx(wanted * lost).epsilon(1e-5));
    CHECK(wide(train::vector_weight(loss_weight::min_snr, prediction::score, a)) ==
          doctest::Approx(wanted / r * lost).epsilon(1e-5));
  }
}

TEST_CASE("the loss of an example and its gradient are multiplied with the weight of its level") {
  auto tokens = masked();
  const auto plain = tokens;
  tokens.weighting = loss_weight::masked_bound;
  for (std::uint64_t g = 0; g < 60; ++g)
    CHECK(wide(evaluate(tokens, g, 1)) == doctest::Approx(wide(tokens.weight(g)) * wide(evaluate(plain, g, 1))).epsilon(1e-6));
  check_gradient(tokens);
  check_gradient(plain);
  for (const prediction target : {prediction::clean, prediction::noise, prediction::velocity}) {
    auto some = vectors(target);
    some.weighting = loss_weight::min_snr;
    for (std::uint64_t g = 0; g < 20; ++g)
      CHECK(wide(evaluate(some, g, 1)) ==
            doctest::Approx(wide(some.weight(g)) * wide(evaluate(vectors(target), g, 1))).epsilon(1e-6));
    check_gradient(some);
  }
}

TEST_CASE("times are those of the window, all equally often") {
  auto tokens = masked();
  tokens.window = {7, 9};
  auto some = vectors(prediction::velocity);
  some.window = {41, 0};
  std::vector<double> counts(3);
  for (std::uint64_t g = 0; g < 3000; ++g) {
    const std::uint32_t t = tokens.time(g);
    REQUIRE((t >= 7 && t <= 9));
    counts[t - 7] += 1.0;
    CHECK(tokens.alpha_bar(g) == tokens.times.alpha_bar(t));
    CHECK(some.alpha_bar(g) <= some.times.alpha_bar(41));
  }
  double chi_square = 0.0;
  for (const double count : counts) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  CHECK(chi_square < problems::chi_square_limit(2.0));
}

TEST_CASE("windows and weights that make no sense are refused in one sentence") {
  const auto with = [](auto problem, train::time_window window, loss_weight weighting = loss_weight::equal) {
    problem.window = window;
    problem.weighting = weighting;
    return reason_of(problem);
  };
  CHECK(with(masked(), {}) == "");
  CHECK(with(masked(), {1, 21}) == "the window's last time 21 comes after the schedule's, 20");
  CHECK(with(masked(), {0, 5}) == "the window's first time 0 is not one of 1 to 5");
  CHECK(with(masked(), {21, 0}) == "the window's first time 21 is not one of 1 to 20");
  CHECK(with(vectors(prediction::clean), {3, 2}) == "the window's first time 3 is not one of 1 to 2");
  CHECK(with(masked(), {}, loss_weight::min_snr) == "the weight min_snr is for vectors, these are symbols");
  CHECK(with(vectors(prediction::clean), {}, loss_weight::masked_bound) ==
        "the weight masked_bound is for symbols, these are vectors");
  auto unmasked = problems::denoising<diffusion::uniform>(5);
  unmasked.weighting = loss_weight::masked_bound;
  CHECK(std::string(text(train::check_problem(reference::build(problems::sentence_net()).view(), unmasked)).c_str()) ==
        "the weight masked_bound needs a noise with masks");
}
