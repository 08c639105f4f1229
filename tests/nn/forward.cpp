#include <doctest/doctest.h>

#include <frond/kernel/kernels.hpp>
#include <frond/nn/forward.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nets.hpp"
#include "reference.hpp"

using namespace frond;
using reference::net;

namespace {

struct case_data {
  net list;
  reference::storage built;
  std::vector<float> parameters, input;  // input: [rows][input_size]
  std::size_t rows;

  case_data(const net& n, std::size_t row_count, std::uint64_t key) : list(n), built(reference::build(n)), rows(row_count) {
    reference::noise draw(key);
    parameters = draw.array(plan().parameter_count, 0.5f);
    input = draw.array(plan().input_size() * rows);
  }
  [[nodiscard]] nn::plan plan() const { return built.view(); }
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return std::span(input).subspan(i * plan().input_size(), plan().input_size());
  }
};

// Memory with a NaN in every place that nobody has written.
std::vector<float> unwritten(std::size_t size) { return std::vector<float>(size, std::nanf("")); }

std::vector<float> run_forward(const case_data& c, std::size_t block) {
  const nn::plan p = c.plan();
  std::vector<float> output;
  for (std::size_t first = 0; first < c.rows; first += block) {
    const std::size_t rows = std::min(block, c.rows - first);
    auto scratch = unwritten(p.scratch_size * rows);
    const auto input = nn::scratch_input(p, scratch.data(), rows);
    REQUIRE(input.size() == p.input_size() * rows);
    std::copy_n(c.row(first).data(), input.size(), input.data());
    const auto made = nn::forward(p, c.parameters.data(), scratch.data(), rows);
    CHECK(made.data() == scratch.data() + p.scratch_output * rows);
    output.insert(output.end(), made.begin(), made.end());
  }
  return output;
}

struct taped {
  std::vector<float> tape, output;
};
taped run_on_tape(const case_data& c, std::size_t first, std::size_t rows) {
  taped t{unwritten(c.plan().tape_size * rows), {}};
  std::copy_n(c.row(first).data(), c.plan().input_size() * rows, t.tape.data());
  const auto made = nn::forward_on_tape(c.plan(), c.parameters.data(), t.tape.data(), rows);
  CHECK(made.data() == t.tape.data() + c.plan().tape_output * rows);
  t.output.assign(made.begin(), made.end());
  return t;
}

std::vector<double> truth(const case_data& c, std::span<const double> parameters) {
  std::vector<double> all;
  for (std::size_t i = 0; i < c.rows; ++i)
    for (const auto& place : reference::evaluate(c.list, parameters, reference::to_tensor(c.row(i), c.list.channels)))
      all.insert(all.end(), place.begin(), place.end());
  return all;
}

// Runs the rows in blocks: forward, the loss's derivative from `derive(first row, rows, outputs, gradient)`, backward.
template <class Derive>
std::vector<float> gradient_in_blocks(const case_data& c, std::size_t block, const Derive& derive) {
  const nn::plan p = c.plan();
  std::vector<float> gradient(p.parameter_count, 0.0f);
  for (std::size_t first = 0; first < c.rows; first += block) {
    const std::size_t rows = std::min(block, c.rows - first);
    const taped t = run_on_tape(c, first, rows);
    auto scratch = unwritten(p.scratch_size * rows);
    derive(first, rows, t.output.data(), scratch.data() + p.scratch_output * rows);
    nn::backward(p, c.parameters.data(), t.tape.data(), scratch.data(), gradient.data(), rows);
  }
  return gradient;
}

// Gradients against central differences in double of the double evaluation, entry by entry, measured in the largest entry of
// the layer. Float gradients of these nets reach 6e-7; a missing term would be of order one.
constexpr double gradient_bound = 2e-6;

}  // namespace

TEST_CASE("forward is the list's meaning in double") {
  // Sums of at most 40 products and up to seven layers with gains of a few: within 2e-6 of the largest output.
  for (const auto f : reference::activations)
    for (const net& n : reference::nets(f)) {
      const case_data c(n, 5, 7);
      CAPTURE(c.plan().shape_hash());
      const auto output = run_forward(c, 5);
      const auto exact = truth(c, reference::widened(c.parameters));
      REQUIRE(output.size() == exact.size());
      CHECK(reference::distance(output, exact) < 2e-6);
    }
}

TEST_CASE("the tape and the scratch give the same bits") {
  for (const auto f : reference::activations)
    for (const net& n : reference::nets(f)) {
      const case_data c(n, 5, 11);
      CHECK(run_on_tape(c, 0, 5).output == run_forward(c, 5));
    }
}

