#include <doctest/doctest.h>

#include <frond/train/optimiser.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../nn/reference.hpp"

using namespace frond;
using train::decay_curve;
using train::optimiser_kind;
using train::optimiser_options;

namespace {

double as_double(float x) { return static_cast<double>(x); }

// The textbook's step in double, on float hyper-parameters.
struct textbook {
  optimiser_options o;
  std::vector<double> parameters, first, second;

  textbook(const optimiser_options& options, std::span<const float> start)
      : o(options), parameters(start.begin(), start.end()), first(start.size()), second(start.size()) {}

  void step(std::uint64_t number, double rate, double scale, std::span<const float> gradient) {
    const auto t = static_cast<double>(number + 1);
    const double b1 = as_double(o.beta_1), b2 = as_double(o.beta_2);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const double g = as_double(gradient[i]) * scale;
      double direction = 0.0;
      if (o.kind == optimiser_kind::adam) {
        first[i] = b1 * first[i] + (1.0 - b1) * g;
        second[i] = b2 * second[i] + (1.0 - b2) * g * g;
        direction =
            first[i] / (1.0 - std::pow(b1, t)) / (std::sqrt(second[i] / (1.0 - std::pow(b2, t))) + as_double(o.epsilon));
      } else {
        direction = first[i] = as_double(o.momentum) * first[i] + g;
      }
      parameters[i] -= rate * (direction + as_double(o.weight_decay) * parameters[i]);
    }
  }
};

std::string reason_of(const optimiser_options& o) { return o.check().ok() ? "" : o.check().reason; }

}  // namespace

TEST_CASE("the learning rate warms up, stays, and decays") {
  optimiser_options o{.learning_rate = 0.75f, .warm_up = 4};
  for (std::uint64_t step = 0; step < 4; ++step)
    CHECK(train::learning_rate_at(o, step) == 0.75f * static_cast<float>(step + 1) / 4.0f);
  CHECK(train::learning_rate_at(o, 4) == 0.75f);
  CHECK(train::learning_rate_at(o, 1'000'000'000'000) == 0.75f);
  o.decay_end = 12;
  for (const decay_curve decay : {decay_curve::linear, decay_curve::cosine}) {
    o.decay = decay;
    CHECK(train::learning_rate_at(o, 0) == 0.1875f);
    CHECK(train::learning_rate_at(o, 3) == 0.75f);
    CHECK(train::learning_rate_at(o, 12) == 0.0f);
    CHECK(train::learning_rate_at(o, 1000) == 0.0f);
    for (std::uint64_t step = 4; step < 12; ++step) {
      const double done = static_cast<double>(step - 4) / 8.0;
      const double left = decay == decay_curve::linear ? 1.0 - done : 0.5 * (1.0 + std::cos(std::acos(-1.0) * done));
      CHECK(std::abs(as_double(train::learning_rate_at(o, step)) - 0.75 * left) < 2e-7);
    }
  }
  o.warm_up = 0;
  CHECK(train::learning_rate_at(o, 0) == 0.75f);
}

TEST_CASE("decays end at their floor, and the inverse square root goes on") {
  optimiser_options o{.learning_rate = 0.5f, .warm_up = 4, .decay_end = 24, .decay_floor = 0.1f};
  for (const decay_curve decay : {decay_curve::linear, decay_curve::cosine, decay_curve::exponential}) {
    o.decay = decay;
    CHECK(o.check().ok());
    for (std::uint64_t step = 4; step < 24; ++step) {
      const double done = static_cast<double>(step - 4) / 20.0;
      const double wanted = decay == decay_curve::linear   ? 1.0 - 0.9 * done
                            : decay == decay_curve::cosine ? 0.1 + 0.45 * (1.0 + std::cos(std::acos(-1.0) * done))
                                                           : std::pow(0.1, done);
      CHECK(as_double(train::learning_rate_at(o, step)) == doctest::Approx(0.5 * wanted).epsilon(1e-6));
    }
    for (const std::uint64_t step : {24u, 25u, 1000u}) CHECK(train::learning_rate_at(o, step) == 0.5f * 0.1f);
  }
  o.decay = decay_curve::inverse_square_root;
  CHECK(train::learning_rate_at(o, 3) == 0.5f);
  for (const std::uint64_t step : {4u, 15u, 63u, 1000000u})
    CHECK(as_double(train::learning_rate_at(o, step)) ==
          doctest::Approx(0.5 * std::sqrt(4.0 / static_cast<double>(step + 1))).epsilon(1e-6));
}

