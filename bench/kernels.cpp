// The kernels on their own: matrix products in the three layouts of a dense layer, and the elementwise rest.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/kernel/kernels.hpp>
#include <frond/rng/draws.hpp>

#include "counters.hpp"
#include "memory.hpp"

namespace {

using namespace frond;

void count_elements(benchmark::State& state, std::size_t elements) {
  state.counters["elements_per_second"] = bench::per_second(static_cast<double>(elements));
}

// c [M][N] = a [M][K] b [K][N], with what each of the three passes through a dense layer makes of it:
//   forward           a and b as they are, and a bias
//   input_gradient    b stands transposed
//   weight_gradient   a stands transposed, and c is added to
enum class layout { forward, input_gradient, weight_gradient };

void matmul(benchmark::State& state, layout kind) {
  const auto rows = static_cast<std::size_t>(state.range(0)), columns = static_cast<std::size_t>(state.range(1)),
             inner = static_cast<std::size_t>(state.range(2));
  bench::aligned_floats a = bench::random_floats(rows * inner), b = bench::random_floats(inner * columns);
  bench::aligned_floats bias = bench::random_floats(columns), c(rows * columns);
  kernel::matmul_operands m{.rows = rows,
                            .columns = columns,
                            .inner = inner,
                            .a = a.data(),
                            .a_row_stride = inner,
                            .b = b.data(),
                            .b_stride = columns,
                            .c = c.data(),
                            .c_stride = columns};
  switch (kind) {
    case layout::forward: m.bias = bias.data(); break;
    case layout::input_gradient: m.b_transposed = true, m.b_stride = inner; break;
    case layout::weight_gradient: m.a_row_stride = 1, m.a_inner_stride = rows, m.accumulate = true; break;
  }
  for (auto _ : state) {
    kernel::matmul(m);
    benchmark::ClobberMemory();
  }
  bench::count_operations(state, 2 * rows * columns * inner);
}

void block_shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"M", "N", "K"});
  for (const std::int64_t rows : {16, 128, 1024})
    for (const std::int64_t side : {16, 64, 256, 512}) benchmark->Args({rows, side, side});
  benchmark->Args({128, 128, 128})->Args({128, 64, 256});
}

// Inference also meets single rows.
void all_shapes(benchmark::internal::Benchmark* benchmark) {
  block_shapes(benchmark);
  for (const std::int64_t side : {16, 64, 256, 512}) benchmark->Args({1, side, side});
}

constexpr std::size_t activation_count = 4096;  // all arrays stay in the first cache

void activate(benchmark::State& state, kernel::activation kind) {
  bench::aligned_floats x = bench::random_floats(activation_count), y(activation_count);
  for (auto _ : state) {
    kernel::activate(kind, x.data(), y.data(), activation_count);
    benchmark::ClobberMemory();
  }
  count_elements(state, activation_count);
}

void activate_with_slope(benchmark::State& state, kernel::activation kind) {
  bench::aligned_floats x = bench::random_floats(activation_count), y(activation_count), slope(activation_count);
  for (auto _ : state) {
    kernel::activate_with_slope(kind, x.data(), y.data(), slope.data(), activation_count);
    benchmark::ClobberMemory();
  }
  count_elements(state, activation_count);
}

void softmax_cross_entropy(benchmark::State& state) {
  constexpr std::size_t rows = 256;
  const auto classes = static_cast<std::size_t>(state.range(0));
  bench::aligned_floats logits = bench::random_floats(rows * classes), gradient(rows * classes), losses(rows);
  std::vector<symbol> targets(rows);
  for (std::size_t row = 0; row < rows; ++row) targets[row] = static_cast<symbol>(row % classes);
  for (auto _ : state) {
    kernel::softmax_cross_entropy(logits.data(), targets.data(), rows, classes, 1.0f, gradient.data(), losses.data());
    benchmark::ClobberMemory();
  }
  count_elements(state, rows * classes);
}

void softmax(benchmark::State& state) {
  constexpr std::size_t rows = 256;
  const auto classes = static_cast<std::size_t>(state.range(0));
  bench::aligned_floats logits = bench::random_floats(rows * classes), probabilities(rows * classes);
  for (auto _ : state) {
    kernel::softmax(logits.data(), rows, classes, probabilities.data());
    benchmark::ClobberMemory();
  }
  count_elements(state, rows * classes);
}

