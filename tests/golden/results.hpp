// The results behind golden.cpp: each function computes one kind and returns its hash, or what it is made of.
#pragma once

#include <frond/frond.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

// What these functions compute themselves is compiled as the library is.
#include <frond/config/prologue.hpp>

namespace golden {

using namespace frond;

constexpr grammar::rhm_shape shape{.vocabulary = 6, .rules = 3, .branching = 2, .depth = 3};
// Neither a power of two nor a pair of children, and not every symbol can be a root.
constexpr grammar::rhm_shape wide_shape{.vocabulary = 7, .rules = 3, .branching = 3, .depth = 2, .classes = 4};
constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 20};

template <class Value>
std::uint64_t hash_of(const std::vector<Value>& values) {
  hasher h;
  h.add(std::span<const Value>(values));
  return h.value();
}

// A golden program that computes nothing must not look like one that has moved bits.
inline void require(const status& state) {
  if (state) return;
  std::printf("failed: %s\n", text(state).c_str());
  std::exit(1);
}

inline std::uint64_t random_numbers() {
  hasher h;
  rng::draws draws(seed{1}, rng::stream::user, 2);
  for (int i = 0; i < 100; ++i) h.add(draws.below(1000));
  for (int i = 0; i < 100; ++i) h.add(draws.uniform());
  for (std::uint64_t i = 0; i < 1000; ++i) h.add(rng::normal_at(seed{3}, rng::stream::user, 4, i));
  const rng::permutation shuffle(seed{5}, rng::stream::order, 6, 1000);
  for (std::uint64_t i = 0; i < 1000; ++i) h.add(shuffle(i));
  return h.value();
}

inline std::uint64_t functions() {
  hasher h;
  for (int i = -2000; i <= 2000; ++i) {
    const float x = static_cast<float>(i) * 0.0531f;
    h.add(math::exp(x));
    h.add(math::log(x * x));
    h.add(math::tanh(x));
    h.add(math::erf(x));
    h.add(math::sigmoid(x));
    h.add(math::softplus(x));
    h.add(math::sin_two_pi(x));
    h.add(math::cos_two_pi(x));
    h.add(math::gelu(x).value);
    h.add(math::gelu(x).slope);
    h.add(math::exp(static_cast<double>(x)));
    h.add(math::log(static_cast<double>(x * x) + 1e-9));
  }
  return h.value();
}

// What the processor, or the library that stands in for it, makes of doubles that round in every way.
inline std::uint64_t double_arithmetic() {
  constexpr std::uint64_t significands[]{
      0, 1, 3, 0xfffffffffffff, 0x8000000000000, 0x7fffffff, 0x80000001, 0x158ac4e56ec1c, 0x6d2b79f5a3e91, 0xc2b2ae3d27d4f};
  hasher h;
  for (const int exponent : {1, 40, 1023, 2040})
    for (int apart = -60; apart <= 60; ++apart) {
      const int other = exponent + apart;
      if (other < 0 || other > 2046) continue;
      for (const std::uint64_t x : significands)
        for (const std::uint64_t y : significands) {
          const auto a = std::bit_cast<double>(static_cast<std::uint64_t>(exponent) << 52 | x);
          const auto b = std::bit_cast<double>(static_cast<std::uint64_t>(other) << 52 | y);
          for (const double each : {a + b, a - b, a * b}) h.add(each);
          if (b != 0.0) h.add(a / b);
          h.add(math::sqrt(a * 0.5));
          h.add(static_cast<float>(a));
        }
    }
  return h.value();
}

// Arrays of random bits, uniform and normal numbers, from the fifth element on.
inline std::uint64_t fills() {
  const kernel::random_array from{.key = seed{15}, .purpose = rng::stream::user, .index = 16, .first = 5};
  std::vector<std::uint32_t> bits(333);
  std::vector<float> uniform(333), normal(333);
  kernel::fill_bits(from, bits.data(), bits.size());
  kernel::fill_uniform(from, uniform.data(), uniform.size());
  kernel::fill_normal(from, normal.data(), normal.size());
  hasher h;
  h.add(std::span<const std::uint32_t>(bits));
  h.add(std::span<const float>(uniform));
  h.add(std::span<const float>(normal));
  return h.value();
}

