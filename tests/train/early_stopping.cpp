#include <doctest/doctest.h>

#include <frond/train/early_stopping.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace frond;

TEST_CASE("training goes on while the loss falls, and stops after `patience` evaluations without a better one") {
  train::early_stopping stop{.patience = 3};
  std::vector<float> best(2);
  const float losses[] = {2.0f, 1.5f, 1.6f, 1.5f, 1.2f, 1.3f, std::nanf(""), 1.2f, 0.1f};
  const bool go_on[] = {true, true, true, true, true, true, true, false};
  const std::uint64_t best_steps[] = {0, 10, 10, 10, 40, 40, 40, 40};
  for (std::uint64_t i = 0; i < 8; ++i) {
    const std::vector<float> parameters{static_cast<float>(i), -static_cast<float>(i)};
    CHECK(stop.go_on(losses[i], 10 * i, parameters, best) == go_on[i]);
    CHECK(stop.best_step == best_steps[i]);
    CHECK(best[0] == static_cast<float>(best_steps[i]) / 10.0f);
    CHECK(best[1] == -best[0]);
  }
  CHECK(stop.best_loss == 1.2f);
  CHECK(stop.stale == 3);
}

TEST_CASE("a loss that is no number is never the best") {
  train::early_stopping stop{.patience = 2};
  std::vector<float> best{5.0f};
  CHECK(stop.go_on(std::nanf(""), 1, std::vector<float>{1.0f}, best));
  CHECK_FALSE(stop.go_on(std::nanf(""), 2, std::vector<float>{2.0f}, best));
  CHECK(best[0] == 5.0f);
  CHECK(stop.best_step == 0);
}

TEST_CASE("a copy of the value and of the kept weights continues a run") {
  train::early_stopping stop{.patience = 2};
  std::vector<float> best(1);
  static_cast<void>(stop.go_on(1.0f, 1, std::vector<float>{1.0f}, best));
  static_cast<void>(stop.go_on(1.5f, 2, std::vector<float>{2.0f}, best));
  train::early_stopping resumed = stop;
  CHECK_FALSE(resumed.go_on(1.1f, 3, std::vector<float>{3.0f}, best));
  CHECK(best[0] == 1.0f);
}