void categorical(benchmark::State& state) {
  constexpr std::size_t rows = 256;
  const auto classes = static_cast<std::size_t>(state.range(0));
  bench::aligned_floats weights = bench::random_floats(rows * classes), uniforms(rows);
  for (float& weight : std::span<float>(weights)) weight = weight * weight;
  rng::draws draw(seed{2}, rng::stream::user, 0);
  for (float& uniform : std::span<float>(uniforms)) uniform = draw.uniform();
  std::vector<symbol> drawn(rows);
  for (auto _ : state) {
    kernel::categorical(weights.data(), uniforms.data(), rows, classes, drawn.data());
    benchmark::ClobberMemory();
  }
  count_elements(state, rows * classes);
}

void layer_norm(benchmark::State& state, bool backward) {
  constexpr std::size_t rows = 128;
  const auto columns = static_cast<std::size_t>(state.range(0));
  bench::aligned_floats x = bench::random_floats(rows * columns), dy = bench::random_floats(rows * columns), y(rows * columns);
  bench::aligned_floats gain = bench::random_floats(columns), shift(columns), d_gain(columns), d_shift(columns);
  bench::aligned_floats mean(rows), scale(rows);
  const kernel::layer_norm_operands forward{.rows = rows,
                                            .columns = columns,
                                            .x = x.data(),
                                            .gain = gain.data(),
                                            .shift = shift.data(),
                                            .y = y.data(),
                                            .mean = mean.data(),
                                            .scale = scale.data()};
  const kernel::layer_norm_gradients gradients{.rows = rows,
                                               .columns = columns,
                                               .x = x.data(),
                                               .gain = gain.data(),
                                               .mean = mean.data(),
                                               .scale = scale.data(),
                                               .dy = dy.data(),
                                               .dx = y.data(),
                                               .d_gain = d_gain.data(),
                                               .d_shift = d_shift.data()};
  kernel::layer_norm(forward);
  for (auto _ : state) {
    if (backward)
      kernel::layer_norm_backward(gradients);
    else
      kernel::layer_norm(forward);
    benchmark::ClobberMemory();
  }
  count_elements(state, rows * columns);
}

void adam(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  bench::aligned_floats gradient = bench::random_floats(count), parameter(count), first(count), second(count);
  const kernel::adam_coefficients coefficients{.learning_rate = 1e-3f,
                                               .beta_1 = 0.9f,
                                               .beta_2 = 0.999f,
                                               .epsilon = 1e-8f,
                                               .correction_1 = 1.0f,
                                               .correction_2 = 1.0f,
                                               .decay = 0.0f,
                                               .gradient_scale = 1.0f};
  for (auto _ : state) {
    kernel::adam(coefficients, gradient.data(), parameter.data(), first.data(), second.data(), count);
    benchmark::ClobberMemory();
  }
  count_elements(state, count);
}

}  // namespace

BENCHMARK_CAPTURE(matmul, forward, layout::forward)->Apply(all_shapes);
BENCHMARK_CAPTURE(matmul, input_gradient, layout::input_gradient)->Apply(block_shapes);
BENCHMARK_CAPTURE(matmul, weight_gradient, layout::weight_gradient)->Apply(block_shapes);
BENCHMARK_CAPTURE(activate, relu, kernel::activation::relu);
BENCHMARK_CAPTURE(activate, gelu, kernel::activation::gelu);
BENCHMARK_CAPTURE(activate, silu, kernel::activation::silu);
BENCHMARK_CAPTURE(activate, tanh, kernel::activation::tanh);
BENCHMARK_CAPTURE(activate_with_slope, relu, kernel::activation::relu);
BENCHMARK_CAPTURE(activate_with_slope, gelu, kernel::activation::gelu);
BENCHMARK_CAPTURE(activate_with_slope, silu, kernel::activation::silu);
BENCHMARK_CAPTURE(activate_with_slope, tanh, kernel::activation::tanh);
BENCHMARK(softmax_cross_entropy)->ArgName("classes")->Arg(8)->Arg(16)->Arg(64);
BENCHMARK(softmax)->ArgName("classes")->Arg(8)->Arg(16)->Arg(64);
BENCHMARK(categorical)->ArgName("classes")->Arg(8)->Arg(16)->Arg(32);
BENCHMARK_CAPTURE(layer_norm, forward, false)->ArgName("columns")->Arg(64)->Arg(256);
BENCHMARK_CAPTURE(layer_norm, backward, true)->ArgName("columns")->Arg(64)->Arg(256);
BENCHMARK(adam)->ArgName("parameters")->Arg(100'000);