TEST_CASE("the average of the parameters moves towards them by the fraction that is said") {
  const optimiser_options o{.kind = optimiser_kind::sgd, .learning_rate = 0.1f, .momentum = 0.0f, .average_decay = 0.9f};
  CHECK(train::state_arrays(o) == 2);
  reference::noise draw(5);
  const std::size_t count = 37;
  auto parameters = draw.array(count);
  std::vector<float> state(2 * count, 0.0f);
  std::copy(parameters.begin(), parameters.end(), state.begin() + count);
  std::vector<double> average = reference::widened(parameters);
  for (std::uint64_t step = 0; step < 200; ++step) {
    train::optimiser_step(o, step, 1.0f, draw.array(count), parameters, state, 0, count);
    const double t = static_cast<double>(step + 1), decay = std::fmin(0.9, (1.0 + t) / (10.0 + t));
    for (std::size_t i = 0; i < count; ++i) average[i] = decay * average[i] + (1.0 - decay) * as_double(parameters[i]);
  }
  CHECK(reference::distance(std::span(state).subspan(count), average) < 1e-5);
}

TEST_CASE("the bias correction is 1 / (1 - beta^t)") {
  // t roundings of beta^t, divided by 1 - beta^t: the relative error is at most about 2^-24 / (1 - beta), and twice that is
  // allowed.
  for (const float beta : {0.0f, 0.5f, 0.9f, 0.95f, 0.99f, 0.999f, 0.9999f})
    for (std::uint64_t t = 1; t < 100'000; t += 1 + t / 7) {
      const double exact = 1.0 / (1.0 - std::pow(as_double(beta), static_cast<double>(t)));
      CHECK(std::abs(as_double(train::detail::bias_correction(beta, t)) / exact - 1.0) < 0x1p-23 / (1.0 - as_double(beta)));
    }
  CHECK(train::detail::bias_correction(0.999f, 1'000'000'000'000) == 1.0f);
  CHECK(train::detail::bias_correction(0.9f, 1) == 1.0f / (1.0f - 0.9f));
}

TEST_CASE("clipping scales a gradient down to the norm, never up") {
  const std::vector<float> gradient{3.0f, 0.0f, -4.0f}, nothing(5);
  CHECK(train::clip_scale({}, gradient) == 1.0f);
  CHECK(train::clip_scale({.clip_norm = 5.0f}, gradient) == 1.0f);
  CHECK(train::clip_scale({.clip_norm = 7.0f}, gradient) == 1.0f);
  CHECK(train::clip_scale({.clip_norm = 1.0f}, gradient) == 1.0f / 5.0f);
  CHECK(train::clip_scale({.clip_norm = 1.0f}, nothing) == 1.0f);
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity(), 1e30f})
    CHECK(train::clip_scale({.clip_norm = 1.0f}, std::vector<float>{3.0f, bad, -4.0f}) == 0.0f);
}

