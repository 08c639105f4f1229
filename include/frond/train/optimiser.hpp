// Optimisers: new parameters from parameters, gradients and state; and how the learning rate changes over time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/minimum.hpp>
#include <frond/core/mul_add.hpp>
#include <frond/core/status.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/scalar.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace train {

// Which rule makes new parameters of gradients.
enum class optimiser_kind : std::uint8_t {
  sgd,   // with heavy-ball momentum; one array of state
  adam,  // two arrays of state; AdamW when weight_decay > 0
};

// What the learning rate is multiplied with after the warm-up of w steps, from 1 on:
//   none                 1
//   linear, cosine       falls to `decay_floor` at step `decay_end`, in a straight line or half a cosine
//   exponential          falls to `decay_floor` at step `decay_end`, by the same factor in each step
//   inverse_square_root  sqrt(w / t), t counted from 1: Vaswani et al., "Attention is all you need", NeurIPS 2017
//                        (arXiv 1706.03762), equation (3)
enum class decay_curve : std::uint8_t { none, linear, cosine, exponential, inverse_square_root };

// The rule, its learning rate over time, and what happens to gradients and averages.
struct optimiser_options {
  optimiser_kind kind = optimiser_kind::adam;
  float learning_rate = 1e-3f;
  float momentum = 0.9f;                 // sgd
  float beta_1 = 0.9f, beta_2 = 0.999f;  // adam
  float epsilon = 1e-8f;                 // adam
  float weight_decay = 0.0f;             // decoupled: in each step a parameter loses learning_rate * weight_decay of itself
  std::uint64_t warm_up = 0;             // the learning rate rises linearly over so many steps
  decay_curve decay = decay_curve::none;
  std::uint64_t decay_end = 0;
  float decay_floor = 0.0f;
  float clip_norm = 0.0f;  // gradients with a larger Euclidean norm are scaled down to it; 0: never
  // Keeps an exponential moving average of the parameters, one more array of state: after step t, counted from 1, it moves by
  // the fraction 1 - min(average_decay, (1 + t) / (10 + t)) towards them. 0: none.
  float average_decay = 0.0f;

  [[nodiscard]] constexpr status check() const {
    if (!(learning_rate > 0.0f && math::is_finite(learning_rate))) return {"the learning rate must be positive and finite"};
    if (!(momentum >= 0.0f && momentum < 1.0f)) return {"momentum must lie in [0, 1)"};
    if (!(beta_1 >= 0.0f && beta_1 < 1.0f && beta_2 >= 0.0f && beta_2 < 1.0f)) return {"beta_1 and beta_2 must lie in [0, 1)"};
    if (!(epsilon > 0.0f && math::is_finite(epsilon))) return {"epsilon must be positive and finite"};
    if (!(weight_decay >= 0.0f && math::is_finite(weight_decay))) return {"weight decay must be finite and not negative"};
    if (!(clip_norm >= 0.0f && math::is_finite(clip_norm))) return {"the clipping norm must be finite and not negative"};
    const bool ends = decay != decay_curve::none && decay != decay_curve::inverse_square_root;
    if (ends && decay_end <= warm_up) return {"the decay of the learning rate must end after its warm-up"};
    if (!(decay_floor >= 0.0f && decay_floor <= 1.0f)) return {"the floor of the decay lies between 0 and 1"};
    if (decay == decay_curve::exponential && !(decay_floor > 0.0f)) return {"an exponential decay needs a floor above 0"};
    if (!(average_decay >= 0.0f && average_decay < 1.0f)) return {"the decay of the average must lie in [0, 1)"};
    return {};
  }
};

// How many arrays of the parameters' size an optimiser keeps: those of the method, then the average.
constexpr std::size_t state_arrays(const optimiser_options& o) {
  return (o.kind == optimiser_kind::adam ? std::size_t{2} : std::size_t{1}) + (o.average_decay > 0.0f ? 1 : 0);
}

