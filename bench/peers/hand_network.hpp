// A network as somebody would write it by hand around a library of matrix products: whole batches, loops over elements that the
// compiler vectorises, GELU by its tanh approximation, whose slope the forward pass keeps for the backward pass. Compiled for
// this machine and with -ffast-math, as such code usually is.
#pragma once

#include <cmath>
#include <cstring>

#include "nets.hpp"

namespace peers {

// Products: three static functions over row-major matrices.
//   multiply(rows, columns, inner, a, b, c)                     c = a b
//   multiply_by_transposed(rows, columns, inner, a, b, c, add)  c = a b^T, or c = c + a b^T
//   multiply_transposed(rows, columns, inner, a, b, c)          c = a^T b
template <class Products>
class hand_network : public network {
 public:
  hand_network(const net& shape, const training_data& data)
      : shape_(shape), data_(data), parameters_(shape.parameter_count()), gradient_(parameters_.size()),
        first_(parameters_.size()), second_(parameters_.size()) {
    std::size_t offset = 0;
    for (const net_layer& l : shape.layers) {
      states_.push_back({offset});
      offset += l.weights() + l.outputs;
    }
  }

  std::span<float> parameters() override { return parameters_; }
  std::span<const float> gradient() override { return gradient_; }

  void infer(const float* inputs, std::size_t rows, float* outputs) override {
    forward(inputs, rows, false);
    std::memcpy(outputs, states_.back().result.data(), rows * shape_.output_size() * sizeof(float));
  }

  float train() override {
    forward(data_.inputs.data(), data_.rows, true);
    const float loss = shape_.classes ? cross_entropy() : squared_error();
    backward();
    adam();
    return loss;
  }

 private:
  struct layer_state {
    std::size_t parameters = 0;
    std::vector<float> result{}, slope{};              // after GELU, and its derivative
    std::vector<float> joined{};                       // result beside that of another layer
    std::vector<float> gradient{}, joined_gradient{};  // by result (then by what enters GELU), by joined

    [[nodiscard]] const std::vector<float>& output() const { return joined.empty() ? result : joined; }
  };

  void make_room(std::size_t rows) {
    if (rows == rows_) return;
    rows_ = rows;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const net_layer& l = shape_.layers[i];
      layer_state& s = states_[i];
      s.result.assign(rows * l.output_size(), 0.0f);
      s.slope = s.gradient = s.result;
      if (l.join >= 0) s.joined.assign(s.result.size() + rows * other(l).output_size(), 0.0f);
      s.joined_gradient = s.joined;
    }
  }
  [[nodiscard]] const net_layer& other(const net_layer& l) const { return shape_.layers[static_cast<std::size_t>(l.join)]; }
  [[nodiscard]] layer_state& other_state(const net_layer& l) { return states_[static_cast<std::size_t>(l.join)]; }

  // x / (1 + e^-2u) with u = sqrt(2/pi) (x + 0.044715 x^3), and its derivative.
  static float sigmoid_of_twice(float u) {
    float y = -2.885390082f * u;  // -2 u / ln 2
    y = y < -126.0f ? -126.0f : y > 126.0f ? 126.0f : y;
    const float whole = std::floor(y), f = y - whole;
    const float power = 1.0f + f * (0.6931472f + f * (0.2402265f + f * (0.0555041f + f * (0.0096181f + f * 0.0013333f))));
    const std::int32_t bits = (static_cast<std::int32_t>(whole) + 127) << 23;
    float scale;
    std::memcpy(&scale, &bits, sizeof scale);
    return 1.0f / (1.0f + power * scale);
  }
  static void add_bias_and_gelu(float* x, float* slope, const float* bias, std::size_t rows, std::size_t columns) {
    constexpr float c = 0.7978845608f;
    for (std::size_t row = 0; row < rows; ++row, x += columns, slope += columns)
      for (std::size_t j = 0; j < columns; ++j) {
        const float z = x[j] + bias[j], square = z * z;
        const float s = sigmoid_of_twice(c * z * (1.0f + 0.044715f * square));
        x[j] = z * s;
        slope[j] = s + z * s * (1.0f - s) * (2.0f * c) * (1.0f + 0.134145f * square);
      }
  }
  static void add_bias_and_gelu(float* x, const float* bias, std::size_t rows, std::size_t columns) {
    constexpr float c = 0.7978845608f;
    for (std::size_t row = 0; row < rows; ++row, x += columns)
      for (std::size_t j = 0; j < columns; ++j) {
        const float z = x[j] + bias[j];
        x[j] = z * sigmoid_of_twice(c * z * (1.0f + 0.044715f * z * z));
      }
  }
  static void add_bias(float* x, const float* bias, std::size_t rows, std::size_t columns) {
    for (std::size_t row = 0; row < rows; ++row, x += columns)
      for (std::size_t j = 0; j < columns; ++j) x[j] += bias[j];
  }

