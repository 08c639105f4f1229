// How a learner writes new data.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/gaussian.hpp>
#include <frond/diffusion/gaussian_sampler.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/diffusion/stepper.hpp>
#include <frond/nn/label.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::model {

// What is written, and how.
struct writing_options {
  std::uint32_t label = nn::no_label;        // of all data, if the network learned with labels
  float guidance = 0.0f;                     // how strongly the label is followed, see nn::guidance
  std::span<const symbol> given{};           // of sentences: tokens that stay, see diffusion::sampling_options
  std::span<const std::uint32_t> lengths{};  // of sentences: tokens of each
  std::uint64_t first = 0;                   // the number of the first datum
  diffusion::solver method = diffusion::gaussian_sampling_options{}.method;  // of vectors
};

namespace detail {

// Data of a problem's noise and times, so many rows at once; watch(time, rows) after each of their steps. The width of a row is
// that of the model.
template <class Model, class Problem, class Datum, class Watch>
status write(Model& model, const Problem& problem, seed key, const writing_options& o, std::size_t rows_at_once,
             std::span<Datum> out, const Watch& watch) {
  constexpr bool of_symbols = std::same_as<Datum, symbol>;
  std::size_t width = 0;
  if constexpr (of_symbols)
    width = model.length();
  else
    width = model.dimension();
  const std::size_t rows = out.size() / width, given = o.given.size(), lengths = o.lengths.size();
  if (given != 0 && given != width && given != out.size()) return {"give tokens for one sentence or for each of them", given};
  if (lengths > 1 && lengths != rows) return {"there are {} lengths for {} sentences", lengths, {rows}};
  for (std::size_t begin = 0; begin < rows; begin += rows_at_once) {
    const std::size_t count = smaller(rows - begin, rows_at_once);
    const std::span<Datum> part = out.subspan(begin * width, count * width);
    const auto walk = [&](auto&& steps) {
      while (steps.check() && steps.time() > 0)
        if (steps.step()) watch(steps.time(), std::span<const Datum>(part));
      return steps.check();
    };
    std::vector<float> room;
    status done;
    if constexpr (of_symbols) {
      const diffusion::sampling_options all{.noise = problem.times, .first = o.first, .given = o.given, .lengths = o.lengths};
      room.resize(diffusion::sampling_memory(width, model.vocabulary(), count));
      done = walk(diffusion::stepper(problem.process, model, key, diffusion::part_of(all, begin, count, width), room, part));
    } else {
      room.resize(diffusion::gaussian_sampling_memory(o.method, width, count));
      done =
          walk(diffusion::gaussian_stepper(diffusion::gaussian{}, model, key,
                                           {.noise = problem.times, .method = o.method, .first = o.first + begin}, room, part));
    }
    if (!done) return done;
  }
  return {};
}

}  // namespace detail

}}}  // namespace frond::lab::model

#include <frond/config/epilogue.hpp>
