// Activations, optimiser steps and other loops over one index. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// f(x) and, where it is wanted, f'(x); what the two share is computed once.
FROND_ALWAYS_INLINE value_and_slope activate(kernel::activation kind, const vec& x) {
  const vec one = splat(1.0f);
  switch (kind) {
    case kernel::activation::relu: return {max(x, splat(0.0f)), select(splat(0.0f) < x, one, splat(0.0f))};
    case kernel::activation::gelu: return gelu(x);
    case kernel::activation::silu: {
      const vec s = sigmoid(x);
      return {x * s, mul_add(x * s, one - s, s)};
    }
    case kernel::activation::tanh: {
      const vec t = tanh(x);
      return {t, one - t * t};
    }
  }
  return {x, one};
}

// A register of one float has its own loops, see one_lane-inl.hpp.
#if FROND_PASS_LANES > 1

template <std::size_t Terms>
inline void combine_terms(const kernel::combination& c) {
  for (std::size_t i = 0; i < c.count; i += 16) {
    const std::size_t left = c.count - i;
    vec sum = splat(c.weights[0]) * load_lanes(c.x[0] + i, left);
    for (std::size_t k = 1; k < Terms; ++k) sum = mul_add(splat(c.weights[k]), load_lanes(c.x[k] + i, left), sum);
    store_lanes(c.out + i, sum, left);
  }
}
inline void combine(const kernel::combination& c) {
  switch (c.terms) {
    case 1: return combine_terms<1>(c);
    case 2: return combine_terms<2>(c);
    case 3: return combine_terms<3>(c);
    case 4: return combine_terms<4>(c);
  }
}

template <kernel::activation Kind>
inline void activate_all(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16) store_lanes(y + i, activate(Kind, load_lanes(x + i, count - i)).value, count - i);
}
inline void activate(kernel::activation kind, const float* x, float* y, std::size_t count) {
  switch (kind) {
    case kernel::activation::relu: return activate_all<kernel::activation::relu>(x, y, count);
    case kernel::activation::gelu: return activate_all<kernel::activation::gelu>(x, y, count);
    case kernel::activation::silu: return activate_all<kernel::activation::silu>(x, y, count);
    case kernel::activation::tanh: return activate_all<kernel::activation::tanh>(x, y, count);
  }
}

template <kernel::activation Kind>
inline void activate_with_slope_all(const float* x, float* y, float* slope, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16) {
    const value_and_slope a = activate(Kind, load_lanes(x + i, count - i));
    store_lanes(y + i, a.value, count - i);
    store_lanes(slope + i, a.slope, count - i);
  }
}
inline void activate_with_slope(kernel::activation kind, const float* x, float* y, float* slope, std::size_t count) {
  switch (kind) {
    case kernel::activation::relu: return activate_with_slope_all<kernel::activation::relu>(x, y, slope, count);
    case kernel::activation::gelu: return activate_with_slope_all<kernel::activation::gelu>(x, y, slope, count);
    case kernel::activation::silu: return activate_with_slope_all<kernel::activation::silu>(x, y, slope, count);
    case kernel::activation::tanh: return activate_with_slope_all<kernel::activation::tanh>(x, y, slope, count);
  }
}

inline void multiply(const float* x, const float* y, float* z, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16)
    store_lanes(z + i, load_lanes(x + i, count - i) * load_lanes(y + i, count - i), count - i);
}

inline void copy(const float* x, float* y, std::size_t count) { __builtin_memcpy(y, x, count * sizeof(float)); }

inline void add(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16)
    store_lanes(y + i, load_lanes(y + i, count - i) + load_lanes(x + i, count - i), count - i);
}

struct adam_lanes {
  vec parameter, first, second;
};
FROND_ALWAYS_INLINE adam_lanes adam_step(const kernel::adam_coefficients& c, adam_lanes s, const vec& raw_gradient) {
  const vec one = splat(1.0f);
  const vec gradient = raw_gradient * splat(c.gradient_scale);
  s.first = mul_add(splat(c.beta_1), s.first, (one - splat(c.beta_1)) * gradient);
  s.second = mul_add(splat(c.beta_2), s.second, ((one - splat(c.beta_2)) * gradient) * gradient);
  const vec direction = (s.first * splat(c.correction_1)) / (sqrt(s.second * splat(c.correction_2)) + splat(c.epsilon));
  s.parameter = s.parameter - splat(c.learning_rate) * mul_add(splat(c.decay), s.parameter, direction);
  return s;
}
inline void adam(const kernel::adam_coefficients& c, const float* gradient, float* parameter, float* first, float* second,
                 std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16) {
    const std::size_t left = count - i;
    const adam_lanes s =
        adam_step(c, {load_lanes(parameter + i, left), load_lanes(first + i, left), load_lanes(second + i, left)},
                  load_lanes(gradient + i, left));
    store_lanes(parameter + i, s.parameter, left);
    store_lanes(first + i, s.first, left);
    store_lanes(second + i, s.second, left);
  }
}

struct sgd_lanes {
  vec parameter, velocity;
};
FROND_ALWAYS_INLINE sgd_lanes sgd_step(const kernel::sgd_coefficients& c, sgd_lanes s, const vec& gradient) {
  s.velocity = mul_add(splat(c.momentum), s.velocity, gradient * splat(c.gradient_scale));
  s.parameter = s.parameter - splat(c.learning_rate) * mul_add(splat(c.decay), s.parameter, s.velocity);
  return s;
}
inline void sgd(const kernel::sgd_coefficients& c, const float* gradient, float* parameter, float* velocity,
                std::size_t count) {
  for (std::size_t i = 0; i < count; i += 16) {
    const std::size_t left = count - i;
    const sgd_lanes s =
        sgd_step(c, {load_lanes(parameter + i, left), load_lanes(velocity + i, left)}, load_lanes(gradient + i, left));
    store_lanes(parameter + i, s.parameter, left);
    store_lanes(velocity + i, s.velocity, left);
  }
}

#endif

}}}  // namespace frond::FROND_PASS
