// What is trained: data and their Gaussian clones, a tied autoencoder on either, and its losses on both.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/spiked.hpp>
#include <frond/lab/statistics.hpp>
#include <frond/lab/vectors.hpp>

#include "../../common/demand.hpp"
#include "../../common/sweep.hpp"

namespace clone_gap {

using namespace common;
using lab::statistics::estimate;

inline constexpr float alpha_bar = 0.7f;
inline constexpr std::uint32_t neurons = 8, batch = 32;
inline constexpr int grid_size = 48;  // of the numbers of data n: the last one over 2^(i / 3)
inline constexpr double strengths[] = {0, 1};

struct plan {
  std::vector<std::uint32_t> dimensions{32};
  std::uint32_t seeds = 8;
  std::size_t tests = 32768;
  double last = 128;  // over d^3
};

inline plan plan_of(bool quick) {
  plan p;
  if (quick) p = {{12}, 2, 2048, 8};
  return p;
}

inline source::spikes data_of(double rho) {
  return {.covariance = 5.0f,
          .cumulant = 10.0f,
          .hidden = {.coupling = source::latent_coupling::sign, .strength = static_cast<float>(rho)}};
}

// A multiple of the batch.
inline double data_at(const plan& p, std::uint32_t dimension, int i) {
  const double d = dimension, wanted = p.last * d * d * d * std::exp2((i + 1 - grid_size) / 3.0);
  return batch * std::max(1.0, std::round(wanted / batch));
}

// Noisy vectors, clean ones, and the loss of the best linear denoiser on each, whose mean is the same for data and clone: what
// is left of the difference of two losses fluctuates much less without it.
struct test_set {
  test_set(const source::mixed_cumulant& model, std::size_t count, std::uint64_t base)
      : clean(count * model.dimension()), noisy(clean.size()), linear(count) {
    const std::size_t d = model.dimension();
    model.sample_block(seed{base}, 0, clean);
    for (std::size_t i = 0; i < count; ++i)
      diffusion::gaussian{}.corrupt(seed{base + 1}, i, alpha_bar, std::span(clean).subspan(i * d, d),
                                    std::span(noisy).subspan(i * d, d));
    const std::vector<float> levels(count, alpha_bar);
    std::vector<float> mean(clean.size());
    lab::spiked::spike_wiener(model).predict(noisy, levels, mean);
    for (std::size_t i = 0; i < count; ++i) linear[i] = loss(mean, i, d);
  }
  [[nodiscard]] double loss(std::span<const float> mean, std::size_t i, std::size_t d) const {
    double sum = 0;
    for (std::size_t j = i * d; j < (i + 1) * d; ++j) {
      const auto miss = static_cast<double>(mean[j] - clean[j]);
      sum += miss * miss;
    }
    return sum;
  }
  std::vector<float> clean, noisy;
  std::vector<double> linear;
};

// Loss beyond that of the best linear denoiser on data and on clones, the error of their difference, and the largest overlap of
// a neuron with u and with v.
inline constexpr std::size_t columns_per_point = 5;

inline lab::vectors::neuron unit() { return {.amplitude = 0.2f, .gain = 2.0f}; }

// The step of online learning with delta = 1 / d, as large for each datum of a batch.
inline lab::vectors::autoencoder_options options_of(std::uint32_t dimension) {
  return {.optimiser = {.kind = train::optimiser_kind::sgd,
                        .learning_rate = 0.5f * batch / static_cast<float>(dimension),
                        .momentum = 0.0f},
          .batch = batch};
}

class learner {
 public:
  learner(const plan& p, double rho, std::uint32_t dimension, std::uint32_t number, std::uint64_t base)
      : plan_(p), dimension_(dimension), base_(base << 32 | dimension << 8 | number),
        directions_(2 * std::size_t{dimension}), shape_{.dimension = dimension, .neurons = neurons, .unit = unit()},
        parameters_(shape_.parameter_count()) {
    source::plant_directions(seed{base_ * 8}, dimension, directions_);
    strengths_ = data_of(rho);
    lab::vectors::initialise(shape_, seed{base_ * 8 + 1}, math::sqrt(alpha_bar), parameters_);
  }

  std::vector<double> run() {
    const source::mixed_cumulant model(strengths_, dimension_, directions_);
    const train::level_denoising problem{train::data_set{model, seed{base_ * 8 + 2}, 0, 0}, alpha_bar, seed{base_ * 8 + 3}};
    const lab::vectors::autoencoder_options options = options_of(dimension_);
    std::vector<float> memory(lab::vectors::autoencoder_memory(shape_, options));
    lab::vectors::autoencoder_trainer training(shape_, problem, options, parameters_, memory);
    const test_set data(model, plan_.tests, base_ * 8 + 4), clone(model.gaussian_clone(), plan_.tests, base_ * 8 + 4);
    std::vector<double> values;
    for (int i = 0; i < grid_size; ++i) {
      while (static_cast<double>(training.steps() * batch) < data_at(plan_, dimension_, i)) training.step();
      common::demand(training.check());
      measure(data, clone, values);
    }
    return values;
  }

 private:
  void measure(const test_set& data, const test_set& clone, std::vector<double>& values) {
    const std::size_t count = plan_.tests, d = dimension_;
    std::vector<float> scratch(shape_.tape_size() * 64), on_data(count * d), on_clone(count * d);
    const std::vector<float> levels(count, alpha_bar);
    lab::vectors::autoencoder_denoiser model(shape_, parameters_, scratch);
    common::demand(model.predict(data.noisy, levels, on_data));
    common::demand(model.predict(clone.noisy, levels, on_clone));
    double of_data = 0, of_clone = 0, squares = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double a = data.loss(on_data, i, d) - data.linear[i], b = clone.loss(on_clone, i, d) - clone.linear[i];
      of_data += a;
      of_clone += b;
      squares += (b - a) * (b - a);
    }
    const auto n = static_cast<double>(count);
    const double gap = (of_clone - of_data) / n;
    values.insert(values.end(), {of_data / n, of_clone / n, std::sqrt((squares / n - gap * gap) / n), largest_overlap(0),
                                 largest_overlap(1)});
  }

  [[nodiscard]] double largest_overlap(std::size_t direction) const {
    double largest = 0;
    for (std::size_t k = 0; k < neurons; ++k) {
      double sum = 0;
      for (std::size_t i = 0; i < dimension_; ++i)
        sum +=
            static_cast<double>(parameters_[k * dimension_ + i]) * static_cast<double>(directions_[direction * dimension_ + i]);
      largest = std::max(largest, std::abs(sum));
    }
    return largest;
  }

  plan plan_;
  std::uint32_t dimension_;
  std::uint64_t base_;
  source::spikes strengths_{};
  std::vector<float> directions_;
  lab::vectors::autoencoder_shape shape_;
  std::vector<float> parameters_;
};

// All seeds of one correlation and dimension.

}  // namespace clone_gap
