// One neuron that learns to denoise, sixteen runs at once: what the kernel takes, and its plain form.
//
// Data are x_0 = spike lambda u + (signal nu + rest z_v) v + z in all directions but v, a mixed cumulant model: lambda and the
// z are standard normal, nu takes two values and may follow the sign of lambda. They are corrupted to x_t = a x_0 + b z'. The
// denoiser is f(x) = skip x + w sigma(w.x) with |w| = 1 and sigma(y) = amplitude activation(gain (y + shift)). A step takes one
// fresh pair and goes down the gradient of |x_0 - f(x_t)|^2 on the sphere:
//   g = sigma r + (w.r) sigma' x_t with r = x_0 - f(x_t),   w <- w + learning_rate (g - (w.g) w), scaled to length one.
//
// The model knows no directions but u and v, so these are the first two axes; nothing is lost by that. In the other d - 2
// directions x_t and e = x_0 - a x_t are independent normal vectors with variances 1 and b^2, and a step needs their scalar
// products with w and the sum sigma e + tau x_t alone, with weights that depend on them through these products only. Across w
// that sum is normal with variance rho^2 = sigma^2 b^2 + tau^2. So one normal vector n does for both: n.w is x_t's product, one
// more number gives e's, and rho n with its part along w replaced is the sum. This is exact in distribution, at half the price.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/core/mul_add.hpp>
#include <frond/core/seed.hpp>
#include <frond/kernel/plain.hpp>
#include <frond/lab/vectors/neuron.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/draws.hpp>
#include <frond/rng/normal.hpp>
#include <frond/rng/philox.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::spiked {

// Sixteen neurons, one in each lane, and what they learn.
struct sphere_sgd_operands {
  // The data: x_0.u = spike lambda + z and x_0.v = signal nu + rest z.
  std::size_t dimension = 0;  // at least 3
  float spike = 0, signal = 0, rest = 1;
  float high = 1, low = -1;                           // the values of nu
  float high_if_positive = 0.5f, high_if_not = 0.5f;  // P(nu = high) where lambda > 0, and elsewhere
  // The noise, the denoiser and the step.
  float alpha_bar = 1;  // a^2; b^2 = 1 - a^2
  vectors::neuron unit{};
  float skip = 1;
  float rate = 0;
  // Sixteen runs. Run number `run` takes draws of (key, rng::stream::online, run 2^32 + step), so steps end at 2^32.
  seed key{};
  const std::uint32_t* run = nullptr;  // [16]
  std::uint32_t* step = nullptr;       // [16], the steps that each run has done; moved on
  float* weights = nullptr;            // [sphere_sgd_rows(dimension)][16], any length: only their direction means something
  float* memory = nullptr;             // as many floats as 2 sphere_sgd_rows(dimension) rows of 16
  // What comes out after the last step, both [16]; and the first step after which |overlap| > threshold, if it was zero before.
  float *overlap_u = nullptr, *overlap_v = nullptr;
  float threshold_u = 1, threshold_v = 1;
  std::uint32_t *passage_u = nullptr, *passage_v = nullptr;  // [16]

  // Whether no run comes to step 2^32 within so many more.
  [[nodiscard]] constexpr bool has_steps(std::uint64_t steps) const {
    bool all = true;
    for (std::size_t lane = 0; lane < 16; ++lane) all = all && steps <= UINT32_MAX - step[lane];
    return all;
  }
};

// Rows of weights: two for u and v, then the others in blocks of four; what is beyond the dimension is zero.
constexpr std::size_t sphere_sgd_rows(std::size_t dimension) { return 2 + (dimension - 2 + 3) / 4 * 4; }

