// The owning learner against the same steps by hand, with buffers sized by hand.
#include <doctest/doctest.h>

#include <frond/belief/tree_denoiser.hpp>
#include <frond/lab/model/learner.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/lab/model/split.hpp>
#include <frond/nn/network_for.hpp>
#include <frond/source/shuffled.hpp>
#include <frond/source/table.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../io/temporary.hpp"

using namespace frond;
using lab::model::learning_point;

namespace {

constexpr grammar::rhm_shape shape{.vocabulary = 6, .rules = 2, .branching = 2, .depth = 2};
constexpr diffusion::absorbing noise{6};
constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 20};

const lab::model::random_grammar& rules() {
  static const lab::model::random_grammar made(shape, seed{7});
  return made;
}
auto sentences(std::uint64_t training = 200, std::uint64_t held_out = 64) {
  return lab::model::split(rules().view(), noise, times, {training, held_out}, seed{1});
}
lab::model::learner_options options(std::uint64_t steps = 90, std::size_t threads = 1) {
  return {.training = {.optimiser = {.learning_rate = 3e-3f}, .batch = 24},
          .fit = {.max_steps = steps, .evaluate_every = 20, .validation_count = 64},
          .patience = 100,
          .threads = threads};
}
using student = lab::model::learner<train::denoising<grammar::rhm_view, diffusion::absorbing>>;

