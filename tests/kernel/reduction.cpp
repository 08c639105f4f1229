#include "compare.hpp"

using namespace frond;
using test::input;
using test::output;
using test::sort;

namespace {

// Targets that hit the first class, the last one and many between.
std::vector<symbol> draw_targets(std::size_t rows, std::size_t classes) {
  std::vector<symbol> targets(rows);
  rng::draws draws(seed{3}, rng::stream::user, 1);
  for (symbol& target : targets) target = static_cast<symbol>(draws.below(static_cast<std::uint32_t>(classes)));
  if (rows > 1) targets[0] = static_cast<symbol>(classes - 1);
  return targets;
}

// -ln softmax(logits)[target] in double precision, straight from the definition.
double exact_loss(const std::vector<double>& logits, std::size_t target) {
  double total = 0.0;
  for (const double logit : logits) total += std::exp(logit);
  return -std::log(std::exp(logits[target]) / total);
}

}  // namespace

TEST_CASE("sums are the plain ones") {
  for (const sort which : test::every_sort)
    for (const std::size_t count : test::counts) {
      CAPTURE(count);
      const input x(count, which, 1);
      const float sum = kernel::plain::sum(x, count), squares = kernel::plain::sum_of_squares(x, count);
      test::each_instruction_set([&] {
        CHECK(test::same(kernel::sum(x, count), sum));
        CHECK(test::same(kernel::sum_of_squares(x, count), squares));
      });
    }
}

TEST_CASE("squares with a finite sum are recognised, wherever a number stands") {
  for (const sort which : test::every_sort)
    for (const std::size_t count : test::counts) {
      CAPTURE(count);
      const input x(count, which, 1);
      const bool finite = kernel::plain::squares_are_finite(x, count);
      test::each_instruction_set([&] { CHECK(kernel::squares_are_finite(x, count) == finite); });
    }
  for (const std::size_t count : {1u, 15u, 16u, 17u, 63u, 64u, 65u, 200u, 333u})
    for (std::size_t at = 0; at < count; ++at)
      for (const float wrong : {std::nanf(""), HUGE_VALF, -HUGE_VALF, 1.9e19f}) {
        std::vector<float> numbers(count, 3.0f);
        CHECK(kernel::squares_are_finite(numbers.data(), count));
        numbers[at] = 1.8e19f;  // its square is just below the largest float
        CHECK(kernel::squares_are_finite(numbers.data(), count));
        numbers[at] = wrong;
        CHECK_FALSE(kernel::squares_are_finite(numbers.data(), count));
        CHECK_FALSE(kernel::plain::squares_are_finite(numbers.data(), count));
      }
  CHECK(kernel::squares_are_finite(nullptr, 0));
}

TEST_CASE("sums are sums") {
  // Against long double. No element passes more than count / 16 + 5 additions and one product, each with relative error 2^-24.
  for (const std::size_t count : test::counts) {
    const input x(count, sort::ordinary, 1);
    long double sum = 0.0L, size = 0.0L, squares = 0.0L;
    for (std::size_t i = 0; i < count; ++i) {
      const long double value = test::exactly(x[i]);
      sum += value;
      size += std::abs(value);
      squares += value * value;
    }
    const long double unit = 0x1p-24L * static_cast<long double>(count / 16 + 7);
    CHECK(std::abs(test::exactly(kernel::sum(x, count)) - sum) <= unit * size);
    CHECK(std::abs(test::exactly(kernel::sum_of_squares(x, count)) - squares) <= unit * squares);
  }
}

TEST_CASE("column sums are the plain ones") {
  for (const sort which : test::every_sort)
    for (const std::size_t rows : {0u, 1u, 2u, 13u, 128u})
      for (const std::size_t columns : {0u, 1u, 7u, 16u, 17u, 32u, 61u}) {
        CAPTURE(rows);
        CAPTURE(columns);
        const input x(rows * columns, which, 1);
        const output before(columns, which, 2);
        output expected = before;
        kernel::plain::add_column_sums(x, rows, columns, expected);
        test::each_instruction_set([&] {
          output sums = before;
          kernel::add_column_sums(x, rows, columns, sums);
          CHECK(sums == expected);
        });
      }
}

TEST_CASE("softmax and its cross-entropy are the plain ones") {
  for (const sort which : test::every_sort)
    for (const std::size_t rows : {0u, 1u, 5u, 16u, 37u})
      for (const std::size_t classes : {1u, 2u, 3u, 8u, 15u, 16u, 17u, 31u, 32u, 33u, 100u, 255u}) {
        CAPTURE(rows);
        CAPTURE(classes);
        const input logits(rows * classes, which, 1);
        const auto targets = draw_targets(rows, classes);
        output probabilities(rows * classes), gradient(rows * classes), losses(rows);
        kernel::plain::softmax(logits, rows, classes, probabilities);
        kernel::plain::softmax_cross_entropy(logits, targets.data(), rows, classes, 0.3f, gradient, losses);
        test::each_instruction_set([&] {
          output fast(rows * classes), fast_gradient(rows * classes), fast_losses(rows);
          kernel::softmax(logits, rows, classes, fast);
          kernel::softmax_cross_entropy(logits, targets.data(), rows, classes, 0.3f, fast_gradient, fast_losses);
          CHECK(fast == probabilities);
          CHECK(fast_gradient == gradient);
          CHECK(fast_losses == losses);
        });
      }
}

