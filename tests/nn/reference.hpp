// Networks a second time, in double and with nothing but nested vectors: the truth for the tests of nn/ and train/. It shares
// with the library only the names of the words and the order of the parameters.
#pragma once

#include <frond/core/symbol.hpp>
#include <frond/nn/layers.hpp>
#include <frond/nn/plan_storage.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace reference {

using frond::kernel::activation;

inline constexpr activation activations[] = {activation::relu, activation::gelu, activation::silu, activation::tanh};

struct word {
  enum kinds { dense, activate, skip, concatenate, layer_norm, add, space_to_depth, depth_to_space } kind;
  std::uint32_t number = 0;
  activation function = activation::relu;
};
inline word dense(std::uint32_t outputs) { return {word::dense, outputs}; }
inline word activate(activation function) { return {word::activate, 0, function}; }
inline word space_to_depth(std::uint32_t count) { return {word::space_to_depth, count}; }
inline word depth_to_space(std::uint32_t count) { return {word::depth_to_space, count}; }
inline constexpr word skip{word::skip}, concatenate{word::concatenate}, layer_norm{word::layer_norm}, add{word::add};

struct net {
  std::uint32_t positions, channels;
  std::vector<word> words;
};

using storage = frond::nn::plan_storage<64>;

// The library's plan of the same list.
inline storage build(const net& n) {
  storage built(n.positions, n.channels);
  for (const word& w : n.words) switch (w.kind) {
      case word::dense: built.add(frond::nn::layers::dense{w.number}); break;
      case word::activate: built.add(frond::nn::layers::activate{w.function}); break;
      case word::skip: built.add(frond::nn::layers::skip{}); break;
      case word::concatenate: built.add(frond::nn::layers::concatenate{}); break;
      case word::layer_norm: built.add(frond::nn::layers::layer_norm{}); break;
      case word::add: built.add(frond::nn::layers::add{}); break;
      case word::space_to_depth: built.space_to_depth(w.number); break;
      case word::depth_to_space: built.depth_to_space(w.number); break;
    }
  built.finish();
  return built;
}

using tensor = std::vector<std::vector<double>>;  // [position][channel]

inline double activation_value(activation kind, double x) {
  switch (kind) {
    case activation::relu: return x > 0.0 ? x : 0.0;
    case activation::gelu: return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case activation::silu: return x / (1.0 + std::exp(-x));
    case activation::tanh: return std::tanh(x);
  }
  return x;
}

// `parameters` starts with W [in][out] and b of this layer; what is left comes back.
inline std::span<const double> apply_dense(tensor& x, std::uint32_t outputs, std::span<const double> parameters) {
  const std::size_t inputs = x.front().size();
  for (auto& place : x) {
    std::vector<double> y(outputs);
    for (std::size_t j = 0; j < outputs; ++j) {
      y[j] = parameters[inputs * outputs + j];
      for (std::size_t k = 0; k < inputs; ++k) y[j] += place[k] * parameters[k * outputs + j];
    }
    place = y;
  }
  return parameters.subspan((inputs + 1) * outputs);
}

// Gain and shift of each channel, then what is left.
inline std::span<const double> apply_layer_norm(tensor& x, std::span<const double> parameters) {
  const std::size_t channels = x.front().size();
  for (auto& place : x) {
    double mean = 0.0, variance = 0.0;
    for (const double value : place) mean += value / static_cast<double>(channels);
    for (const double value : place) variance += (value - mean) * (value - mean) / static_cast<double>(channels);
    for (std::size_t c = 0; c < channels; ++c)
      place[c] = parameters[c] * (place[c] - mean) / std::sqrt(variance + 1e-5) + parameters[channels + c];
  }
  return parameters.subspan(2 * channels);
}

inline tensor merged(const tensor& x, std::size_t count) {
  tensor y(x.size() / count);
  for (std::size_t i = 0; i < x.size(); ++i) y[i / count].insert(y[i / count].end(), x[i].begin(), x[i].end());
  return y;
}
inline tensor split_up(const tensor& x, std::size_t count) {
  tensor y(x.size() * count);
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t c = 0; c < x[i].size(); ++c) y[i * count + c / (x[i].size() / count)].push_back(x[i][c]);
  return y;
}