std::string reason(const status& state) { return text(state).c_str(); }
bool same(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && __builtin_memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("the learner takes the steps that a trainer takes, and keeps the best weights") {
  const auto data = sentences();
  const auto net = nn::tree_unet_for(noise, 2, 2, 12);
  const nn::plan plan = net;
  const lab::model::learner_options o = options();
  std::vector<float> weights(plan.parameter_count), best(weights.size());
  std::vector<float> memory(train::training_memory(plan, o.training, 1));
  std::vector<float> room(train::evaluation_memory(plan, 64, o.fit.block_rows, 1));
  REQUIRE(nn::initialise(plan, nn::initialisation::he_zero_readout, seed{4}, weights).ok());
  train::trainer trainer(plan, data.training, o.training, weights, memory);
  train::early_stopping stopping{.patience = o.patience};
  std::vector<learning_point> points;
  REQUIRE(train::fit(trainer, data.held_out, o.fit, stopping, best, room, calling_thread,
                     [&](std::uint64_t step, float a, float b) {
                       return points.push_back({step, a, b}), true;
                     })
              .ok());

  for (const std::size_t threads : {1u, 3u}) {
    student learner(net, data, options(90, threads), seed{4});
    REQUIRE(learner.check().ok());
    REQUIRE(learner.train().ok());
    CHECK(same(learner.weights(), best));
    const auto curve = learner.curve();
    REQUIRE(curve.size() == points.size());
    REQUIRE(curve.size() == 5);  // after 20, 40, 60, 80 and, at the end, 90 steps
    for (std::size_t i = 0; i < curve.size(); ++i) {
      CHECK(curve[i].step == points[i].step);
      CHECK(curve[i].training == points[i].training);
      CHECK(curve[i].validation == points[i].validation);
    }
    // And samples are those of the sampler.
    std::vector<float> scratch(plan.scratch_size * 32), posteriors(diffusion::sampling_memory(4, 6, 32));
    std::vector<symbol> expected(10 * 4);
    nn::network_denoiser model(plan, noise, std::span<const float>(best), std::span<float>(scratch));
    REQUIRE(diffusion::sample(noise, model, seed{5}, {.noise = times}, posteriors, expected).ok());
    const auto written = learner.sample(seed{5}, 10);
    REQUIRE(written.ok());
    CHECK(written.value == expected);
  }
}

TEST_CASE("a training that was stopped at a validation goes on to the same bits") {
  const temporary_folder folder;
  const auto net = nn::mlp_for(noise, 4, 16);
  student whole(net, sentences(), options(), seed{4});
  REQUIRE(whole.train().ok());
  {
    student first(net, sentences(), options(), seed{4});
    REQUIRE(first.train(folder / "c", [](const learning_point& p) { return p.step < 40; }).ok());
    CHECK(first.curve().size() == 2);
  }
  student second(net, sentences(), options(), seed{4});
  std::size_t validations = 0;
  REQUIRE(second.train(folder / "c", [&](const learning_point&) { ++validations; }).ok());
  CHECK(validations == 3);
  CHECK(same(second.weights(), whole.weights()));
  REQUIRE(second.curve().size() == 5);
  for (std::size_t i = 0; i < 5; ++i) CHECK(second.curve()[i].validation == whole.curve()[i].validation);

  // Another problem's checkpoint is refused, and nothing is touched.
  student other(net, sentences(100), options(), seed{4});
  const std::vector<float> before(other.weights().begin(), other.weights().end());
  CHECK_FALSE(other.train(folder / "c", [](const learning_point&) {}).ok());
  CHECK(same(other.weights(), before));
}

TEST_CASE("a checkpoint of other options says which") {
  const temporary_folder folder;
  const auto net = nn::mlp_for(noise, 4, 16);
  student first(net, sentences(), options(), seed{4});
  REQUIRE(first.train(folder / "c", [](const learning_point& p) { return p.step < 40; }).ok());
  CHECK(first.ended() == lab::model::training_end::watch);
  const auto refusal = [&](const lab::model::learner_options& o, std::uint64_t held_out = 64, std::uint64_t key = 4) {
    student other(net, sentences(200, held_out), o, seed{key});
    const status done = other.train(folder / "c", [](const learning_point&) {});
    REQUIRE_FALSE(done.ok());
    CHECK(other.ended() == lab::model::training_end::not_yet);
    return reason(done);
  };
  CHECK(refusal(options(), 64, 5) == "this checkpoint began with other weights: another seed or initialisation");
  lab::model::learner_options o = options();
  o.weights = nn::initialisation::he;
  CHECK(refusal(o) == "this checkpoint began with other weights: another seed or initialisation");
  CHECK(refusal(options(), 70) == "this checkpoint was validated on other data");
  o = options();
  o.fit.validation_count = 60;
  CHECK(refusal(o) == "this checkpoint was validated on another number of data: 64");
  o = options();
  o.fit.evaluate_every = 10;
  CHECK(refusal(o) == "this checkpoint was validated every 20 steps");
  o = options();
  o.training.batch = 25;
  CHECK(refusal(o) == "this checkpoint was made with another batch: 24 examples");
  const nn::plan plan = net;
  const std::size_t floats = 4 * plan.parameter_count;  // weights, two moments, best weights
  CHECK(refusal(options(60)) == "this checkpoint has " + std::to_string(floats + 10) + " floats, this run room for " +
                                    std::to_string(floats + 6) + ": a run can be made longer, not shorter");
}

TEST_CASE("a run that has ended goes on where it gets more steps") {
  const temporary_folder folder;
  const auto net = nn::mlp_for(noise, 4, 16);
  student whole(net, sentences(), options(160), seed{4});
  REQUIRE(whole.train().ok());
  CHECK(whole.ended() == lab::model::training_end::all_steps);
  student first(net, sentences(), options(80), seed{4});
  REQUIRE(first.train(folder / "c", [](const learning_point&) {}).ok());
  CHECK(first.ended() == lab::model::training_end::all_steps);
  student second(net, sentences(), options(160), seed{4});
  REQUIRE(second.train(folder / "c", [](const learning_point&) {}).ok());
  CHECK(same(second.weights(), whole.weights()));
  CHECK(second.curve().size() == 8);
  lab::model::learner_options o = options(2000);
  o.patience = 1;
  student impatient(net, sentences(), o, seed{4});
  REQUIRE(impatient.train().ok());
  CHECK(impatient.ended() == lab::model::training_end::no_improvement);
}

TEST_CASE("weights are saved and loaded") {
  const temporary_folder folder;
  const auto net = nn::mlp_for(noise, 4, 16);
  student learner(net, sentences(), options(40), seed{4});
  REQUIRE(learner.train().ok());
  REQUIRE(learner.save(folder / "w").ok());
  student other(net, sentences(), options(40), seed{9});
  CHECK_FALSE(same(other.weights(), learner.weights()));
  REQUIRE(other.load(folder / "w").ok());
  CHECK(same(other.weights(), learner.weights()));
  CHECK(other.sample(seed{1}, 3).value == learner.sample(seed{1}, 3).value);
  student wider(nn::mlp_for(noise, 4, 17), sentences(), options(40), seed{4});
  CHECK_FALSE(wider.load(folder / "w").ok());
}

TEST_CASE("what does not fit together is said before the first step") {
  const auto refusal = [](student& learner) {
    std::size_t validations = 0;
    const status done = learner.train(std::string(), [&](const learning_point&) { ++validations; });
    CHECK(validations == 0);
    CHECK(reason(done) == reason(learner.check()));
    CHECK(reason(learner.sample(seed{1}, 1).state) == reason(done));
    return reason(done);
  };
  const auto net = nn::mlp_for(noise, 4, 16);
  student other_noise(nn::mlp_for(diffusion::uniform{6}, 4, 16), sentences(), options(), seed{1});
  CHECK(refusal(other_noise) ==
        "the network has 7 input channels, this noise needs 8: one for each noisy symbol and one for time");
  student shorter(nn::mlp_for(noise, 3, 16), sentences(), options(), seed{1});
  CHECK(refusal(shorter) == "the network reads 3 tokens, a sentence has 4");
  student no_network(nn::mlp_for(noise, 4, 0), sentences(), options(), seed{1});
  CHECK(refusal(no_network) == "a dense layer needs at least one output");
  student none(net, sentences(200, 0), options(), seed{1});
  CHECK(refusal(none) == "a validation needs at least one example");
  lab::model::learner_options never = options();
  never.fit.evaluate_every = 0;
  student no_validation(net, sentences(), never, seed{1});
  CHECK(refusal(no_validation) == "a validation takes place every so many steps, at least one");
  lab::model::learner_options still = options();
  still.training.optimiser.learning_rate = 0;
  student no_rate(net, sentences(), still, seed{1});
  CHECK(refusal(no_rate) == "the learning rate must be positive and finite");
}

TEST_CASE("a validation takes no more than the held-out data") {
  const auto net = nn::mlp_for(noise, 4, 16);
  student all(net, sentences(200, 40), options(), seed{4});
  lab::model::learner_options o = options();
  o.fit.validation_count = 40;
  student said(net, sentences(200, 40), o, seed{4});
  REQUIRE(all.train().ok());
  REQUIRE(said.train().ok());
  CHECK(same(all.weights(), said.weights()));
  CHECK(all.curve().back().validation == said.curve().back().validation);
}

TEST_CASE("a table that is shorter than said is refused") {
  const std::vector<symbol> numbers(4 * 50);
  const source::symbol_table table{numbers, 4, 6};
  const auto data = lab::model::split(table, noise, times, {40, 20}, seed{1});
  lab::model::learner learner(nn::mlp_for(noise, 4, 16), data,
                              {.fit = {.max_steps = 10, .evaluate_every = 5, .validation_count = 20}}, seed{1});
  CHECK(reason(learner.train()) == "20 data from datum 40 on are more than the source has: 50");
  // Without a number of training data: all but those that are held out.
  const auto all = lab::model::split(table, noise, times, {.held_out = 20}, seed{1});
  CHECK(all.training.data.count == 30);
  CHECK(all.held_out.data.first == 30);
}

TEST_CASE("the loss beside that of the exact denoiser") {
  student learner(nn::tree_unet_for(noise, 2, 2, 12), sentences(0), options(400), seed{4});
  REQUIRE(learner.train().ok());
  std::vector<float> memory(belief::tree_batch_memory_size(shape).value);
  belief::tree_denoiser exact(rules().view(), noise, std::span<float>(memory));
  const auto compared = learner.compare(exact, 64);
  CHECK(compared.excess > 0);
  CHECK(compared.excess < 0.4);
}

TEST_CASE("vectors of one's own are learned and written") {
  std::vector<float> circle(2 * 400);
  for (std::size_t i = 0; i < 400; ++i) {
    const auto angle = math::sin_cos_two_pi(static_cast<float>(i) * (1.0f / 400.0f));
    circle[2 * i] = angle.cosine;
    circle[2 * i + 1] = angle.sine;
  }
  const auto data = lab::model::split(source::shuffled{source::vector_table{circle, 2}, seed{8}},
                                      {diffusion::schedule::cosine, 50}, {}, {0, 40}, seed{1});
  CHECK(data.training.data.count == 360);
  lab::model::learner learner(nn::vector_mlp_for(2, 32), data,
                              {.training = {.optimiser = {.learning_rate = 3e-3f}, .batch = 64},
                               .fit = {.max_steps = 300, .evaluate_every = 100, .validation_count = 40}},
                              seed{2});
  REQUIRE(learner.train().ok());
  const auto curve = learner.curve();
  REQUIRE(curve.size() == 3);
  CHECK(curve.back().validation < curve.front().training);
  const auto written = learner.sample(seed{3}, 20);
  REQUIRE(written.ok());
  CHECK(written.value.size() == 40);
  for (const float value : written.value) CHECK(math::abs(value) < 4.0f);
}
