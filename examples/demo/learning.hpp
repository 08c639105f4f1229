// Training with a record of what was learned when; it can be stopped at any time and goes on from the last checkpoint.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <frond/lab/hierarchy.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/parallel.hpp>
#include <frond/lab/sweep/progress.hpp>

#include "../common/demand.hpp"
#include "setup.hpp"

namespace demo {

using lab::sweep::progress;

// `count` sentences from any denoiser; models has one for each worker. Sentence i depends on the key and i alone.
template <class Model>
std::vector<symbol> draw(lab::parallel::thread_pool& pool, std::vector<Model>& models, seed key,
                         const diffusion::schedule& times, std::size_t count, progress* shown = nullptr) {
  constexpr std::size_t rows = 16;
  std::vector<symbol> sentences(count * length);
  std::vector<float> memory(pool.workers() * diffusion::sampling_memory(length, shape.vocabulary, rows));
  const std::size_t share = memory.size() / pool.workers();
  std::atomic<std::size_t> done = 0;
  pool.run(count / rows, [&](std::size_t task, std::size_t worker) {
    const diffusion::sampling_options options{.noise = times, .first = task * rows};
    const status drawn =
        diffusion::sample(noise, models[worker], key, options, std::span<float>(memory).subspan(worker * share, share),
                          std::span<symbol>(sentences).subspan(task * rows * length, rows * length));
    common::demand(drawn);
    done += rows;
    if (shown && worker == 0) shown->update(static_cast<double>(done));
  });
  return sentences;
}

// One denoiser per worker from one set of weights.
class learned_models {
 public:
  learned_models(std::span<const float> weights, std::size_t workers) {
    scratch_.resize(workers, std::vector<float>(plan.scratch_size * 16));
    for (auto& memory : scratch_) models_.emplace_back(plan, noise, weights, memory);
  }
  [[nodiscard]] std::vector<nn::network_denoiser<diffusion::uniform>>& models() { return models_; }

 private:
  std::vector<std::vector<float>> scratch_;
  std::vector<nn::network_denoiser<diffusion::uniform>> models_;
};

// One row of the learning curve: losses in nats a token, and the strict accuracy of each level where it was measured, else NaN.
struct milestone {
  float training_loss = 0, validation_loss = 0;
  float strict[shape.depth] = {};
};

struct learned {
  std::vector<float> weights;  // those with the lowest validation loss
  std::vector<milestone> curve;
  std::uint64_t best_step = 0;
};

class learner {
 public:
  static constexpr std::uint64_t evaluate_every = 100;

  learner(const grammar::rhm_view& rules, const seeds& keys, std::uint64_t steps, lab::parallel::thread_pool& pool,
          std::string folder)
      : rules_(rules), keys_(keys), steps_(steps), pool_(pool), folder_(std::move(folder)), options_(training_options(steps)),
        problem_(training_problem(rules, keys)), weights_(plan.parameter_count),
        kept_(plan.parameter_count + milestones(steps) * milestone_size),
        memory_(train::training_memory(plan, options_, pool.workers())),
        evaluation_(train::evaluation_memory(plan, validation_sentences, 32, pool.workers())),
        trainer_(plan, problem_, options_, weights_, memory_, pool) {
    nn::initialise(plan, nn::initialisation::he_zero_readout, keys.weights(), weights_);
  }

  // Trains to the end, or says why a checkpoint that is there cannot be used.
  result<learned> run() {
    if (std::filesystem::exists(checkpoint()))
      if (const status resumed = resume(); !resumed) return {{}, resumed};
    progress shown("training", static_cast<double>(steps_), static_cast<double>(trainer_.steps()));
    while (trainer_.steps() < steps_) {
      loss_ += trainer_.step();
      common::demand(trainer_.check());
      shown.update(static_cast<double>(trainer_.steps()), remark_);
      if (trainer_.steps() % evaluate_every == 0 || trainer_.steps() == steps_)
        if (const status kept = evaluate(); !kept) return {{}, kept};
    }
    std::error_code still_there;  // then the next run goes on from the end
    std::filesystem::remove(checkpoint(), still_there);
    const std::span<const float> best = best_weights();
    return {{{best.begin(), best.end()}, curve(), stopping_.best_step}, {}};
  }

 private:
  static constexpr std::size_t milestone_size = 2 + shape.depth;
  static constexpr std::size_t milestones(std::uint64_t steps) { return (steps + evaluate_every - 1) / evaluate_every; }

  [[nodiscard]] std::string checkpoint() const { return folder_ + "/demo.checkpoint"; }

  // What a checkpoint carries besides the trainer's own state: the best weights, then the milestones.
  [[nodiscard]] std::span<float> best_weights() { return std::span<float>(kept_).first(plan.parameter_count); }
  [[nodiscard]] std::span<float> milestone_at(std::size_t i) {
    return std::span<float>(kept_).subspan(plan.parameter_count + i * milestone_size, milestone_size);
  }
  [[nodiscard]] std::vector<milestone> curve() {
    std::vector<milestone> all(milestones(trainer_.steps()));
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::span<const float> numbers = milestone_at(i);
      all[i].training_loss = numbers[0];
      all[i].validation_loss = numbers[1];
      std::copy(numbers.begin() + 2, numbers.end(), all[i].strict);
    }
    return all;
  }

  // Levels are measured more often early on, where they change.
  [[nodiscard]] bool snapshot_due() const {
    const std::uint64_t mark = trainer_.steps() / evaluate_every;
    return mark <= 2 || mark == 4 || mark % 4 == 3 || trainer_.steps() == steps_;
  }

  status evaluate() {
    const problem held_out = validation_problem(rules_, keys_);
    const std::span<float> now = milestone_at(milestones(trainer_.steps()) - 1);
    now[0] = loss_ / static_cast<float>((trainer_.steps() - 1) % evaluate_every + 1);
    now[1] = train::evaluate(plan, std::span<const float>(weights_), held_out, 0, validation_sentences, 32,
                             std::span<float>(evaluation_), pool_);
    loss_ = 0;
    std::fill(now.begin() + 2, now.end(), std::nanf(""));
    if (snapshot_due()) {
      learned_models models(weights_, pool_.workers());
      lab::hierarchy::rule_accuracy accuracy(rules_);
      accuracy.add(draw(pool_, models.models(), keys_.samples(), snapshot_times, 128));
      for (std::uint32_t l = 1; l <= shape.depth; ++l) now[1 + l] = static_cast<float>(accuracy.level(l).strict.value);
    }
    char text[64];
    std::snprintf(text, sizeof text, " (validation loss %.3f nats)", static_cast<double>(now[1]));
    remark_ = text;
    // The schedule of the rate has a fixed end, so all steps are taken; what counts is the best weights on the way.
    static_cast<void>(stopping_.go_on(now[1], trainer_.steps(), weights_, best_weights()));
    return lab::io::save_checkpoint(checkpoint(), trainer_, stopping_, kept_);
  }

  status resume() {
    const status loaded = lab::io::load_checkpoint(checkpoint(), trainer_, stopping_, kept_);
    if (loaded) std::printf("going on from step %llu\n", static_cast<unsigned long long>(trainer_.steps()));
    return loaded;
  }

  grammar::rhm_view rules_;
  seeds keys_;
  std::uint64_t steps_;
  lab::parallel::thread_pool& pool_;
  std::string folder_;
  train::trainer_options options_;
  problem problem_;
  std::vector<float> weights_, kept_, memory_, evaluation_;
  train::trainer<problem, lab::parallel::thread_pool> trainer_;
  train::early_stopping stopping_{};
  std::string remark_;
  float loss_ = 0;
};

}  // namespace demo