inline tensor evaluate(const net& n, std::span<const double> parameters, tensor x) {
  std::vector<tensor> saved;
  for (const word& w : n.words) switch (w.kind) {
      case word::dense: parameters = apply_dense(x, w.number, parameters); break;
      case word::activate:
        for (auto& place : x)
          for (double& value : place) value = activation_value(w.function, value);
        break;
      case word::skip: saved.push_back(x); break;
      case word::concatenate:
        for (std::size_t i = 0; i < x.size(); ++i) x[i].insert(x[i].end(), saved.back()[i].begin(), saved.back()[i].end());
        saved.pop_back();
        break;
      case word::layer_norm: parameters = apply_layer_norm(x, parameters); break;
      case word::add:
        for (std::size_t i = 0; i < x.size(); ++i)
          for (std::size_t c = 0; c < x[i].size(); ++c) x[i][c] += saved.back()[i][c];
        saved.pop_back();
        break;
      case word::space_to_depth: x = merged(x, w.number); break;
      case word::depth_to_space: x = split_up(x, w.number); break;
    }
  if (!parameters.empty()) throw std::logic_error("the library counts more parameters than the list has");
  return x;
}

inline tensor to_tensor(std::span<const float> row, std::size_t channels) {
  tensor x(row.size() / channels);
  for (std::size_t i = 0; i < row.size(); ++i) x[i / channels].push_back(static_cast<double>(row[i]));
  return x;
}
inline std::vector<double> widened(std::span<const float> values) { return {values.begin(), values.end()}; }

// Means over one row: nats per position, and squared error per output.
inline double cross_entropy(const tensor& logits, std::span<const frond::symbol> targets) {
  double sum = 0.0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    double total = 0.0;
    for (const double logit : logits[i]) total += std::exp(logit);
    sum += std::log(total) - logits[i][targets[i]];
  }
  return sum / static_cast<double>(logits.size());
}
inline double squared_error(const tensor& outputs, std::span<const float> targets) {
  double sum = 0.0;
  const std::size_t channels = outputs.front().size();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const double difference = outputs[i / channels][i % channels] - static_cast<double>(targets[i]);
    sum += difference * difference;
  }
  return sum / static_cast<double>(targets.size());
}

// Central differences with step 1e-5: their own error is below 1e-9 for the smooth losses of these tests.
inline std::vector<double> differences(std::span<const float> parameters,
                                       const std::function<double(std::span<const double>)>& loss) {
  constexpr double step = 1e-5;
  std::vector<double> at = widened(parameters), slopes(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) {
    const double middle = at[i];
    at[i] = middle + step;
    const double above = loss(at);
    at[i] = middle - step;
    slopes[i] = (above - loss(at)) / (2.0 * step);
    at[i] = middle;
  }
  return slopes;
}

// The largest distance, measured in the largest true entry.
inline double distance(std::span<const float> values, std::span<const double> truth) {
  double worst = 0.0, scale = 0.0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    worst = std::fmax(worst, std::abs(static_cast<double>(values[i]) - truth[i]));
    scale = std::fmax(scale, std::abs(truth[i]));
    if (!(values[i] == values[i])) return HUGE_VAL;
  }
  return worst / scale;
}

// The same for a gradient, layer by layer: each in units of its own largest true entry.
inline double layer_distance(const frond::nn::plan& p, std::span<const float> gradient, std::span<const double> exact) {
  double worst = 0.0;
  for (const frond::nn::layer& l : p.layers)
    if (l.kind == frond::nn::layers::dense::kind || l.kind == frond::nn::layers::layer_norm::kind) {
      const std::size_t count =
          l.kind == frond::nn::layers::dense::kind ? l.weight_count() + l.outputs : 2 * std::size_t{l.outputs};
      worst = std::fmax(worst, distance(gradient.subspan(l.parameters, count), exact.subspan(l.parameters, count)));
    }
  return worst;
}

// Numbers on (-1, 1), a different sequence for each key.
class noise {
 public:
  explicit noise(std::uint64_t key) : state_(key * 2862933555777941757u + 3037000493u) {}
  std::uint32_t word() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state_ >> 33);
  }
  std::uint32_t below(std::uint32_t bound) { return word() % bound; }
  float operator()() { return static_cast<float>(word()) * 0x1p-30f - 1.0f; }
  std::vector<float> array(std::size_t count, float scale = 1.0f) {
    std::vector<float> values(count);
    for (float& value : values) value = scale * (*this)();
    return values;
  }

 private:
  std::uint64_t state_;
};

}  // namespace reference