// The learning rate of step `step`, counted from 0.
constexpr float learning_rate_at(const optimiser_options& o, std::uint64_t step) {
  if (step < o.warm_up) return o.learning_rate * (static_cast<float>(step + 1) / static_cast<float>(o.warm_up));
  if (o.decay == decay_curve::none) return o.learning_rate;
  if (o.decay == decay_curve::inverse_square_root) {
    const float from = o.warm_up > 0 ? static_cast<float>(o.warm_up) : 1.0f;
    return o.learning_rate * math::sqrt(from / static_cast<float>(step + 1));
  }
  if (step >= o.decay_end) return o.learning_rate * o.decay_floor;
  const float left = static_cast<float>(o.decay_end - step) / static_cast<float>(o.decay_end - o.warm_up);
  if (o.decay == decay_curve::exponential) return o.learning_rate * math::exp((1.0f - left) * math::log(o.decay_floor));
  const float above = o.decay == decay_curve::linear ? left : 0.5f - 0.5f * math::cos_two_pi(0.5f * left);
  return o.learning_rate * mul_add(1.0f - o.decay_floor, above, o.decay_floor);
}

namespace detail {

// base^exponent by repeated squaring: a function of the step alone, so a resumed run continues with the same bits.
constexpr float power(float base, std::uint64_t exponent) {
  float result = 1.0f;
  for (; exponent > 0; exponent /= 2, base *= base)
    if (exponent % 2 == 1) result *= base;
  return result;
}

// 1 / (1 - beta^t), t counted from 1.
constexpr float bias_correction(float beta, std::uint64_t t) { return 1.0f / (1.0f - power(beta, t)); }

}  // namespace detail

// The first place at which the sum of all numbers up to it, or of their squares, is not finite: what to look at in losses or a
// gradient that went wrong. It may be beyond the last one.
inline std::size_t first_not_finite(std::span<const float> numbers, bool squared) {
  float sum = 0.0f;
  std::size_t i = 0;
  for (; i < numbers.size(); ++i) {
    sum += squared ? numbers[i] * numbers[i] : numbers[i];
    if (!math::is_finite(sum)) break;
  }
  return i;
}

// What a gradient is multiplied with: `factor`, or less so that its norm does not exceed clip_norm. 0 where that norm is not
// finite.
inline float clip_scale(const optimiser_options& o, std::span<const float> gradient, float factor = 1.0f) {
  if (!(o.clip_norm > 0.0f)) return factor;
  const float norm = math::sqrt(kernel::sum_of_squares(gradient.data(), gradient.size())) * factor;
  if (!math::is_finite(norm)) return 0.0f;
  return norm > o.clip_norm ? o.clip_norm / norm * factor : factor;
}

// How far the average of the parameters moves towards them after step `step`, counted from 0.
constexpr float average_rate(const optimiser_options& o, std::uint64_t step) {
  const auto t = static_cast<float>(step + 1);
  return 1.0f - smaller(o.average_decay, (1.0f + t) / (10.0f + t));
}

// One step, number `step` from 0, on the elements [first, first + count) of all arrays. `state` holds state_arrays(o) arrays of
// parameters.size() floats, before the first step zero but for the average, which is the parameters then. Elements are
// independent, so ranges may run in parallel.
inline void optimiser_step(const optimiser_options& o, std::uint64_t step, float gradient_scale,
                           std::span<const float> gradient, std::span<float> parameters, std::span<float> state,
                           std::size_t first, std::size_t count) {
  const float learning_rate = learning_rate_at(o, step);
  if (o.kind == optimiser_kind::adam) {
    kernel::adam({.learning_rate = learning_rate,
                  .beta_1 = o.beta_1,
                  .beta_2 = o.beta_2,
                  .epsilon = o.epsilon,
                  .correction_1 = detail::bias_correction(o.beta_1, step + 1),
                  .correction_2 = detail::bias_correction(o.beta_2, step + 1),
                  .decay = o.weight_decay,
                  .gradient_scale = gradient_scale},
                 gradient.data() + first, parameters.data() + first, state.data() + first,
                 state.data() + parameters.size() + first, count);
  } else {
    kernel::sgd(
        {.learning_rate = learning_rate, .momentum = o.momentum, .decay = o.weight_decay, .gradient_scale = gradient_scale},
        gradient.data() + first, parameters.data() + first, state.data() + first, count);
  }
  if (o.average_decay > 0.0f) {
    const float rate = average_rate(o, step);
    float* const average = state.data() + (state_arrays(o) - 1) * parameters.size() + first;
    kernel::combine({.terms = 2,
                     .x = {average, parameters.data() + first},
                     .weights = {1.0f - rate, rate},
                     .out = average,
                     .count = count});
  }
}

}}}  // namespace frond::train

#include <frond/config/epilogue.hpp>