TEST_CASE("steps are the textbook's") {
  // Adam's direction carries the error of the second bias correction, up to 6e-5, of which the root takes half; twenty steps of
  // rate 0.01 and directions below 2 stay within 2e-5, those of plain descent within 1e-6.
  for (const optimiser_kind kind : {optimiser_kind::sgd, optimiser_kind::adam}) {
    const optimiser_options o{.kind = kind,
                              .learning_rate = 0.01f,
                              .weight_decay = 0.1f,
                              .warm_up = 3,
                              .decay = decay_curve::linear,
                              .decay_end = 30};
    reference::noise draw(3);
    const std::size_t count = 53;
    auto parameters = draw.array(count);
    textbook truth(o, parameters);
    std::vector<float> state(train::state_arrays(o) * count, 0.0f);
    for (std::uint64_t step = 0; step < 20; ++step) {
      const auto gradient = draw.array(count);
      train::optimiser_step(o, step, 0.5f, gradient, parameters, state, 0, count);
      truth.step(step, as_double(train::learning_rate_at(o, step)), 0.5, gradient);
      for (std::size_t i = 0; i < count; ++i)
        CHECK(std::abs(as_double(parameters[i]) - truth.parameters[i]) < (kind == optimiser_kind::adam ? 2e-5 : 1e-6));
    }
  }
}

TEST_CASE("ranges of parameters may be stepped one by one") {
  for (const optimiser_kind kind : {optimiser_kind::sgd, optimiser_kind::adam}) {
    const optimiser_options o{.kind = kind, .weight_decay = 0.01f};
    reference::noise draw(8);
    const std::size_t count = 100;
    auto whole = draw.array(count);
    auto pieces = whole;
    std::vector<float> state(train::state_arrays(o) * count, 0.0f), piece_state = state;
    for (std::uint64_t step = 0; step < 3; ++step) {
      const auto gradient = draw.array(count);
      train::optimiser_step(o, step, 1.0f, gradient, whole, state, 0, count);
      train::optimiser_step(o, step, 1.0f, gradient, pieces, piece_state, 37, 63);
      train::optimiser_step(o, step, 1.0f, gradient, pieces, piece_state, 0, 37);
    }
    CHECK(pieces == whole);
    CHECK(piece_state == state);
  }
}

TEST_CASE("impossible options are refused with the reason") {
  const float nan = std::nanf("");
  CHECK(reason_of({}).empty());
  for (const float rate : {0.0f, -1.0f, nan, std::numeric_limits<float>::infinity()})
    CHECK(reason_of({.learning_rate = rate}) == "the learning rate must be positive and finite");
  for (const float momentum : {-0.1f, 1.0f, nan}) CHECK(reason_of({.momentum = momentum}) == "momentum must lie in [0, 1)");
  for (const float beta : {-0.1f, 1.0f, nan}) {
    CHECK(reason_of({.beta_1 = beta}) == "beta_1 and beta_2 must lie in [0, 1)");
    CHECK(reason_of({.beta_2 = beta}) == "beta_1 and beta_2 must lie in [0, 1)");
  }
  const float infinite = std::numeric_limits<float>::infinity();
  for (const float epsilon : {0.0f, -1.0f, nan, infinite})
    CHECK(reason_of({.epsilon = epsilon}) == "epsilon must be positive and finite");
  for (const float decay : {-0.1f, nan, infinite})
    CHECK(reason_of({.weight_decay = decay}) == "weight decay must be finite and not negative");
  for (const float norm : {-0.1f, nan, infinite})
    CHECK(reason_of({.clip_norm = norm}) == "the clipping norm must be finite and not negative");
  CHECK(reason_of({.warm_up = 5, .decay = decay_curve::linear, .decay_end = 5}) ==
        "the decay of the learning rate must end after its warm-up");
  CHECK(reason_of({.warm_up = 5, .decay = decay_curve::cosine, .decay_end = 6}).empty());
  CHECK(reason_of({.decay = decay_curve::inverse_square_root}).empty());
  CHECK(reason_of({.decay = decay_curve::exponential, .decay_end = 6}) == "an exponential decay needs a floor above 0");
  CHECK(reason_of({.decay_floor = 1.5f}) == "the floor of the decay lies between 0 and 1");
  CHECK(reason_of({.average_decay = 1.0f}) == "the decay of the average must lie in [0, 1)");
  CHECK(reason_of({.warm_up = 5, .decay_end = 5}).empty());
}
