// A measured fraction and how far it can be trusted.
#pragma once

#include <cstdint>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::statistics {

// `value` of `trials` had the property. Without trials the value is 0 and means nothing.
struct fraction {
  double value = 0;
  double standard_error = 0;
  std::uint64_t trials = 0;
};

// Counts hits among trials that come in groups, a group being what was drawn independently: a sentence has many nodes, whose
// fates are tied together, so that the standard error must be taken over sentences.
class grouped_counts {
 public:
  // hits <= trials, both below 2^20 or so, for the sums of squares.
  constexpr void add(std::uint64_t hits, std::uint64_t trials) {
    ++groups_;
    hits_ += hits;
    trials_ += trials;
    hits_hits_ += hits * hits;
    hits_trials_ += hits * trials;
    trials_trials_ += trials * trials;
  }

  // Ratio of the sums, with the standard error of a ratio estimate: sqrt(g / (g - 1) sum (hits - value trials)^2) / sum of
  // trials over g groups (Cochran, "Sampling techniques", 1977, chapter 6). For groups of one trial this is the binomial
  // sqrt(p (1 - p) / (g - 1)). The standard error of a single group is 0, because it cannot be known.
  [[nodiscard]] fraction value() const {
    if (trials_ == 0) return {};
    const auto total = static_cast<double>(trials_), groups = static_cast<double>(groups_);
    const double ratio = static_cast<double>(hits_) / total;
    const double squares = static_cast<double>(hits_hits_) - 2 * ratio * static_cast<double>(hits_trials_) +
                           ratio * ratio * static_cast<double>(trials_trials_);
    const bool known = groups_ > 1 && squares > 0;
    return {ratio, known ? __builtin_sqrt(groups / (groups - 1) * squares) / total : 0, trials_};
  }

 private:
  std::uint64_t groups_ = 0, hits_ = 0, trials_ = 0;
  std::uint64_t hits_hits_ = 0, hits_trials_ = 0, trials_trials_ = 0;
};

}}}  // namespace frond::lab::statistics

#include <frond/config/epilogue.hpp>
