// What ends a training: sizes that do not fit, forgotten weights, numbers that are not finite.
#include <doctest/doctest.h>

#include <frond/nn/network.hpp>
#include <frond/train/trainer.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "problems.hpp"

using namespace frond;
using diffusion::absorbing;
using diffusion::uniform;
using problems::regression;
using train::optimiser_kind;

namespace {

// y = w x + b, to be learned from one pair of numbers; pair number `bad` is another one.
struct pairs {
  using target = float;

  std::uint64_t bad;
  float bad_input, bad_target;

  void write(std::uint64_t example, std::span<float> input, std::span<float> out, std::span<float>) const {
    input[0] = example == bad ? bad_input : 1.0f;
    out[0] = example == bad ? bad_target : 2.0f;
  }
};

// Ten steps with five examples each, of which number 33 is bad: beside what six steps leave, where everything stops.
void check_stop(const train::trainer_options& o, float bad_input, float bad_target, const std::string& reason) {
  using line = nn::network<nn::input<1, 1>, nn::dense<1>>;
  const nn::plan p = nn::plan_of<line>();
  std::vector<float> memory(train::training_memory(p, o, 1));
  std::vector<float> before(2), parameters(2);
  train::trainer sound(p, pairs{~std::uint64_t{0}, 0, 0}, o, std::span<float>(before), std::span<float>(memory));
  for (int i = 0; i < 6; ++i) sound.step();
  REQUIRE(sound.check().ok());
  train::trainer trainer(p, pairs{33, bad_input, bad_target}, o, std::span<float>(parameters), std::span<float>(memory));
  for (int i = 0; i < 6; ++i) CHECK(math::is_finite(trainer.step()));
  CHECK(trainer.check().ok());
  const std::vector<float> state(trainer.state().begin(), trainer.state().end());
  for (int i = 6; i < 10; ++i) CHECK_FALSE(math::is_finite(trainer.step()));
  CHECK(std::string(text(trainer.check()).c_str()) == reason);
  CHECK(trainer.check().position == 6);
  CHECK(trainer.steps() == 10);
  CHECK(parameters == before);
  CHECK(state == std::vector<float>(trainer.state().begin(), trainer.state().end()));
  trainer.resume_at(7);  // beyond the bad one it goes on
  CHECK(math::is_finite(trainer.step()));
  CHECK(trainer.check().ok());
}

}  // namespace

TEST_CASE("the first loss or gradient that is not finite ends the training and changes no weight") {
  const float infinite = std::numeric_limits<float>::infinity();
  const std::string loss = "step 6: the loss is not finite, from example 33 on";
  const std::string first = "step 6: the gradient or its norm is not finite, from parameter 0 on";
  for (const optimiser_kind kind : {optimiser_kind::sgd, optimiser_kind::adam})
    for (const float clip : {0.0f, 1.0f})
      for (const std::uint32_t rows : {128u, 2u}) {
        const train::trainer_options o{.optimiser = {.kind = kind, .learning_rate = 0.01f, .clip_norm = clip},
                                       .batch = 5,
                                       .shard_rows = rows,
                                       .block_rows = 1};
        check_stop(o, std::nanf(""), 2.0f, loss);
        check_stop(o, 1.0f, infinite, loss);
        check_stop(o, 1.0f, 1e20f, loss);   // its square is infinite
        check_stop(o, 1e15f, 2.0f, first);  // the square of its gradient is infinite
      }
}

TEST_CASE("forgotten weights are said, but one layer may start from zero") {
  const auto built = reference::build(problems::regression_net());
  std::vector<float> parameters(built.view().parameter_count);
  const train::trainer_options o{.batch = 5};
  std::vector<float> memory(train::training_memory(built.view(), o, 1));
  train::trainer trainer(built.view(), regression{seed{1}}, o, std::span<float>(parameters), std::span<float>(memory));
  CHECK(trainer.check().ok());  // there is time until the first step
  CHECK_FALSE(math::is_finite(trainer.step()));
  CHECK(std::string(text(trainer.check()).c_str()) ==
        "all " + std::to_string(parameters.size()) + " parameters are zero: they were neither initialised nor loaded");
  CHECK(parameters == std::vector<float>(parameters.size()));
}

TEST_CASE("a trainer whose sizes do not fit takes no step") {
  const auto built = reference::build(problems::sentence_net());
  const train::trainer_options o{.batch = 5};
  const std::size_t count = built.view().parameter_count, needed = train::training_memory(built.view(), o, 1);
  const auto reason = [&](auto problem, const train::trainer_options& options, std::size_t parameters, std::size_t floats) {
    std::vector<float> weights(parameters, 1.0f), memory(floats, 1.0f);
    train::trainer trainer(built.view(), problem, options, std::span<float>(weights), std::span<float>(memory));
    CHECK_FALSE(math::is_finite(trainer.step()));
    CHECK(trainer.steps() == 1);
    CHECK(trainer.gradient().empty());
    CHECK(trainer.state().empty());
    CHECK(weights == std::vector<float>(parameters, 1.0f));
    CHECK(memory == std::vector<float>(floats, 1.0f));
    return std::string(text(trainer.check()).c_str());
  };
  const auto number = [](std::size_t n) { return std::to_string(n); };
  CHECK(reason(problems::denoising<uniform>(1), o, count - 1, needed) ==
        "there are " + number(count - 1) + " parameters, the network has " + number(count));
  CHECK(reason(problems::denoising<uniform>(1), o, count, needed - 1) ==
        "the memory of a training has " + number(needed - 1) + " floats and needs " + number(needed));
  CHECK(reason(problems::denoising<uniform>(1), {.batch = 0}, count, needed) == "a batch needs at least one example");
  CHECK(reason(problems::denoising<absorbing>(1), o, count, needed) ==
        "the network has 5 input channels, this noise needs 6: one for each noisy symbol and one for time");
}

namespace {

// Sentences whose symbols are not all output channels.
struct wide_targets {
  using target = symbol;

  std::uint64_t bad;

  void write(std::uint64_t example, std::span<float> input, std::span<symbol> out, std::span<symbol>) const {
    for (float& x : input) x = 1.0f;
    for (symbol& token : out) token = 1;
    if (example == bad) out[out.size() - 1] = 200;
  }
};

}  // namespace

TEST_CASE("a target beyond the output channels is a loss that is no number") {
  for (const std::uint32_t channels : {2u, 40u}) {  // both forms of the kernel
    const auto built = reference::build({20, 1, {reference::dense(channels)}});
    const train::trainer_options o{.batch = 3};
    std::vector<float> parameters(built.view().parameter_count), memory(train::training_memory(built.view(), o, 1));
    train::trainer trainer(built.view(), wide_targets{4}, o, std::span<float>(parameters), std::span<float>(memory));
    CHECK(math::is_finite(trainer.step()));
    CHECK_FALSE(math::is_finite(trainer.step()));
    CHECK(std::string(text(trainer.check()).c_str()) == "step 1: the loss is not finite, from example 4 on");
    std::vector<float> room(train::evaluation_memory(built.view(), 5, 2, 1));
    CHECK(math::is_finite(train::evaluate(built.view(), parameters, wide_targets{4}, 0, 4, 2, room)));
    CHECK_FALSE(math::is_finite(train::evaluate(built.view(), parameters, wide_targets{4}, 0, 5, 2, room)));
  }
}