  void forward(const float* inputs, std::size_t rows, bool keep_slopes) {
    make_room(rows);
    const float* x = inputs;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const net_layer& l = shape_.layers[i];
      layer_state& s = states_[i];
      const float* const weights = parameters_.data() + s.parameters;
      const float* const bias = weights + l.weights();
      const std::size_t places = rows * l.positions;
      Products::multiply(places, l.outputs, l.inputs, x, weights, s.result.data());
      if (i + 1 == states_.size())
        add_bias(s.result.data(), bias, places, l.outputs);
      else if (keep_slopes)
        add_bias_and_gelu(s.result.data(), s.slope.data(), bias, places, l.outputs);
      else
        add_bias_and_gelu(s.result.data(), bias, places, l.outputs);
      if (l.join >= 0) join(l, s);
      x = s.output().data();
    }
  }
  void join(const net_layer& l, layer_state& s) {
    const std::size_t own = l.outputs / l.split, others = other(l).outputs;
    const float *a = s.result.data(), *b = other_state(l).result.data();
    float* to = s.joined.data();
    for (std::size_t place = 0; place < rows_ * l.positions * l.split; ++place, a += own, b += others, to += own + others) {
      std::memcpy(to, a, own * sizeof(float));
      std::memcpy(to + own, b, others * sizeof(float));
    }
  }

  float squared_error() {
    layer_state& s = states_.back();
    const std::size_t count = s.result.size();
    const float scale = 2.0f / static_cast<float>(count);
    float loss = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const float difference = s.result[i] - data_.targets[i];
      loss += difference * difference;
      s.gradient[i] = scale * difference;
    }
    return loss / static_cast<float>(count);
  }
  float cross_entropy() {
    layer_state& s = states_.back();
    const std::size_t classes = shape_.layers.back().outputs, places = s.result.size() / classes;
    const float scale = 1.0f / static_cast<float>(places);
    float loss = 0;
    for (std::size_t place = 0; place < places; ++place) {
      const float* logits = &s.result[place * classes];
      float* gradient = &s.gradient[place * classes];
      float largest = logits[0], sum = 0;
      for (std::size_t k = 1; k < classes; ++k) largest = logits[k] > largest ? logits[k] : largest;
      for (std::size_t k = 0; k < classes; ++k) gradient[k] = std::exp(logits[k] - largest);
      for (std::size_t k = 0; k < classes; ++k) sum += gradient[k];
      for (std::size_t k = 0; k < classes; ++k) gradient[k] *= scale / sum;
      const std::size_t right = data_.classes[place];
      gradient[right] -= scale;
      loss -= logits[right] - largest - std::log(sum);
    }
    return loss * scale;
  }

  void backward() {
    for (std::size_t i = states_.size(); i-- > 0;) {
      const net_layer& l = shape_.layers[i];
      layer_state& s = states_[i];
      const std::size_t places = rows_ * l.positions;
      if (i + 1 < states_.size())
        for (std::size_t k = 0; k < s.gradient.size(); ++k) s.gradient[k] *= s.slope[k];
      float* const weights = gradient_.data() + s.parameters;
      const float* const x = i == 0 ? data_.inputs.data() : states_[i - 1].output().data();
      Products::multiply_transposed(l.inputs, l.outputs, places, x, s.gradient.data(), weights);
      sum_columns(s.gradient.data(), places, l.outputs, weights + l.weights());
      if (i > 0) backward_input(l, s, shape_.layers[i - 1], states_[i - 1]);
    }
  }
  static void sum_columns(const float* x, std::size_t rows, std::size_t columns, float* sums) {
    std::memset(sums, 0, columns * sizeof(float));
    for (std::size_t row = 0; row < rows; ++row, x += columns)
      for (std::size_t j = 0; j < columns; ++j) sums[j] += x[j];
  }
  void backward_input(const net_layer& l, const layer_state& s, const net_layer& before, layer_state& to) {
    const float* const weights = parameters_.data() + s.parameters;
    std::vector<float>& target = before.join >= 0 ? to.joined_gradient : to.gradient;
    // A join has left its share where a result has two readers.
    Products::multiply_by_transposed(rows_ * l.positions, l.inputs, l.outputs, s.gradient.data(), weights, target.data(),
                                     is_joined(before));
    if (before.join >= 0) split_gradient(before, to);
  }
  [[nodiscard]] bool is_joined(const net_layer& l) const {
    for (const net_layer& later : shape_.layers)
      if (later.join >= 0 && &other(later) == &l) return true;
    return false;
  }
  void split_gradient(const net_layer& l, layer_state& s) {
    const std::size_t own = l.outputs / l.split, others = other(l).outputs;
    const float* from = s.joined_gradient.data();
    float *a = s.gradient.data(), *b = other_state(l).gradient.data();
    for (std::size_t place = 0; place < rows_ * l.positions * l.split; ++place, a += own, b += others, from += own + others) {
      std::memcpy(a, from, own * sizeof(float));
      std::memcpy(b, from + own, others * sizeof(float));
    }
  }

  void adam() {
    ++step_;
    const float correction_1 = 1.0f / (1.0f - std::pow(0.9f, static_cast<float>(step_)));
    const float correction_2 = 1.0f / (1.0f - std::pow(0.999f, static_cast<float>(step_)));
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const float g = gradient_[i];
      const float m = first_[i] = 0.9f * first_[i] + 0.1f * g;
      const float v = second_[i] = 0.999f * second_[i] + 0.001f * g * g;
      parameters_[i] -= 1e-3f * correction_1 * m / (std::sqrt(correction_2 * v) + 1e-8f);
    }
  }

  net shape_;
  training_data data_;
  std::vector<float> parameters_, gradient_, first_, second_;
  std::vector<layer_state> states_;
  std::size_t rows_ = 0;
  int step_ = 0;
};

}  // namespace peers
