#include <frond/lab/vectors/autoencoder_trainer.hpp>

#include <frond/lab/spiked/loss.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/nn/vector_denoiser.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/train/trainer.hpp>
#include <frond/train/vector_denoising.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

using namespace frond;

namespace {

constexpr std::uint32_t dimension = 12;
constexpr source::spikes strengths{.covariance = 5.0f, .cumulant = 10.0f};

struct planted {
  planted() : directions(2 * dimension) { source::plant_directions(seed{1}, dimension, directions); }
  [[nodiscard]] source::mixed_cumulant model() const { return {strengths, dimension, directions}; }
  [[nodiscard]] train::level_denoising<source::mixed_cumulant> problem(float alpha_bar, std::uint64_t key) const {
    return {{model(), seed{key}, 0, 0}, alpha_bar, seed{key + 1}};
  }
  std::vector<float> directions;
};

constexpr nn::mlp_shape mlp_of_vectors{
    .length = 1, .input_channels = dimension + 1, .output_channels = dimension, .width = 32, .hidden_layers = 2};

double norm(const float* w) { return std::sqrt(static_cast<double>(kernel::sum_of_squares(w, dimension))); }

}  // namespace

// w + delta / d (g - (w.g) w), scaled, with g as lab/spiked/sphere_sgd.hpp has it, computed in double.
TEST_CASE("one neuron with batch one takes the projected step of online learning") {
  const planted data;
  const lab::vectors::autoencoder_shape shape{.dimension = dimension, .unit = {.amplitude = 0.4f, .gain = 1.3f, .shift = 0.2f}};
  // small, since the trainer's step keeps the part along w, which changes the direction at second order
  constexpr float delta = 1e-3f;
  std::vector<float> w(shape.parameter_count());
  lab::vectors::initialise(shape, seed{5}, 0.7f, w);
  const std::vector<float> before = w;
  const auto problem = data.problem(0.7f, 9);
  const lab::vectors::autoencoder_options options{
      .optimiser = {.kind = train::optimiser_kind::sgd, .learning_rate = 0.5f * delta, .momentum = 0.0f}, .batch = 1};
  std::vector<float> memory(lab::vectors::autoencoder_memory(shape, options)), x(dimension), clean(dimension),
      unused(dimension);
  lab::vectors::autoencoder_trainer learner(shape, problem, options, w, memory);
  problem.write(0, x, clean, unused);
  const float loss = learner.step();
  double y = 0, wr = 0, wg = 0, squares = 0, length = 0;
  std::vector<double> g(dimension), after(dimension);
  const auto number = [](float value) { return static_cast<double>(value); };
  for (std::size_t i = 0; i < dimension; ++i) y += number(before[i]) * number(x[i]);
  const double t = std::tanh(number(shape.unit.gain) * (y + number(shape.unit.shift)));
  const double sigma = number(shape.unit.amplitude) * t;
  const double slope = number(shape.unit.amplitude) * number(shape.unit.gain) * (1 - t * t);
  for (std::size_t i = 0; i < dimension; ++i) {
    g[i] = number(clean[i]) - number(0.7f) * number(x[i]) - number(before[i]) * sigma;
    wr += number(before[i]) * g[i];
    squares += g[i] * g[i];
  }
  CHECK(number(loss) == doctest::Approx(squares / dimension).epsilon(1e-5));
  for (std::size_t i = 0; i < dimension; ++i) {
    g[i] = sigma * g[i] + wr * slope * number(x[i]);
    wg += number(before[i]) * g[i];
  }
  for (std::size_t i = 0; i < dimension; ++i) {
    after[i] = number(before[i]) + number(delta) / dimension * (g[i] - wg * number(before[i]));
    length += after[i] * after[i];
  }
  for (std::size_t i = 0; i < dimension; ++i) CHECK(std::abs(number(w[i]) - after[i] / std::sqrt(length)) < 5e-7);
  CHECK(w[dimension] == 0.4f);
  CHECK(w[dimension + 1] == 0.7f);
}