namespace plain {

namespace detail {

// A datum and its corruption, and what they are made of in all directions but u and v.
struct sphere_draw {
  float clean_u, clean_v, noisy_u, noisy_v;
  float residual;  // of e along w
};

inline sphere_draw draw_pair(const sphere_sgd_operands& o, std::uint64_t index) {
  const auto first = rng::normals_at(o.key, rng::stream::online, index, 0);
  const rng::block words = rng::words_at(o.key, rng::stream::online, index, 1);
  const rng::normal_pair second = rng::box_muller(words[0], words[1]);
  const float likely = 0.0f < first[0] ? o.high_if_positive : o.high_if_not;
  const float latent = rng::unit_interval(words[2]) < likely ? o.high : o.low;
  const float a = math::sqrt(o.alpha_bar), b = math::sqrt(1.0f - o.alpha_bar);
  sphere_draw draw;
  draw.clean_u = mul_add(o.spike, first[0], first[1]);
  draw.clean_v = mul_add(o.signal, latent, o.rest * first[3]);
  draw.noisy_u = mul_add(a, draw.clean_u, b * first[2]);
  draw.noisy_v = mul_add(a, draw.clean_v, b * second.first);
  draw.residual = second.second;
  return draw;
}

// Four sums over the rows from the third on, row by row in turn, and their total.
struct four_sums {
  float part[4] = {};
  void add_product(std::size_t row, float a, float b) { part[row % 4] = mul_add(a, b, part[row % 4]); }
  [[nodiscard]] float total() const { return (part[0] + part[1]) + (part[2] + part[3]); }
};

// w as it stands in memory, and how long it is there.
struct sphere_point {
  float inverse;  // 1 / length
  float u, v;     // overlaps
  float others;   // what is left of |w|^2 = 1
};
inline sphere_point locate(float u, float v, float others) {
  const float inverse = 1.0f / math::sqrt(mul_add(u, u, mul_add(v, v, others)));
  return {inverse, u * inverse, v * inverse, others * (inverse * inverse)};
}

// What a step does to each weight: to those of u and v, and to the others, times `keep` plus the normal number times `noise`.
struct sphere_move {
  float keep_uv, add_u, add_v;
  float keep, noise;
};
inline sphere_move find_move(const sphere_sgd_operands& o, const sphere_point& w, const sphere_draw& x, float normal_product) {
  const float a = math::sqrt(o.alpha_bar), lost = 1.0f - o.alpha_bar;
  const float noisy_others = normal_product * w.inverse;
  const float y = mul_add(w.u, x.noisy_u, mul_add(w.v, x.noisy_v, noisy_others));
  const float argument = o.unit.gain * (y + o.unit.shift);
  const float sigma = o.unit.amplitude * kernel::plain::activation_value(o.unit.kind, argument);
  const float slope = (o.unit.amplitude * o.unit.gain) * kernel::plain::activation_slope(o.unit.kind, argument);
  // x_0 - skip x_t, along u, v, and, times w, in the others
  const float rest_u = mul_add(-o.skip, x.noisy_u, x.clean_u), rest_v = mul_add(-o.skip, x.noisy_v, x.clean_v);
  const float residual = math::sqrt(w.others * lost) * x.residual;
  const float rest = mul_add(w.u, rest_u, mul_add(w.v, rest_v, mul_add(a - o.skip, noisy_others, residual)));
  const float pull = (rest - sigma) * slope;
  const float tau = mul_add(a - o.skip, sigma, pull);
  const float rho = math::sqrt(mul_add(sigma * sigma, lost, tau * tau));
  const float along = mul_add(sigma, rest, pull * y);  // w.g
  const float replaced = mul_add(sigma, residual, (tau - rho) * noisy_others);
  const float turn = 0.0f < w.others ? replaced / w.others : 0.0f;
  sphere_move move;
  move.keep_uv = mul_add(-o.rate, along, 1.0f);
  move.add_u = o.rate * mul_add(sigma, rest_u, pull * x.noisy_u);
  move.add_v = o.rate * mul_add(sigma, rest_v, pull * x.noisy_v);
  move.keep = w.inverse * mul_add(o.rate, turn, move.keep_uv);
  move.noise = o.rate * rho;
  return move;
}

// The weights of one lane but those of u and v.
struct sphere_rows {
  float* first;
  std::size_t stride;
  float& operator[](std::size_t i) const { return first[i * stride]; }
};

// One step of one lane; normal(i) is the number of row i.
template <class Normal>
inline void sphere_step(const sphere_sgd_operands& o, std::size_t lane, const sphere_rows& rows, const Normal& normal) {
  const std::size_t others = o.dimension - 2;
  float *u = o.weights + lane, *v = u + 16;
  four_sums squares, products;
  for (std::size_t i = 0; i < others; ++i) {
    squares.add_product(i, rows[i], rows[i]);
    products.add_product(i, rows[i], normal(i));
  }
  const sphere_point w = locate(*u, *v, squares.total());
  const std::uint64_t index = std::uint64_t{o.run[lane]} << 32 | o.step[lane];
  const sphere_move move = find_move(o, w, draw_pair(o, index), products.total());
  *u = mul_add(w.u, move.keep_uv, move.add_u);
  *v = mul_add(w.v, move.keep_uv, move.add_v);
  four_sums after;
  for (std::size_t i = 0; i < others; ++i) {
    rows[i] = mul_add(rows[i], move.keep, normal(i) * move.noise);
    after.add_product(i, rows[i], rows[i]);
  }
  const sphere_point now = locate(*u, *v, after.total());
  o.overlap_u[lane] = now.u;
  o.overlap_v[lane] = now.v;
  ++o.step[lane];
  if (o.passage_u[lane] == 0 && o.threshold_u < math::abs(now.u)) o.passage_u[lane] = o.step[lane];
  if (o.passage_v[lane] == 0 && o.threshold_v < math::abs(now.v)) o.passage_v[lane] = o.step[lane];
}

}  // namespace detail

// So many steps of all lanes.
inline void sphere_sgd(const sphere_sgd_operands& o, std::size_t steps) {
  for (std::size_t lane = 0; lane < 16; ++lane)
    for (std::size_t i = 0; i < steps; ++i) {
      const std::uint64_t index = std::uint64_t{o.run[lane]} << 32 | o.step[lane];
      detail::sphere_step(o, lane, {o.weights + 32 + lane, 16},
                          [&](std::size_t row) { return rng::normal_at(o.key, rng::stream::online, index, 8 + row); });
    }
}

}  // namespace plain

}}}  // namespace frond::lab::spiked

#include <frond/config/epilogue.hpp>