// The kernels that no network here uses: layer norm with its gradients, products with an activation, categorical draws.
inline std::uint64_t kernels() {
  constexpr std::size_t rows = 19, columns = 21;
  std::vector<float> x(rows * columns), gain(columns), shift(columns), y(rows * columns), mean(rows), scale(rows);
  std::vector<float> dx(rows * columns), d_gain(columns), d_shift(columns), weights(rows * columns), uniforms(rows);
  std::vector<symbol> drawn(rows);
  kernel::fill_normal({.key = seed{17}, .purpose = rng::stream::user, .index = 0}, x.data(), x.size());
  kernel::fill_normal({.key = seed{17}, .purpose = rng::stream::user, .index = 1}, gain.data(), gain.size());
  kernel::fill_uniform({.key = seed{17}, .purpose = rng::stream::user, .index = 2}, shift.data(), shift.size());
  kernel::fill_uniform({.key = seed{17}, .purpose = rng::stream::user, .index = 3}, weights.data(), weights.size());
  kernel::fill_uniform({.key = seed{17}, .purpose = rng::stream::user, .index = 4}, uniforms.data(), uniforms.size());
  kernel::layer_norm({.rows = rows,
                      .columns = columns,
                      .x = x.data(),
                      .gain = gain.data(),
                      .shift = shift.data(),
                      .y = y.data(),
                      .mean = mean.data(),
                      .scale = scale.data()});
  kernel::layer_norm_backward({.rows = rows,
                               .columns = columns,
                               .x = x.data(),
                               .gain = gain.data(),
                               .mean = mean.data(),
                               .scale = scale.data(),
                               .dy = weights.data(),
                               .dx = dx.data(),
                               .d_gain = d_gain.data(),
                               .d_shift = d_shift.data()});
  kernel::categorical(weights.data(), uniforms.data(), rows, columns, drawn.data());
  hasher h;
  for (const auto* values : {&y, &mean, &scale, &dx, &d_gain, &d_shift}) h.add(std::span<const float>(*values));
  h.add(std::span<const symbol>(drawn));
  kernel::matmul_activated({.rows = rows,
                            .columns = columns,
                            .inner = rows,
                            .a = x.data(),
                            .a_row_stride = 1,
                            .a_inner_stride = columns,
                            .b = y.data(),
                            .b_stride = columns,
                            .bias = shift.data(),
                            .c = dx.data(),
                            .c_stride = columns},
                           kernel::activation::silu);
  h.add(std::span<const float>(dx));
  return h.value();
}

inline std::uint64_t noise_levels(diffusion::schedule::kinds kind) {
  hasher h;
  for (const std::uint32_t steps : {1u, 2u, 20u, 999u}) {
    for (std::uint32_t t = 0; t <= steps; ++t) h.add(diffusion::schedule{kind, steps}.alpha_bar(t));
  }
  return h.value();
}

template <class Source>
std::vector<symbol> data(const Source& source, std::size_t count) {
  std::vector<symbol> sentences(count * source.length());
  for (std::size_t i = 0; i < count; ++i)
    source.sample(seed{7}, i, std::span<symbol>(sentences).subspan(i * source.length(), source.length()));
  return sentences;
}

// Many sentences in one call.
inline std::vector<symbol> data_block(const grammar::rhm_view& rules, std::uint64_t first, std::size_t count) {
  std::vector<symbol> sentences(count * rules.length());
  grammar::sample_block(rules, seed{7}, first, sentences);
  return sentences;
}

template <class Process>
std::vector<symbol> noise(const Process& process, const std::vector<symbol>& clean, std::size_t length = shape.leaves()) {
  std::vector<symbol> noisy(clean.size());
  for (std::size_t i = 0; i < clean.size() / length; ++i)
    process.corrupt(seed{8}, i, times.alpha_bar(1 + static_cast<std::uint32_t>(i) % times.steps),
                    std::span<const symbol>(clean).subspan(i * length, length),
                    std::span<symbol>(noisy).subspan(i * length, length));
  return noisy;
}

// The trees of clean and of noisy sentences; most of the noisy ones do not parse to the root.
inline std::uint64_t parsed(const grammar::rhm_view& rules) {
  hasher h;
  const std::vector<symbol> clean = data(rules, 100);
  const std::vector<symbol> noisy = noise(diffusion::uniform{rules.shape.vocabulary}, clean, rules.length());
  std::vector<symbol> tree(rules.shape.nodes());
  for (const auto* sentences : {&clean, &noisy}) {
    for (std::size_t i = 0; i < sentences->size(); i += rules.length()) {
      grammar::parse(rules, std::span<const symbol>(*sentences).subspan(i, rules.length()), tree);
      h.add(std::span<const symbol>(tree));
    }
  }
  return h.value();
}