TEST_CASE("what is trained moves, what is not stays") {
  const planted data;
  for (const auto method : {train::optimiser_kind::sgd, train::optimiser_kind::adam})
    for (const bool amplitudes : {false, true})
      for (const bool skip : {false, true}) {
        const lab::vectors::autoencoder_shape shape{.dimension = dimension,
                                                    .neurons = 3,
                                                    .unit = {.amplitude = 0.3f},
                                                    .trained_amplitudes = amplitudes,
                                                    .trained_skip = skip};
        const lab::vectors::autoencoder_options options{.optimiser = {.kind = method, .learning_rate = 0.01f}, .batch = 8};
        std::vector<float> p(shape.parameter_count()), memory(lab::vectors::autoencoder_memory(shape, options));
        lab::vectors::initialise(shape, seed{2}, 0.8f, p);
        const std::vector<float> before = p;
        lab::vectors::autoencoder_trainer learner(shape, data.problem(0.7f, 20), options, p, memory);
        for (int step = 0; step < 5; ++step) learner.step();
        CHECK(p[0] != before[0]);
        for (std::size_t k = 0; k < 3; ++k) {
          CHECK(norm(&p[k * dimension]) == doctest::Approx(1).epsilon(1e-6));
          CHECK((p[3 * dimension + k] != 0.3f) == amplitudes);
        }
        CHECK((p.back() != 0.8f) == skip);
      }
}

TEST_CASE("a resumed run goes on with the same bits") {
  const planted data;
  const lab::vectors::autoencoder_shape shape{
      .dimension = dimension, .neurons = 4, .unit = {.amplitude = 0.3f}, .trained_amplitudes = true, .trained_skip = true};
  const lab::vectors::autoencoder_options options{.optimiser = {.learning_rate = 0.01f}, .batch = 16};
  std::vector<float> whole(shape.parameter_count()), memory(lab::vectors::autoencoder_memory(shape, options));
  lab::vectors::initialise(shape, seed{2}, 0.8f, whole);
  std::vector<float> part = whole, other_memory = memory;
  lab::vectors::autoencoder_trainer learner(shape, data.problem(0.7f, 20), options, whole, memory);
  lab::vectors::autoencoder_trainer first(shape, data.problem(0.7f, 20), options, part, other_memory);
  for (int step = 0; step < 6; ++step) learner.step();
  for (int step = 0; step < 4; ++step) first.step();
  const std::vector<float> state(first.state().begin(), first.state().end());
  std::vector<float> last_memory(memory.size(), 7.0f);
  lab::vectors::autoencoder_trainer second(shape, data.problem(0.7f, 20), options, part, last_memory);
  for (std::size_t i = 0; i < state.size(); ++i) second.state()[i] = state[i];
  second.resume_at(4);
  for (int step = 0; step < 2; ++step) second.step();
  CHECK(part == whole);
}

// With trained amplitudes and skip a few neurons come close to the best linear denoiser, of loss 3.7; the loss is per output.
TEST_CASE("a few neurons learn the direction of large variance") {
  const planted data;
  const lab::vectors::autoencoder_shape shape{.dimension = dimension,
                                              .neurons = 4,
                                              .unit = {.amplitude = 0.2f, .gain = 0.5f},
                                              .trained_amplitudes = true,
                                              .trained_skip = true};
  const lab::vectors::autoencoder_options options{.optimiser = {.learning_rate = 0.01f}, .batch = 64};
  std::vector<float> p(shape.parameter_count()), memory(lab::vectors::autoencoder_memory(shape, options));
  lab::vectors::initialise(shape, seed{2}, 0.8366600f, p);
  lab::vectors::autoencoder_trainer learner(shape, data.problem(0.7f, 30), options, p, memory);
  double first = 0, last = 0;
  for (int step = 0; step < 2000; ++step) {
    const auto loss = static_cast<double>(learner.step()) * dimension;
    if (step < 50) first += loss / 50;
    if (step >= 1500) last += loss / 500;
  }
  const double wiener = lab::spiked::wiener_loss(strengths, 0.7).total(dimension),
               bayes = lab::spiked::bayes_loss(strengths, 0.7).total(dimension);
  CHECK(first > wiener + 0.1);  // with the right skip alone it is 0.35 more
  CHECK(last < wiener + 0.05);
  CHECK(last > bayes - 0.1);  // 32000 examples: a standard error of 0.01
  double overlap = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    double u = 0;
    for (std::size_t i = 0; i < dimension; ++i)
      u += static_cast<double>(p[k * dimension + i]) * static_cast<double>(data.directions[i]);
    overlap = std::max(overlap, std::abs(u));
  }
  CHECK(overlap > 0.9);
}

