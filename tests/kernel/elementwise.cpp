#include "compare.hpp"

using namespace frond;
using test::input;
using test::output;
using test::sort;

namespace {

double exact_value(kernel::activation kind, double x) {
  switch (kind) {
    case kernel::activation::relu: return x > 0.0 ? x : 0.0;
    case kernel::activation::gelu: return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case kernel::activation::silu: return x / (1.0 + std::exp(-x));
    case kernel::activation::tanh: return std::tanh(x);
  }
  return x;
}

constexpr kernel::adam_coefficients adam{.learning_rate = 3e-3f,
                                         .beta_1 = 0.9f,
                                         .beta_2 = 0.999f,
                                         .epsilon = 1e-8f,
                                         .correction_1 = 1.7f,
                                         .correction_2 = 11.0f,
                                         .decay = 0.01f,
                                         .gradient_scale = 0.7f};
constexpr kernel::sgd_coefficients sgd{.learning_rate = 0.03f, .momentum = 0.9f, .decay = 0.01f, .gradient_scale = 0.7f};

// The relative error of one rounding.
constexpr double half_ulp = 0x1p-24;

}  // namespace

TEST_CASE("activations and their slopes are the plain ones") {
  for (const auto kind : test::activations)
    for (const sort which : test::every_sort)
      for (const std::size_t count : test::counts) {
        CAPTURE(static_cast<int>(kind));
        CAPTURE(count);
        const input x(count, which, 1);
        output y(count), value(count), slope(count);
        kernel::plain::activate(kind, x, y, count);
        kernel::plain::activate_with_slope(kind, x, value, slope, count);
        CHECK(value == y);
        test::each_instruction_set([&] {
          output fast_y(count), fast_value(count), fast_slope(count);
          kernel::activate(kind, x, fast_y, count);
          kernel::activate_with_slope(kind, x, fast_value, fast_slope, count);
          CHECK(fast_y == y);
          CHECK(fast_value == y);
          CHECK(fast_slope == slope);
        });
      }
}

TEST_CASE("activations may work in place") {
  for (const auto kind : test::activations) {
    const std::size_t count = 53;
    const output before(count, sort::ordinary, 2);
    output y(count), slope(count);
    kernel::plain::activate_with_slope(kind, before.data(), y, slope, count);
    test::each_instruction_set([&] {
      output in_place = before, other(count);
      kernel::activate(kind, in_place, in_place, count);
      CHECK(in_place == y);
      in_place = before;
      kernel::activate_with_slope(kind, in_place, in_place, other, count);
      CHECK(in_place == y);
      CHECK(other == slope);
      in_place = before;
      kernel::activate_with_slope(kind, in_place, other, in_place, count);
      CHECK(in_place == slope);
      CHECK(other == y);
    });
  }
}

TEST_CASE("activations and slopes are those of the formulas") {
  // Values against libm in double precision, slopes against central differences of those values with step 1e-5 (their own error
  // is below 1e-9): both within 2e-6 on [-10, 10], where the error of the normal distribution, 2.4e-7, is multiplied by x.
  for (const auto kind : test::activations) {
    CAPTURE(static_cast<int>(kind));
    for (int i = -5000; i <= 5000; ++i) {
      const float x = static_cast<float>(i) * 0.002f;
      const auto middle = static_cast<double>(x);
      float value = 0.0f, slope = 0.0f;
      kernel::activate_with_slope(kind, &x, &value, &slope, 1);
      REQUIRE(std::abs(static_cast<double>(value) - exact_value(kind, middle)) < 2e-6);
      if (kind == kernel::activation::relu && i == 0) continue;  // no derivative there
      const double difference = (exact_value(kind, middle + 1e-5) - exact_value(kind, middle - 1e-5)) / 2e-5;
      REQUIRE(std::abs(static_cast<double>(slope) - difference) < 2e-6);
    }
  }
}

TEST_CASE("products of two arrays are the plain ones") {
  for (const sort which : test::every_sort)
    for (const std::size_t count : test::counts) {
      const input x(count, which, 1);
      const output y(count, which, 2);
      output expected(count);
      kernel::plain::multiply(x, y.data(), expected, count);
      test::each_instruction_set([&] {
        output z(count), in_place = y;
        kernel::multiply(x, y.data(), z, count);
        kernel::multiply(x, in_place, in_place, count);
        CHECK(z == expected);
        CHECK(in_place == expected);
      });
    }
}

TEST_CASE("sums of two arrays are the plain ones") {
  for (const sort which : test::every_sort)
    for (const std::size_t count : test::counts) {
      const input x(count, which, 1);
      const output before(count, which, 2);
      output expected = before;
      kernel::plain::add(x, expected, count);
      test::each_instruction_set([&] {
        output y = before;
        kernel::add(x, y, count);
        CHECK(y == expected);
      });
    }
}