TEST_CASE("a row's bits do not depend on the block it is in") {
  for (const auto f : reference::activations)
    for (const net& n : reference::nets(f)) {
      const case_data c(n, 37, 13);
      const auto alone = run_forward(c, 1);
      CHECK(run_forward(c, 3) == alone);
      CHECK(run_forward(c, 32) == alone);
      CHECK(run_forward(c, 37) == alone);
    }
}

TEST_CASE("gradients of a linear loss are those of finite differences") {
  for (const auto f : reference::activations)
    for (const net& n : reference::nets(f)) {
      const case_data c(n, 2, 17);
      const auto slopes = reference::noise(5).array(c.plan().output_size() * c.rows);
      const auto gradient = gradient_in_blocks(c, 2, [&](std::size_t first, std::size_t rows, const float*, float* dy) {
        std::copy_n(slopes.data() + first * c.plan().output_size(), rows * c.plan().output_size(), dy);
      });
      const auto exact = reference::differences(c.parameters, [&](std::span<const double> parameters) {
        double loss = 0.0;
        const auto output = truth(c, parameters);
        for (std::size_t i = 0; i < output.size(); ++i) loss += static_cast<double>(slopes[i]) * output[i];
        return loss;
      });
      CAPTURE(c.plan().shape_hash());
      CHECK(reference::layer_distance(c.plan(), gradient, exact) < gradient_bound);
    }
}

TEST_CASE("gradients of cross-entropy and squared error are those of finite differences") {
  for (const auto f : reference::activations)
    for (const net& n : reference::nets(f)) {
      const case_data c(n, 3, 19);
      const nn::plan p = c.plan();
      CAPTURE(p.shape_hash());
      reference::noise draw(23);
      std::vector<symbol> classes(p.output_positions * c.rows);
      for (symbol& target : classes) target = static_cast<symbol>(draw.below(p.output_channels));
      const auto targets = draw.array(p.output_size() * c.rows);
      std::vector<float> losses(classes.size());
      const auto each_row = [&](std::span<const double> parameters, const auto& loss) {
        double sum = 0.0;
        for (std::size_t i = 0; i < c.rows; ++i)
          sum += loss(i, reference::evaluate(n, parameters, reference::to_tensor(c.row(i), n.channels)));
        return sum / static_cast<double>(c.rows);
      };

      const float per_class = 1.0f / static_cast<float>(classes.size());
      const auto entropy_gradient =
          gradient_in_blocks(c, 2, [&](std::size_t first, std::size_t rows, const float* y, float* dy) {
            kernel::softmax_cross_entropy(y, classes.data() + first * p.output_positions, rows * p.output_positions,
                                          p.output_channels, per_class, dy, losses.data());
          });
      const auto entropy_slopes = reference::differences(c.parameters, [&](std::span<const double> parameters) {
        return each_row(parameters, [&](std::size_t i, const reference::tensor& y) {
          return reference::cross_entropy(y, std::span(classes).subspan(i * p.output_positions, p.output_positions));
        });
      });
      if (p.output_channels > 1) CHECK(reference::layer_distance(p, entropy_gradient, entropy_slopes) < gradient_bound);

      const float per_output = 1.0f / static_cast<float>(targets.size());
      const auto square_gradient =
          gradient_in_blocks(c, 2, [&](std::size_t first, std::size_t rows, const float* y, float* dy) {
            kernel::squared_error(y, targets.data() + first * p.output_size(), rows, p.output_size(), per_output, dy,
                                  losses.data());
          });
      const auto square_slopes = reference::differences(c.parameters, [&](std::span<const double> parameters) {
        return each_row(parameters, [&](std::size_t i, const reference::tensor& y) {
          return reference::squared_error(y, std::span(targets).subspan(i * p.output_size(), p.output_size()));
        });
      });
      CHECK(reference::layer_distance(p, square_gradient, square_slopes) < gradient_bound);
    }
}

TEST_CASE("a gradient's bits do not depend on the blocks, and it is added to what is there") {
  for (const auto f : reference::activations)
    for (const net& n : reference::nets(f)) {
      const case_data c(n, 37, 29);
      const auto slopes = reference::noise(6).array(c.plan().output_size() * c.rows);
      const auto derive = [&](std::size_t first, std::size_t rows, const float*, float* dy) {
        std::copy_n(slopes.data() + first * c.plan().output_size(), rows * c.plan().output_size(), dy);
      };
      const auto alone = gradient_in_blocks(c, 1, derive);
      CHECK(gradient_in_blocks(c, 3, derive) == alone);
      CHECK(gradient_in_blocks(c, 32, derive) == alone);
      CHECK(gradient_in_blocks(c, 37, derive) == alone);
    }
}
