// Data cut into training and held-out data, as problems that a learner takes.
#pragma once

#include <cstdint>

#include <frond/core/concepts.hpp>
#include <frond/core/seed.hpp>
#include <frond/diffusion/parametrisation.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/diffusion/schedule.hpp>
#include <frond/train/problem.hpp>
#include <frond/train/vector_denoising.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::model {

// How many data are learned, and how many that follow them are held out, in the order of the source; source::shuffled mixes
// data that are sorted. training = 0: all that the source has but the held-out ones; where a source has no end, every example
// is then a new datum, and the held-out ones are those from 2^63 on.
struct split_sizes {
  std::uint64_t training = 0;
  std::uint64_t held_out = 1000;
};

// What is learned, and what stops the learning.
template <class Problem>
struct split_problem {
  Problem training, held_out;

  // The same with labels, a window of times or a weight of the loss, for both.
  [[nodiscard]] split_problem with(const train::condition& labels) const {
    split_problem changed = *this;
    changed.training.labels = changed.held_out.labels = labels;
    return changed;
  }
  [[nodiscard]] split_problem with(const train::time_window& window) const {
    split_problem changed = *this;
    changed.training.window = changed.held_out.window = window;
    return changed;
  }
  [[nodiscard]] split_problem with(train::loss_weight weighting) const {
    split_problem changed = *this;
    changed.training.weighting = changed.held_out.weighting = weighting;
    return changed;
  }
};

namespace detail {

template <class Source>
split_problem<train::data_set<Source>> split_data(const Source& from, split_sizes sizes, seed key) {
  if constexpr (requires { from.count(); }) {
    const std::uint64_t all = from.count();
    if (sizes.training == 0 && sizes.held_out < all) sizes.training = all - sizes.held_out;
  }
  const std::uint64_t first = sizes.training == 0 ? std::uint64_t{1} << 63 : sizes.training;
  return {{from, key, 0, sizes.training}, {from, key, first, sizes.held_out}};
}

}  // namespace detail

// Sentences under a noise process. The data have seed key, the noise of the training data key + 1, that of the held-out ones
// key + 2.
template <class Source, class Process>
split_problem<train::denoising<Source, Process>> split(const Source& from, const Process& process,
                                                       const diffusion::schedule& times, split_sizes sizes, seed key) {
  const auto data = detail::split_data(from, sizes, key);
  return {{data.training, process, times, seed{key.value + 1}}, {data.held_out, process, times, seed{key.value + 2}}};
}

// Vectors under Gaussian noise, in a parametrisation; the seeds likewise.
template <class Source>
split_problem<train::vector_denoising<Source>> split(const Source& from, const diffusion::schedule& times,
                                                     const diffusion::parametrisation& form, split_sizes sizes, seed key) {
  const auto data = detail::split_data(from, sizes, key);
  return {{data.training, times, seed{key.value + 1}, form}, {data.held_out, times, seed{key.value + 2}, form}};
}

}}}  // namespace frond::lab::model

#include <frond/config/epilogue.hpp>