TEST_CASE("optimiser steps are the plain ones") {
  for (const sort which : test::every_sort)
    for (const std::size_t count : test::counts) {
      CAPTURE(count);
      const input gradient(count, which, 1);
      const output parameter(count, which, 2), first(count, which, 3);
      output second(count, which, 4);
      for (std::size_t i = 0; i < count; ++i) second.data()[i] = std::abs(second[i]);  // a mean of squares
      output p = parameter, m = first, v = second, q = parameter, u = first;
      for (int step = 0; step < 3; ++step) {
        kernel::plain::adam(adam, gradient, p, m, v, count);
        kernel::plain::sgd(sgd, gradient, q, u, count);
      }
      test::each_instruction_set([&] {
        output fast_p = parameter, fast_m = first, fast_v = second, fast_q = parameter, fast_u = first;
        for (int step = 0; step < 3; ++step) {
          kernel::adam(adam, gradient, fast_p, fast_m, fast_v, count);
          kernel::sgd(sgd, gradient, fast_q, fast_u, count);
        }
        CHECK(fast_p == p);
        CHECK(fast_m == m);
        CHECK(fast_v == v);
        CHECK(fast_q == q);
        CHECK(fast_u == u);
      });
    }
}

TEST_CASE("an Adam step is the one of the paper") {
  // Kingma and Ba, algorithm 1, with the decoupled decay of Loshchilov and Hutter, algorithm 2, in double precision. Moments
  // carry at most five roundings, the direction, whose terms may cancel, at most ten, and the step three more.
  double mean = 0.0, square = 0.0;
  float parameter = 0.8f, first = 0.0f, second = 0.0f;
  rng::draws draws(seed{1}, rng::stream::user, 0);
  for (int t = 1; t <= 200; ++t) {
    const float gradient = test::draw_number(draws, sort::ordinary);
    const auto beta_1 = static_cast<double>(adam.beta_1), beta_2 = static_cast<double>(adam.beta_2);
    kernel::adam_coefficients now = adam;
    now.correction_1 = static_cast<float>(1.0 / (1.0 - std::pow(beta_1, t)));
    now.correction_2 = static_cast<float>(1.0 / (1.0 - std::pow(beta_2, t)));

    const double g = static_cast<double>(gradient) * static_cast<double>(now.gradient_scale);
    const auto old_mean = static_cast<double>(first), old_parameter = static_cast<double>(parameter);
    mean = beta_1 * old_mean + (1.0 - beta_1) * g;
    square = beta_2 * static_cast<double>(second) + (1.0 - beta_2) * g * g;
    const double mean_hat = mean / (1.0 - std::pow(beta_1, t)), square_hat = square / (1.0 - std::pow(beta_2, t));
    const double rate = static_cast<double>(now.learning_rate), decay = static_cast<double>(now.decay);
    const double root = std::sqrt(square_hat) + static_cast<double>(now.epsilon);
    const double expected = old_parameter - rate * (mean_hat / root + decay * old_parameter);

    kernel::adam(now, &gradient, &parameter, &first, &second, 1);
    const double mean_size = beta_1 * std::abs(old_mean) + (1.0 - beta_1) * std::abs(g);
    REQUIRE(std::abs(static_cast<double>(first) - mean) <= 5 * half_ulp * mean_size);
    REQUIRE(std::abs(static_cast<double>(second) - square) <= 5 * half_ulp * square);
    const double step_size = rate * (mean_size / (1.0 - std::pow(beta_1, t)) / root + decay * std::abs(old_parameter));
    REQUIRE(std::abs(static_cast<double>(parameter) - expected) <= half_ulp * (2 * std::abs(expected) + 13 * step_size));
  }
}

TEST_CASE("a step of gradient descent has heavy-ball momentum and decoupled decay") {
  // velocity = momentum velocity + gradient, parameter = parameter - rate (velocity + decay parameter): at most three roundings
  // for the velocity, three more for the step and one for the parameter.
  float parameter = 0.8f, velocity = 0.0f;
  rng::draws draws(seed{2}, rng::stream::user, 0);
  for (int t = 1; t <= 200; ++t) {
    const float gradient = test::draw_number(draws, sort::ordinary);
    const double g = static_cast<double>(gradient) * static_cast<double>(sgd.gradient_scale);
    const double kept = static_cast<double>(sgd.momentum) * static_cast<double>(velocity);
    const auto old_parameter = static_cast<double>(parameter);
    const double rate = static_cast<double>(sgd.learning_rate), decay = static_cast<double>(sgd.decay);
    const double expected = old_parameter - rate * (kept + g + decay * old_parameter);

    kernel::sgd(sgd, &gradient, &parameter, &velocity, 1);
    const double size = std::abs(kept) + std::abs(g);
    REQUIRE(std::abs(static_cast<double>(velocity) - (kept + g)) <= 3 * half_ulp * size);
    const double step_size = rate * (size + decay * std::abs(old_parameter));
    REQUIRE(std::abs(static_cast<double>(parameter) - expected) <= half_ulp * (2 * std::abs(expected) + 7 * step_size));
  }
}

TEST_CASE("a copy has the same bits") {
  for (std::size_t count = 0; count <= 40; ++count) {
    const test::input x(count, test::sort::ordinary, 1);
    std::vector<float> expected(static_cast<const float*>(x), static_cast<const float*>(x) + count), y(count + 1, 7.0f);
    expected.push_back(7.0f);
    kernel::copy(x, y.data(), count);
    CHECK(y == expected);
  }
}