TEST_CASE("softmax and its cross-entropy may work in place") {
  const std::size_t rows = 37;
  for (const std::size_t classes : {3u, 10u, 16u, 24u, 37u}) {
    CAPTURE(classes);
    const output logits(rows * classes, sort::ordinary, 1);
    const auto targets = draw_targets(rows, classes);
    output probabilities(rows * classes), gradient(rows * classes), losses(rows);
    kernel::plain::softmax(logits.data(), rows, classes, probabilities);
    kernel::plain::softmax_cross_entropy(logits.data(), targets.data(), rows, classes, 0.3f, gradient, losses);
    test::each_instruction_set([&] {
      output in_place = logits, fast_losses(rows);
      kernel::softmax(in_place, rows, classes, in_place);
      CHECK(in_place == probabilities);
      in_place = logits;
      kernel::softmax_cross_entropy(in_place, targets.data(), rows, classes, 0.3f, in_place, fast_losses);
      CHECK(in_place == gradient);
      CHECK(fast_losses == losses);
    });
  }
}

TEST_CASE("softmax is finite for every finite logit") {
  const float largest = std::numeric_limits<float>::max();
  const float logits[] = {largest, -largest, 0.0f, largest};
  float probabilities[4];
  test::each_instruction_set([&] {
    kernel::softmax(logits, 1, 4, probabilities);
    CHECK(probabilities[0] == 0.5f);
    CHECK(probabilities[1] == 0.0f);
    CHECK(probabilities[2] == 0.0f);
    CHECK(probabilities[3] == 0.5f);
  });
}

TEST_CASE("softmax, loss and gradient are those of the definition") {
  // Probabilities against libm in double precision, within 1e-6; losses within 2e-6; gradients against central differences of
  // the exact loss with step 1e-5, whose own error is below 1e-9, within scale 1e-6.
  const std::size_t rows = 4, classes = 21;
  const double scale = 0.25, step = 1e-5;
  const input logits(rows * classes, sort::ordinary, 4);
  const auto targets = draw_targets(rows, classes);
  output probabilities(rows * classes), gradient(rows * classes), losses(rows);
  kernel::softmax(logits, rows, classes, probabilities);
  kernel::softmax_cross_entropy(logits, targets.data(), rows, classes, static_cast<float>(scale), gradient, losses);
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<double> exact(classes);
    for (std::size_t i = 0; i < classes; ++i) exact[i] = static_cast<double>(logits[row * classes + i]);
    CHECK(std::abs(static_cast<double>(losses[row]) - exact_loss(exact, targets[row])) < 2e-6);
    for (std::size_t i = 0; i < classes; ++i) {
      CHECK(std::abs(static_cast<double>(probabilities[row * classes + i]) - std::exp(-exact_loss(exact, i))) < 1e-6);
      std::vector<double> above = exact, below = exact;
      above[i] += step;
      below[i] -= step;
      const double slope = (exact_loss(above, targets[row]) - exact_loss(below, targets[row])) / (2.0 * step);
      CHECK(std::abs(static_cast<double>(gradient[row * classes + i]) - scale * slope) < scale * 1e-6);
    }
  }
}

TEST_CASE("squared errors are the plain ones") {
  for (const sort which : test::every_sort)
    for (const std::size_t rows : {0u, 1u, 5u})
      for (const std::size_t columns : {0u, 1u, 15u, 16u, 17u, 33u, 100u}) {
        CAPTURE(rows);
        CAPTURE(columns);
        const input outputs(rows * columns, which, 1), targets(rows * columns, which, 2);
        output gradient(rows * columns), losses(rows);
        kernel::plain::squared_error(outputs, targets, rows, columns, 0.3f, gradient, losses);
        test::each_instruction_set([&] {
          output fast_gradient(rows * columns), fast_losses(rows);
          kernel::squared_error(outputs, targets, rows, columns, 0.3f, fast_gradient, fast_losses);
          CHECK(fast_gradient == gradient);
          CHECK(fast_losses == losses);
        });
      }
}

TEST_CASE("the squared error and its gradient are those of the definition") {
  // Central differences are exact for a square, up to the rounding of double. The loss is a sum of 37 squares: below
  // 37 / 16 + 8 roundings of relative error 2^-24 each.
  const std::size_t rows = 3, columns = 37;
  const double scale = 0.25, step = 1e-3;
  const input outputs(rows * columns, sort::ordinary, 5), targets(rows * columns, sort::ordinary, 6);
  output gradient(rows * columns), losses(rows);
  kernel::squared_error(outputs, targets, rows, columns, static_cast<float>(scale), gradient, losses);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto distance = [&](std::size_t moved, double by) {
      double sum = 0.0;
      for (std::size_t i = 0; i < columns; ++i) {
        const double output_here = static_cast<double>(outputs[row * columns + i]) + (i == moved ? by : 0.0);
        sum += std::pow(output_here - static_cast<double>(targets[row * columns + i]), 2);
      }
      return sum;
    };
    const double loss = distance(columns, 0.0);
    CHECK(std::abs(static_cast<double>(losses[row]) - loss) <= 11 * 0x1p-24 * loss);
    for (std::size_t i = 0; i < columns; ++i) {
      const double slope = (distance(i, step) - distance(i, -step)) / (2.0 * step);
      CHECK(std::abs(static_cast<double>(gradient[row * columns + i]) - scale * slope) < 1e-6);
    }
  }
}
