// Entries that deal with vectors: sources, noise, solvers, denoisers, networks and their training. Data are so small that
// products and squares are denormal.
#include "vectors.hpp"

#include <frond/diffusion/gaussian_sampler.hpp>
#include <frond/diffusion/prediction.hpp>
#include <frond/diffusion/stepper.hpp>
#include <frond/lab/spiked/denoiser.hpp>
#include <frond/lab/vectors/empirical.hpp>
#include <frond/lab/vectors/gaussian_mixture.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/guided_vector_denoiser.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/network_for.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/nn/vector_denoiser.hpp>
#include <frond/source/directions.hpp>
#include <frond/source/gaussian_source.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/source/wiener.hpp>
#include <frond/train/fit.hpp>
#include <frond/train/vector_denoising.hpp>

namespace entries {

namespace {

using namespace frond;
using modes::check;
using modes::check_unguarded;
using modes::hash_of;

void denoisers() {
  check("source/wiener.hpp predict", [] { return answer(source::wiener(means, variances)); });
  check("lab/spiked/denoiser.hpp predict", [] { return answer(lab::spiked::spike_bayes(model)); });
  check("lab/spiked/denoiser.hpp predict", [] { return answer(lab::spiked::spike_wiener(model)); });
  check("lab/vectors/empirical.hpp predict", [] {
    std::vector<float> memory(lab::vectors::empirical_memory_size(rows, 7));
    return answer(lab::vectors::empirical(noisy, dimension, memory));
  });
  check("lab/vectors/gaussian_mixture.hpp predict", [] {
    const std::vector<float> weights(rows, 1.0f), spread(rows, 1e-38f);
    std::vector<double> probabilities(2 * rows);
    return answer(lab::vectors::gaussian_mixture({dimension, weights, noisy, spread}, probabilities));
  });
}

template <class Source>
std::uint64_t one_of(const Source& source) {
  std::vector<float> out(dimension);
  source.sample(seed{4}, 5, out);
  return hash_of(out);
}
template <class Source>
std::uint64_t block_of(const Source& source) {
  std::vector<float> out(rows * dimension);
  source.sample_block(seed{4}, 250, out);
  return hash_of(out);
}

void sources() {
  check("source/directions.hpp plant_directions", [] { return hash_of(directions()); });
  check("source/mixed_cumulant.hpp sample", [] { return one_of(model); });
  check("source/mixed_cumulant.hpp sample_block", [] { return block_of(model); });
  check("source/gaussian_source.hpp mean_and_covariance", [] {
    std::vector<float> data = noisy, mean(dimension), covariance(dimension * dimension);
    source::mean_and_covariance(data, dimension, mean, covariance);
    return hash_of(mean) ^ hash_of(covariance);
  });
  std::vector<float> covariance(dimension * dimension, 1e-20f), factor(covariance.size());
  for (std::size_t i = 0; i < dimension; ++i) covariance[i * dimension + i] = 1e-19f * static_cast<float>(i + 1);
  check("source/gaussian_source.hpp cholesky", [&] {
    const status done = source::cholesky(covariance, dimension, 1e-30f, factor);
    return hash_of(factor) + done.ok();
  });
  check("source/gaussian_source.hpp isotropic_deviation",
        [&] { return hash_of(std::vector{source::isotropic_deviation(covariance, dimension)}); });
  const source::gaussian_source clone(means, factor);
  check("source/gaussian_source.hpp sample", [&] { return one_of(clone); });
  check("source/gaussian_source.hpp sample_block", [&] { return block_of(clone); });
  check("source/gaussian_source.hpp sample", [] { return one_of(source::isotropic_source(means, 1e-40f)); });
}

void diffusion_of_vectors() {
  check("diffusion/gaussian.hpp corrupt", [] {
    std::vector<float> out(dimension);
    diffusion::gaussian{}.corrupt(seed{6}, 7, 0.9999999f, means, out);
    diffusion::gaussian{}.corrupt(seed{6}, 7, 1e-39f, out, out);
    return hash_of(out);
  });
  check("diffusion/gaussian.hpp corrupt", [] {
    std::vector<float> out(dimension), noise(dimension);
    diffusion::gaussian{}.corrupt(seed{6}, 7, 1e-39f, means, out, noise);
    return hash_of(out) ^ hash_of(noise);
  });
  check_unguarded("diffusion/gaussian.hpp start", [] {
    std::vector<float> out(300);
    diffusion::gaussian{}.start(seed{6}, 7, out);
    return hash_of(out);
  });
  const kernel::random_array from{.key = seed{15}, .purpose = rng::stream::user, .index = 16, .first = 5};
  check_unguarded("kernel/kernels.hpp fill_uniform", [&] {
    std::vector<float> out(100000);
    kernel::fill_uniform(from, out.data(), out.size());
    return hash_of(out);
  });
  check_unguarded("kernel/kernels.hpp fill_normal", [&] {
    std::vector<float> out(100000);
    kernel::fill_normal(from, out.data(), out.size());
    return hash_of(out);
  });
  check("diffusion/prediction.hpp convert", [] {
    std::vector<float> out(dimension);
    diffusion::convert(diffusion::prediction::clean, diffusion::prediction::noise, 0.3f, means, means, out);
    return hash_of(out);
  });
  const auto sampled = [](diffusion::solver method) {
    source::wiener denoiser(means, variances);
    std::vector<float> memory(diffusion::gaussian_sampling_memory(method, dimension, 2)), out(rows * dimension);
    const diffusion::gaussian_sampling_options options{
        .noise = {diffusion::schedule::half_log_snr, 7}, .method = method, .eta = 0.5f};
    const status done = diffusion::sample(diffusion::gaussian{}, denoiser, seed{7}, options, memory, out);
    const status again = diffusion::sample_from(denoiser, seed{7}, options, 5, memory, out);
    return hash_of(out) + done.ok() + again.ok();
  };
  check("diffusion/gaussian_sampler.hpp sample", [&] { return sampled(diffusion::solver::euler_maruyama); });
  check("diffusion/gaussian_sampler.hpp sample_from", [&] { return sampled(diffusion::solver::dpm_solver); });
  check("diffusion/stepper.hpp step", [&] {
    source::wiener denoiser(means, variances);
    std::vector<float> memory(diffusion::gaussian_sampling_memory(diffusion::solver::heun, dimension, rows)),
        out(rows * dimension);
    diffusion::gaussian_stepper steps(diffusion::gaussian{}, denoiser, seed{7},
                                      {.noise = {diffusion::schedule::half_log_snr, 7}, .method = diffusion::solver::heun},
                                      memory, out);
    while (steps.check() && steps.time() > 0) steps.step();
    return hash_of(out);
  });
}

constexpr nn::mlp_shape mlp{
    .length = 1, .input_channels = dimension + 1, .output_channels = dimension, .width = 16, .hidden_layers = 1};
const nn::plan plan = nn::plan_of<nn::mlp<mlp>>();

std::vector<float> initial() {
  std::vector<float> out(plan.parameter_count);
  nn::initialise(plan, nn::initialisation::he, seed{8}, out);
  return out;
}
std::vector<float> small_weights() {
  std::vector<float> out = initial();
  for (std::size_t i = 0; i < out.size(); i += 2) out[i] = 1e-22f * static_cast<float>(i);
  return out;
}
const std::vector<float> parameters = small_weights();

// Vectors in and out that are small enough for squares of gradients to be denormal.
struct small_examples {
  using target = float;
  void write(std::uint64_t example, std::span<float> input, std::span<float> wanted, std::span<float>) const {
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = noisy[(example + i) % noisy.size()];
    for (float& value : wanted) value = 3e-19f;
  }
};

void networks() {
  check("nn/initialise.hpp initialise", [] { return hash_of(initial()); });
  check("nn/vector_denoiser.hpp predict", [&] {
    std::vector<float> scratch(2 * plan.scratch_size);
    return answer(nn::vector_denoiser(plan, {}, parameters, scratch));
  });
  const auto told = nn::vector_mlp_for(dimension, 16, 1, kernel::activation::gelu, 3);
  std::vector<float> told_weights(told.view().parameter_count);
  nn::initialise(told, nn::initialisation::he, seed{8}, told_weights);
  for (std::size_t i = 0; i < told_weights.size(); i += 2) told_weights[i] = 1e-22f * static_cast<float>(i);
  check("nn/guided_vector_denoiser.hpp predict", [&] {
    std::vector<float> scratch(4 * told.view().scratch_size);
    return answer(nn::guided_vector_denoiser(told, {}, {3, 1, 1.5f}, told_weights, scratch));
  });
  check("nn/forward.hpp forward", [&] {
    std::vector<float> scratch(rows * plan.scratch_size);
    const auto input = nn::scratch_input(plan, scratch.data(), rows);
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = noisy[i % noisy.size()];
    const auto out = nn::forward(plan, parameters.data(), scratch.data(), rows);
    return hash_of(std::vector<float>(out.begin(), out.end()));
  });
  const auto taped = [&](bool backward) {
    std::vector<float> tape(rows * plan.tape_size), scratch(rows * plan.scratch_size), gradient(plan.parameter_count);
    for (std::size_t i = 0; i < rows * plan.input_size(); ++i) tape[i] = noisy[i % noisy.size()];
    const auto out = nn::forward_on_tape(plan, parameters.data(), tape.data(), rows);
    if (!backward) return hash_of(std::vector<float>(out.begin(), out.end()));
    for (std::size_t i = 0; i < rows * dimension; ++i) scratch[plan.scratch_output * rows + i] = noisy[i];
    nn::backward(plan, parameters.data(), tape.data(), scratch.data(), gradient.data(), rows);
    return hash_of(gradient);
  };
  check("nn/forward.hpp forward_on_tape", [&] { return taped(false); });
  check("nn/forward.hpp backward", [&] { return taped(true); });
}

void training() {
  const train::trainer_options options{
      .optimiser = {.epsilon = 1e-20f}, .batch = 20, .shard_rows = 4, .parallel_operations = 0};
  const auto run = [&](bool fit) {
    std::vector<float> trained = parameters, best = parameters, memory(train::training_memory(plan, options, 1));
    train::trainer learner(plan, small_examples{}, options, std::span<float>(trained), std::span<float>(memory));
    hasher h;
    if (fit) {
      std::vector<float> evaluation(train::evaluation_memory(plan, 10, 4, 1));
      train::early_stopping stopping;
      const status fitted =
          train::fit(learner, small_examples{}, {.max_steps = 4, .evaluate_every = 2, .validation_count = 10, .block_rows = 4},
                     stopping, best, evaluation, calling_thread, [&](std::uint64_t, float training, float validation) {
                       h.add(training);
                       h.add(validation);
                       return true;
                     });
      h.add(std::uint8_t{fitted.ok()});
    } else {
      for (int step = 0; step < 3; ++step) h.add(learner.step());
      h.add(learner.gradient());
    }
    h.add(std::span<const float>(learner.state()));
    h.add(std::span<const float>(trained));
    h.add(std::span<const float>(best));
    return h.value();
  };
  check("train/trainer.hpp step", [&] { return run(false); });
  check("train/fit.hpp fit", [&] { return run(true); });
  check("train/evaluate.hpp evaluate", [&] {
    std::vector<float> memory(train::evaluation_memory(plan, 10, 4, 1));
    return hash_of(std::vector{train::evaluate(plan, parameters, small_examples{}, 0, 10, 4, memory)});
  });
}

}  // namespace

void vectors() {
  denoisers();
  sources();
  diffusion_of_vectors();
  networks();
  training();
}

}  // namespace entries
