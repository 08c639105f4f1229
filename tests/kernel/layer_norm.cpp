#include "compare.hpp"

using namespace frond;
using test::input;
using test::output;
using test::sort;

namespace {

// Everything that a forward and a backward pass write.
struct outcome {
  output y, mean, scale, dx, d_gain, d_shift;

  outcome(std::size_t rows, std::size_t columns, sort which)
      : y(rows * columns), mean(rows), scale(rows), dx(rows * columns), d_gain(columns, which, 5), d_shift(columns, which, 6) {}
  friend bool operator==(const outcome& a, const outcome& b) {
    return a.y == b.y && a.mean == b.mean && a.scale == b.scale && a.dx == b.dx && a.d_gain == b.d_gain &&
           a.d_shift == b.d_shift;
  }
};

struct given {
  std::size_t rows, columns;
  input x, gain, shift, dy;

  given(std::size_t row_count, std::size_t column_count, sort which)
      : rows(row_count), columns(column_count), x(rows * columns, which, 1), gain(columns, which, 2), shift(columns, which, 3),
        dy(rows * columns, which, 4) {}
  kernel::layer_norm_operands forward(outcome& out) const {
    return {.rows = rows,
            .columns = columns,
            .x = x,
            .gain = gain,
            .shift = shift,
            .epsilon = 1e-3f,
            .y = out.y,
            .mean = out.mean,
            .scale = out.scale};
  }
  kernel::layer_norm_gradients backward(outcome& out) const {
    return {.rows = rows,
            .columns = columns,
            .x = x,
            .gain = gain,
            .mean = out.mean,
            .scale = out.scale,
            .dy = dy,
            .dx = out.dx,
            .d_gain = out.d_gain,
            .d_shift = out.d_shift};
  }
};

// Layer norm of one row in double precision, from its definition.
std::vector<double> exact_row(const std::vector<double>& x, const std::vector<double>& gain, const std::vector<double>& shift,
                              double epsilon) {
  const auto columns = static_cast<double>(x.size());
  double mean = 0.0, variance = 0.0;
  for (const double value : x) mean += value / columns;
  for (const double value : x) variance += (value - mean) * (value - mean) / columns;
  std::vector<double> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = gain[i] * (x[i] - mean) / std::sqrt(variance + epsilon) + shift[i];
  return y;
}

std::vector<double> wide(const float* values, std::size_t count) { return std::vector<double>(values, values + count); }

double dot(const std::vector<double>& a, const float* b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * static_cast<double>(b[i]);
  return sum;
}

}  // namespace

TEST_CASE("layer norm and its gradients are the plain ones") {
  for (const sort which : test::every_sort)
    for (const std::size_t rows : {0u, 1u, 5u})
      for (const std::size_t columns : {1u, 2u, 7u, 15u, 16u, 17u, 31u, 32u, 61u, 100u}) {
        CAPTURE(rows);
        CAPTURE(columns);
        const given g(rows, columns, which);
        outcome expected(rows, columns, which);
        kernel::plain::layer_norm(g.forward(expected));
        kernel::plain::layer_norm_backward(g.backward(expected));
        test::each_instruction_set([&] {
          outcome fast(rows, columns, which);
          kernel::layer_norm(g.forward(fast));
          kernel::layer_norm_backward(g.backward(fast));
          CHECK(fast == expected);
        });
      }
}

TEST_CASE("layer norm and its backward pass may work in place") {
  const given g(3, 37, sort::ordinary);
  outcome apart(3, 37, sort::ordinary);
  kernel::layer_norm(g.forward(apart));
  kernel::layer_norm_backward(g.backward(apart));
  test::each_instruction_set([&] {
    output x(3 * 37, sort::ordinary, 1), dy(3 * 37, sort::ordinary, 4);
    for (std::size_t i = 0; i < 3 * 37; ++i) x.data()[i] = g.x[i], dy.data()[i] = g.dy[i];
    outcome in_place(3, 37, sort::ordinary);
    kernel::layer_norm_gradients backward = g.backward(in_place);
    kernel::layer_norm_operands forward = g.forward(in_place);
    forward.x = forward.y = x;
    kernel::layer_norm(forward);
    backward.dy = backward.dx = dy;
    kernel::layer_norm_backward(backward);
    CHECK(x == apart.y);
    CHECK(dy == apart.dx);
  });
}

TEST_CASE("known layer norms") {
  float y[4], mean[1], scale[1];
  const float gain[] = {1.0f, 1.0f, 2.0f, -1.0f}, shift[] = {0.0f, 0.5f, 0.0f, 3.0f};
  const float two_values[] = {5.0f, 1.0f, 5.0f, 1.0f}, constant[] = {7.0f, 7.0f, 7.0f, 7.0f};
  kernel::layer_norm({1, 4, two_values, gain, shift, 0.0f, y, mean, scale});
  CHECK(mean[0] == 3.0f);
  CHECK(scale[0] == 0.5f);
  CHECK(y[0] == 1.0f);
  CHECK(y[1] == -0.5f);
  CHECK(y[2] == 2.0f);
  CHECK(y[3] == 4.0f);
  kernel::layer_norm({1, 4, constant, gain, shift, 0.25f, y, mean, scale});
  CHECK(scale[0] == 2.0f);
  for (std::size_t i = 0; i < 4; ++i) CHECK(y[i] == shift[i]);
}

TEST_CASE("layer norm and its gradients are those of the definition") {
  // The loss is sum of dy y, in double precision from the definition. Values within 2e-6; gradients against central differences
  // with step 1e-4, whose own error is below 1e-7, within 1e-5 of numbers up to 30.
  const std::size_t rows = 3, columns = 21;
  const double epsilon = static_cast<double>(1e-3f), step = 1e-4;
  const given g(rows, columns, sort::ordinary);
  outcome out(rows, columns, sort::ordinary);
  for (std::size_t i = 0; i < columns; ++i) out.d_gain.data()[i] = out.d_shift.data()[i] = 0.0f;
  kernel::layer_norm(g.forward(out));
  kernel::layer_norm_backward(g.backward(out));
  const auto gain = wide(g.gain, columns), shift = wide(g.shift, columns);
  std::vector<double> d_gain(columns), d_shift(columns);
  for (std::size_t row = 0; row < rows; ++row) {
    const float* dy = g.dy + row * columns;
    const auto x = wide(g.x + row * columns, columns), y = exact_row(x, gain, shift, epsilon);
    const auto slope = [&](std::vector<double> a, std::vector<double> b, std::vector<double> c, auto member, std::size_t i) {
      std::vector<double>* moved[] = {&a, &b, &c};
      (*moved[member])[i] += step;
      const double above = dot(exact_row(a, b, c, epsilon), dy);
      (*moved[member])[i] -= 2.0 * step;
      return (above - dot(exact_row(a, b, c, epsilon), dy)) / (2.0 * step);
    };
    for (std::size_t i = 0; i < columns; ++i) {
      CHECK(std::abs(static_cast<double>(out.y[row * columns + i]) - y[i]) < 2e-6);
      CHECK(std::abs(static_cast<double>(out.dx[row * columns + i]) - slope(x, gain, shift, 0, i)) < 1e-5);
      d_gain[i] += slope(x, gain, shift, 1, i);
      d_shift[i] += slope(x, gain, shift, 2, i);
    }
  }
  for (std::size_t i = 0; i < columns; ++i) {
    CHECK(std::abs(static_cast<double>(out.d_gain[i]) - d_gain[i]) < 1e-5);
    CHECK(std::abs(static_cast<double>(out.d_shift[i]) - d_shift[i]) < 1e-5);
  }
}