// An MLP with the noise level as an input, at all levels of a schedule; afterwards it is asked as a denoiser at one.
TEST_CASE("an MLP learns to denoise vectors at every noise level") {
  const planted data;
  const nn::plan plan = nn::plan_of<nn::mlp<mlp_of_vectors>>();
  const train::vector_denoising problem{
      train::data_set{data.model(), seed{40}, 0, 0}, {diffusion::schedule::cosine, 50}, seed{41}};
  const train::trainer_options options{.optimiser = {.learning_rate = 3e-3f}, .batch = 64};
  std::vector<float> p(plan.parameter_count), memory(train::training_memory(plan, options, 1)), scratch(plan.scratch_size * 32);
  nn::initialise(plan, nn::initialisation::he_zero_readout, seed{42}, p);
  train::trainer learner(plan, problem, options, p, memory);
  for (int step = 0; step < 2500; ++step) learner.step();
  nn::vector_denoiser model(plan, problem.form, p, scratch);
  constexpr std::size_t rows = 2000;
  constexpr float level = 0.7f;
  const auto held_out = data.problem(level, 60);
  std::vector<float> noisy(rows * dimension), clean(rows * dimension), mean(rows * dimension), levels(rows, level);
  for (std::size_t row = 0; row < rows; ++row)
    held_out.write(row, std::span(noisy).subspan(row * dimension, dimension),
                   std::span(clean).subspan(row * dimension, dimension), {});
  model.predict(noisy, levels, mean);
  double loss = 0;
  for (std::size_t i = 0; i < mean.size(); ++i) loss += std::pow(static_cast<double>(mean[i] - clean[i]), 2) / rows;
  const double wiener = lab::spiked::wiener_loss(strengths, 0.7).total(dimension),
               bayes = lab::spiked::bayes_loss(strengths, 0.7).total(dimension);
  CHECK(loss < 1.25 * wiener);  // doing nothing costs 16, scaling alone 3.9
  CHECK(loss > bayes - 0.2);    // three standard errors
  std::vector<float> one_by_one(mean.size()), single(plan.scratch_size);
  nn::vector_denoiser(plan, problem.form, p, single).predict(noisy, levels, one_by_one);
  CHECK(one_by_one == mean);
}

namespace {

// Vectors of ones, but for one example.
struct ones {
  using target = float;

  std::uint64_t bad;
  float wrong;

  void write(std::uint64_t example, std::span<float> input, std::span<float> out, std::span<float>) const {
    for (float& x : input) x = 0.25f;
    for (float& x : out) x = 1.0f;
    if (example == bad) input[2] = wrong;
  }
};

constexpr lab::vectors::autoencoder_shape pair_shape{
    .dimension = dimension, .neurons = 2, .unit = {.amplitude = 0.4f}, .trained_skip = true};

std::string reason_of(const lab::vectors::autoencoder_shape& shape, const lab::vectors::autoencoder_options& o,
                      std::size_t missing_parameters, std::size_t missing_memory) {
  std::vector<float> p(pair_shape.parameter_count() - missing_parameters, 0.5f);
  std::vector<float> memory(lab::vectors::autoencoder_memory(pair_shape, o) - missing_memory, 7.0f);
  const std::vector<float> before = memory;
  lab::vectors::autoencoder_trainer learner(shape, ones{~std::uint64_t{0}, 0}, o, p, memory);
  CHECK_FALSE(math::is_finite(learner.step()));
  CHECK(memory == before);
  return text(learner.check()).c_str();
}

}  // namespace