// The codes of sentences, and the sentences of codes.
inline std::uint64_t coded(const grammar::rhm_view& rules) {
  hasher h;
  const std::vector<symbol> sentences = data(rules, 100);
  for (std::size_t i = 0; i < sentences.size(); i += rules.length()) {
    const auto code = grammar::encode(rules, std::span<const symbol>(sentences).subspan(i, rules.length()));
    require(code.state);
    h.add(code.value);
  }
  std::vector<symbol> sentence(rules.length());
  for (std::uint64_t code = 0; code < rules.shape.sentence_count().value; ++code) {
    require(grammar::decode(rules, code, sentence));
    h.add(std::span<const symbol>(sentence));
  }
  return h.value();
}

struct tree_hashes {
  hasher marginals, samples;
};

// What noisy sentences say about every node: all marginals and the evidence, and trees drawn from the joint posterior.
template <class Process>
tree_hashes beliefs(const grammar::rhm_view& rules, const Process& process) {
  tree_hashes hashes;
  std::vector<float> memory(belief::tree_memory_size<float>(rules.shape).value), distribution(rules.shape.vocabulary);
  std::vector<symbol> drawn(rules.shape.nodes());
  belief::tree<float> tree(rules, memory);
  const std::vector<symbol> noisy = noise(process, data(rules, 64), rules.length());
  for (std::size_t i = 0; i < 64; ++i) {
    const float alpha_bar = times.alpha_bar(1 + static_cast<std::uint32_t>(i) % times.steps);
    for (std::size_t token = 0; token < rules.length(); ++token)
      process.likelihood(noisy[i * rules.length() + token], alpha_bar, tree.leaf(token));
    tree.upward();
    tree.downward();
    hashes.marginals.add(tree.log_evidence());
    for (std::uint32_t level = 0; level <= rules.shape.depth; ++level) {
      for (std::size_t place = 0; place < rules.shape.level_nodes(level); ++place) {
        tree.marginal(level, place, std::span<float>(distribution));
        hashes.marginals.add(std::span<const float>(distribution));
      }
    }
    for (std::uint64_t sample = 0; sample < 4; ++sample) {
      tree.sample(seed{13}, 4 * i + sample, drawn);
      hashes.samples.add(std::span<const symbol>(drawn));
    }
  }
  return hashes;
}

template <class Process, class Denoiser>
std::vector<symbol> samples(const Process& process, Denoiser& model,
                            const diffusion::sampling_options& options = {.noise = times}) {
  std::vector<symbol> out(64 * model.length());
  std::vector<float> memory(diffusion::sampling_memory(model.length(), process.vocabulary, 16));
  require(diffusion::sample(process, model, seed{9}, options, memory, out));
  return out;
}

template <class Process>
using exact_denoiser = belief::tree_denoiser<Process, belief::tree_memory<float, shape>>;

template <class Denoiser, class Process>
std::vector<float> exact_posterior(const grammar::rhm_view& rules, const Process& process) {
  Denoiser model(rules, process);
  const std::vector<symbol> noisy = noise(process, data(rules, 64));
  const std::vector<float> alpha_bar(64, 0.5f);
  std::vector<float> posterior(noisy.size() * shape.vocabulary);
  model.predict(noisy, alpha_bar, posterior);
  return posterior;
}

template <class Process>
std::vector<symbol> exact_samples(const grammar::rhm_view& rules, const Process& process,
                                  const diffusion::sampling_options& options = {.noise = times}) {
  exact_denoiser<Process> model(rules, process);
  return samples(process, model, options);
}

// Tokens of true sentences at every third position, different ones for each of 64 samples.
inline std::vector<symbol> given_tokens(const grammar::rhm_view& rules) {
  std::vector<symbol> given = data(rules, 64);
  for (std::size_t i = 0; i < given.size(); ++i)
    if (i % 3 != 0) given[i] = diffusion::vacant;
  return given;
}

}  // namespace golden

#include <frond/config/epilogue.hpp>
