// Trainings that are saved and resumed.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <doctest/doctest.h>
#include <functional>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <frond/diffusion/process.hpp>
#include <frond/lab/io/checkpoint.hpp>
#include <frond/lab/io/weights.hpp>
#include <frond/lab/parallel/thread_pool.hpp>

#include "../../train/problems.hpp"
#include "limits.hpp"
#include "temporary.hpp"

namespace checkpoint_session {

using namespace frond;
using train::decay_curve;
using train::optimiser_kind;

// The rate depends on the step all the time, so that a run that lost count is seen.
inline train::trainer_options options_of(optimiser_kind kind) {
  return {.optimiser = {.kind = kind,
                        .learning_rate = 0.02f,
                        .weight_decay = 0.01f,
                        .warm_up = 7,
                        .decay = decay_curve::cosine,
                        .decay_end = 60,
                        .clip_norm = 0.5f},
          .batch = 21,
          .shard_rows = 4,
          .block_rows = 3,
          .parallel_operations = 0};
}

// A training run with everything that belongs to it.
template <class Problem = problems::regression, class Executor = const serial_executor>
struct session {
  explicit session(const train::trainer_options& o, std::uint64_t key = 7, Executor& workers = calling_thread,
                   const Problem& problem = {seed{9}})
      : built(reference::build(problems::net_of<Problem>())), parameters(problems::initial(built.view(), key)),
        memory(train::training_memory(built.view(), o, workers.workers()), std::nanf("")), kept(parameters.size() + 1, 0.5f),
        trainer(built.view(), problem, o, std::span<float>(parameters), std::span<float>(memory), workers) {}
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  // Trains up to a step. Every third one is an evaluation, with its step as what else is remembered.
  void train_to(std::uint64_t step) {
    while (trainer.steps() < step) {
      const float loss = trainer.step();
      if (trainer.steps() % 3 != 0) continue;
      static_cast<void>(stopping.go_on(loss, trainer.steps(), parameters, std::span(kept).first(parameters.size())));
      kept.back() = static_cast<float>(trainer.steps());
    }
  }

  [[nodiscard]] status save(const std::string& path) const { return lab::io::save_checkpoint(path, trainer, stopping, kept); }
  [[nodiscard]] status load(const std::string& path) {
    return lab::io::load_checkpoint(path, trainer, stopping, std::span<float>(kept));
  }

  // Everything, for comparison bit by bit.
  [[nodiscard]] std::vector<std::uint64_t> contents() const {
    std::vector<std::uint64_t> all{trainer.steps(), stopping.best_step, stopping.stale, stopping.patience,
                                   __builtin_bit_cast(std::uint32_t, stopping.best_loss)};
    for (const std::span<const float> values :
         {std::span<const float>(parameters), std::span<const float>(trainer.state()), std::span<const float>(kept)})
      for (const float value : values) all.push_back(__builtin_bit_cast(std::uint32_t, value));
    return all;
  }

  reference::storage built;
  std::vector<float> parameters, memory, kept;
  train::trainer<Problem, Executor> trainer;
  train::early_stopping stopping{};
};

inline void check_refused(const std::function<status()>& load, const std::function<std::vector<std::uint64_t>()>& contents,
                          const std::string& reason, std::size_t position) {
  const auto before = contents();
  const status refused = load();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.reason == reason);
  CHECK(refused.position == position);
  CHECK(contents() == before);
}

// A run of its own, some steps old, into which a file is loaded that it must refuse.
inline void check_refused(const std::string& path, const train::trainer_options& o, const std::string& reason,
                          std::size_t position) {
  session other(o, 8);
  other.train_to(4);
  check_refused([&] { return other.load(path); }, [&] { return other.contents(); }, reason, position);
}

}  // namespace checkpoint_session