TEST_CASE("the first loss or gradient that is not finite ends the training of an autoencoder and changes no weight") {
  const lab::vectors::autoencoder_options o{.optimiser = {.kind = train::optimiser_kind::sgd, .learning_rate = 0.01f},
                                            .batch = 4};
  std::vector<float> before(pair_shape.parameter_count()), memory(lab::vectors::autoencoder_memory(pair_shape, o));
  lab::vectors::initialise(pair_shape, seed{1}, 0.5f, before);
  std::vector<float> after = before;
  lab::vectors::autoencoder_trainer sound(pair_shape, ones{~std::uint64_t{0}, 0}, o, before, memory);
  for (int i = 0; i < 3; ++i) sound.step();
  for (const float wrong : {std::nanf(""), std::numeric_limits<float>::infinity(), 1e15f}) {
    std::vector<float> p = after;
    lab::vectors::autoencoder_trainer learner(pair_shape, ones{13, wrong}, o, p, memory);
    for (int i = 0; i < 3; ++i) CHECK(math::is_finite(learner.step()));
    for (int i = 3; i < 6; ++i) CHECK_FALSE(math::is_finite(learner.step()));
    CHECK(learner.check().position == 3);
    const std::string why = text(learner.check()).c_str();
    if (wrong < 1e20f)
      CHECK(why.starts_with("step 3: the gradient or its norm is not finite, from parameter "));
    else
      CHECK(why == "step 3: the loss is not finite, from example 13 on");
    CHECK(p == before);
    CHECK(learner.steps() == 6);
  }
}

TEST_CASE("an autoencoder that does not fit takes no step") {
  const lab::vectors::autoencoder_options o{.batch = 4};
  CHECK(reason_of(pair_shape, o, 1, 0) == "there are 26 parameters, the autoencoder has 27");
  CHECK(reason_of(pair_shape, o, 0, 1).starts_with("the memory of a training has "));
  CHECK(reason_of({.dimension = 0}, o, 0, 0) == "an autoencoder needs at least one dimension");
  lab::vectors::autoencoder_shape wild = pair_shape;
  wild.unit.gain = std::numeric_limits<float>::infinity();
  CHECK(reason_of(wild, o, 0, 0) == "amplitude, gain and shift of a neuron must be finite");

  const planted data;
  const lab::vectors::autoencoder_shape other{.dimension = dimension + 1};
  std::vector<float> p(other.parameter_count(), 0.5f), memory(lab::vectors::autoencoder_memory(other, o));
  lab::vectors::autoencoder_trainer misfit(other, data.problem(0.5f, 1), o, p, memory);
  CHECK(std::string(text(misfit.check()).c_str()) == "the network takes 13 numbers and gives 13, the vectors have 12");

  std::vector<float> zeros(pair_shape.parameter_count()), room(lab::vectors::autoencoder_memory(pair_shape, o));
  lab::vectors::autoencoder_trainer forgotten(pair_shape, ones{~std::uint64_t{0}, 0}, o, zeros, room);
  CHECK_FALSE(math::is_finite(forgotten.step()));
  CHECK(std::string(text(forgotten.check()).c_str()) ==
        "the weights of neuron 0 are zero or no numbers: they were neither initialised nor loaded");
  std::vector<float> scratch(pair_shape.tape_size());
  CHECK_FALSE(lab::vectors::autoencoder_denoiser(pair_shape, zeros, scratch).check().ok());
}
