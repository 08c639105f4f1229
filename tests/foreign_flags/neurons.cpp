// Entries that deal with a few neurons: learning on the sphere, and tied autoencoders.
#include "vectors.hpp"

#include <frond/lab/spiked/sphere_runs.hpp>
#include <frond/lab/vectors/autoencoder.hpp>
#include <frond/lab/vectors/autoencoder_trainer.hpp>
#include <frond/train/vector_denoising.hpp>

namespace entries {

namespace {

using modes::check;
using modes::hash_of;

void sphere() {
  check("lab/spiked/sphere_runs.hpp run_on_sphere", [] {
    const lab::spiked::sphere_problem p{.dimension = 20,
                                        .data = {.covariance = 5.0f, .cumulant = 10.0f},
                                        .unit = {.amplitude = 0.4f, .gain = 1.5f, .shift = 0.25f},
                                        .max_steps = 60,
                                        .key = seed{9}};
    constexpr std::uint32_t record_at[] = {1, 50};
    std::vector<lab::spiked::sphere_run> passages(17);
    std::vector<float> records(2 * 2 * 17), memory(lab::spiked::sphere_memory(p.dimension, 1));
    const status done = lab::spiked::run_on_sphere(p, 5, record_at, memory, passages, records);
    return hash_of(records) + done.ok();
  });
}

void autoencoders() {
  const lab::vectors::autoencoder_shape net{.dimension = dimension,
                                            .neurons = 5,
                                            .unit = {.amplitude = 0.2f, .gain = 2.0f},
                                            .trained_amplitudes = true,
                                            .trained_skip = true};
  const auto started = [&] {
    std::vector<float> out(net.parameter_count());
    lab::vectors::initialise(net, seed{10}, 1e-30f, out);
    return out;
  };
  const std::vector<float> neurons = started();
  check("lab/vectors/autoencoder.hpp initialise", [&] { return hash_of(started()); });
  check("lab/vectors/autoencoder.hpp check_initialised", [&] {
    const std::vector<float> tiny(net.parameter_count(), 1e-22f);
    return std::uint64_t{lab::vectors::check_initialised(net, tiny).ok()};
  });
  check("lab/vectors/autoencoder.hpp predict", [&] {
    std::vector<float> scratch(2 * net.tape_size());
    return answer(lab::vectors::autoencoder_denoiser(net, neurons, scratch));
  });
  const auto passed = [&](bool backward) {
    std::vector<float> tape(rows * net.tape_size()), out(noisy.size()), gradient(net.parameter_count());
    lab::vectors::forward(net, neurons, noisy.data(), rows, tape.data(), out.data());
    if (backward) lab::vectors::backward(net, neurons, noisy.data(), rows, tape.data(), noisy.data(), gradient);
    return hash_of(out) ^ hash_of(gradient);
  };
  check("lab/vectors/autoencoder.hpp forward", [&] { return passed(false); });
  check("lab/vectors/autoencoder.hpp backward", [&] { return passed(true); });
  check("lab/vectors/autoencoder_trainer.hpp step", [&] {
    const train::level_denoising problem{train::data_set{model, seed{24}, 0, 100}, 0.7f, seed{25}};
    const lab::vectors::autoencoder_options options{.optimiser = {.learning_rate = 1e-30f}, .batch = 21};
    std::vector<float> trained = neurons, memory(lab::vectors::autoencoder_memory(net, options));
    lab::vectors::autoencoder_trainer learner(net, problem, options, trained, memory);
    hasher h;
    for (int step = 0; step < 3; ++step) h.add(learner.step());
    h.add(std::span<const float>(trained));
    return h.value();
  });
}

}  // namespace

void neurons() {
  sphere();
  autoencoders();
}

}  // namespace entries
