#include <doctest/doctest.h>

#include <frond/nn/vector_denoiser.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include "reference.hpp"

using namespace frond;

namespace {

// What a denoiser of these sizes says of itself; it must then answer nothing.
std::string reason_of(const reference::net& n, std::size_t missing_parameters = 0, std::size_t missing_scratch = 0,
                      float weight = 0.5f) {
  const auto built = reference::build(n);
  const std::vector<float> parameters(built.view().parameter_count - missing_parameters, weight);
  std::vector<float> scratch(built.view().scratch_size - missing_scratch, 0.25f), mean(64, 7.0f);
  nn::vector_denoiser model(built.view(), {}, parameters, scratch);
  if (!model.check() && weight > 0) {
    CHECK_FALSE(model.predict(std::vector<float>(64), std::vector<float>(16), mean).ok());
    CHECK(mean == std::vector<float>(64, 7.0f));
    CHECK(scratch == std::vector<float>(scratch.size(), 0.25f));
  }
  return text(model.check()).c_str();
}

}  // namespace

TEST_CASE("a denoiser of vectors that does not fit together says why and answers nothing") {
  using namespace reference;
  CHECK(reason_of({1, 5, {dense(4)}}).empty());
  CHECK(reason_of({1, 4, {dense(4)}}) == "the network takes 4 numbers, this noise needs 5: the vector and its noise level");
  CHECK(reason_of({1, 5, {dense(4)}}, 1) == "there are 23 parameters, the network has 24");
  CHECK(reason_of({1, 5, {dense(4)}}, 0, 1).ends_with(" floats does not hold one row, which takes 32"));
  CHECK(reason_of({1, 5, {dense(3), dense(4)}}, 0, 0, 0.0f) ==
        "all 34 parameters are zero: they were neither initialised nor loaded");
}

TEST_CASE("a question whose sizes disagree is refused") {
  const auto built = reference::build({1, 5, {reference::dense(4)}});
  const std::vector<float> parameters(24, 0.5f);
  std::vector<float> scratch(built.view().scratch_size), mean(8, 7.0f);
  nn::vector_denoiser model(built.view(), {}, parameters, scratch);
  const std::vector<float> noisy(8), levels(3);
  CHECK_FALSE(model.predict(noisy, levels, mean).ok());
  CHECK_FALSE(model.predict(noisy, std::span(levels).first(1), mean).ok());
  CHECK_FALSE(model.predict(noisy, std::span(levels).first(2), std::span(mean).first(4)).ok());
  CHECK(mean == std::vector<float>(8, 7.0f));
  CHECK(model.predict(noisy, std::span(levels).first(2), mean).ok());
}
