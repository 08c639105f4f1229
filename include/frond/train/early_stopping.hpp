// When to stop, and which weights to keep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace train {

// Keeps the weights with the lowest validation loss, and says when `patience` evaluations in a row brought nothing better.
// A plain value: with the kept weights, it is all that a resumed run needs.
struct early_stopping {
  std::uint32_t patience = 10;
  std::uint32_t stale = 0;  // evaluations since the best one
  float best_loss = std::numeric_limits<float>::infinity();
  std::uint64_t best_step = 0;

  // Takes the loss after `step` steps; copies the parameters to `best` if it is the lowest so far (a NaN never is). True while
  // training should go on.
  [[nodiscard]] bool go_on(float loss, std::uint64_t step, std::span<const float> parameters, std::span<float> best) {
    const bool fits = best.size() >= parameters.size();
    FROND_ASSERT(fits, "the best weights need as much room as the parameters");
    if (fits && loss < best_loss) {
      best_loss = loss;
      best_step = step;
      stale = 0;
      __builtin_memcpy(best.data(), parameters.data(), parameters.size() * sizeof(float));
    } else {
      ++stale;
    }
    return stale < patience;
  }
};

}}}  // namespace frond::train

#include <frond/config/epilogue.hpp>
