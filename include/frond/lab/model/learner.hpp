// A network that learns: its weights, the optimiser's state and all memory in one object, for people on a PC.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <frond/core/checked.hpp>
#include <frond/core/concepts.hpp>
#include <frond/core/hash.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/lab/evaluation/cross_entropy.hpp>
#include <frond/lab/io/checkpoint.hpp>
#include <frond/lab/io/weights.hpp>
#include <frond/lab/model/split.hpp>
#include <frond/lab/model/writing.hpp>
#include <frond/lab/parallel/thread_pool.hpp>
#include <frond/nn/guided_denoiser.hpp>
#include <frond/nn/guided_vector_denoiser.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/label.hpp>
#include <frond/nn/layers.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/plan_storage.hpp>
#include <frond/nn/vector_denoiser.hpp>
#include <frond/train/fit.hpp>
#include <frond/train/trainer.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::model {

// How a learner trains.
struct learner_options {
  train::trainer_options training{};
  train::fit_options fit{};     // a validation takes all held-out data where they are fewer than its validation_count
  std::uint32_t patience = 10;  // validations without a lower loss that end the training
  nn::initialisation weights = nn::initialisation::he_zero_readout;
  std::size_t threads = 1;  // any number gives the same bits
};

// Why a training ended: its loss fell no more, all its steps were made, or the program wanted it.
enum class training_end : std::uint8_t { not_yet, no_improvement, all_steps, watch };

// One validation: losses in the units of train::evaluate(), the training loss being the mean since the last validation.
struct learning_point {
  std::uint64_t step = 0;
  float training = 0, validation = 0;
};

namespace detail {

template <class Problem>
struct process_of {
  using type = void;  // of vectors
};
template <class Source, class Process>
struct process_of<train::denoising<Source, Process>> {
  using type = Process;
};

}  // namespace detail

// Owns everything that a training needs but the data. Problem is train::denoising or train::vector_denoising, see split().
// Layers: see nn::every_layer_and.
template <class Problem, class Layers = nn::every_layer>
class learner {
  static_assert(train::problem<Problem>, "this is no training problem: see problem in train/problem.hpp");

 public:
  // The weights begin as a function of `key`. Where something does not fit together check() says why, and train() fails with
  // the same sentence before its first step.
  template <std::size_t Capacity>
  learner(const nn::plan_storage<Capacity>& network, const split_problem<Problem>& data, const learner_options& o, seed key,
          Layers = {})
      : layers_(copy_layers(network)), plan_(copy_plan(network, layers_)), data_(data), options_(bounded(o, data)),
        pool_(o.threads), weights_(plan_.parameter_count), kept_(plan_.parameter_count + 2 * most_points()),
        memory_(network.state() && o.training.check() ? train::training_memory(plan_, o.training, pool_.workers()) : 0),
        trainer_(plan_, data_.training, o.training, weights_, memory_, pool_), stopping_{.patience = o.patience},
        misfit_(find_misfit(network.state())) {
    if (misfit_) misfit_ = nn::initialise<Layers>(plan_, o.weights, key, weights_);
    if (misfit_) std::copy(weights_.begin(), weights_.end(), kept_.begin());
    hasher start;
    start.add(std::span<const float>(weights_));
    start_hash_ = start.value();
  }
  learner(const learner&) = delete;
  learner& operator=(const learner&) = delete;

  [[nodiscard]] const status& check() const { return misfit_; }

  // Trains until the loss on the held-out data falls no more, and keeps the weights of its minimum. watch(point) is called
  // after each validation; where it returns false the training ends early.
  template <class Watch>
  status train(const Watch& watch) {
    return run({}, watch);
  }
  status train() {
    return train([](const learning_point&) {});
  }
  // The same, going on from the checkpoint where there is one, and writing it at each validation. Of the options only those
  // that change no bit may differ from those of the checkpoint, and patience and max_steps, which may be larger: a run that has
  // ended then goes on.
  template <class Watch>
  status train(const std::string& checkpoint, const Watch& watch) {
    return run(checkpoint, watch);
  }

  // Why the last training ended.
  [[nodiscard]] training_end ended() const { return ended_; }

  // All validations so far, those before a resumption too.
  [[nodiscard]] std::vector<learning_point> curve() const {
    std::vector<learning_point> points;
    for (std::size_t i = 0; i < most_points(); ++i) {
      const float* const at = kept_.data() + plan_.parameter_count + 2 * i;
      const std::uint64_t step = smaller((i + 1) * options_.fit.evaluate_every, options_.fit.max_steps);
      if (step <= trainer_.steps()) points.push_back({step, at[0], at[1]});
    }
    return points;
  }

  [[nodiscard]] const nn::plan& network() const { return plan_; }
  // The weights with the lowest loss so far, at first those of the start.
  [[nodiscard]] std::span<const float> weights() const { return std::span(kept_).first(plan_.parameter_count); }
  status save(const std::string& path) const { return io::save_weights(path, plan_, weights()); }
  status load(const std::string& path) { return io::load_weights(path, plan_, std::span(kept_).first(plan_.parameter_count)); }

  // A denoiser with these weights, without labels; it refers to this object.
  [[nodiscard]] auto denoiser() {
    const std::span<float> scratch = scratch_for(rows_at_once);
    if constexpr (of_symbols)
      return nn::network_denoiser<process_type, Layers>(plan_, data_.held_out.process, weights(), scratch);
    else
      return nn::basic_vector_denoiser<Layers>(plan_, data_.held_out.form, weights(), scratch);
  }
  // The same for a network that learned with labels.
  [[nodiscard]] auto denoiser(const nn::guidance& guide) {
    const std::span<float> scratch = scratch_for(2 * rows_at_once);
    if constexpr (of_symbols)
      return nn::guided_denoiser<process_type, Layers>(plan_, data_.held_out.process, guide, weights(), scratch);
    else
      return nn::basic_guided_vector_denoiser<Layers>(plan_, data_.held_out.form, guide, weights(), scratch);
  }

  // `count` new sentences [count][length], or vectors [count][dimension], with the schedule that was learned.
  [[nodiscard]] auto sample(seed key, std::size_t count, const writing_options& o = {}) {
    return sample(key, count, o, [](std::uint32_t, const auto&) {});
  }
  // The same for people who want to look on: watch(time, data) after each step of the first rows_at_once data, then of the
  // next.
  template <class Watch>
  [[nodiscard]] auto sample(seed key, std::size_t count, const writing_options& o, const Watch& watch) {
    result<std::vector<datum>> made{std::vector<datum>(count * width()), misfit_};
    if (!misfit_) return made;
    const std::uint32_t classes = data_.held_out.labels.classes;
    if (classes == 0 && o.label != nn::no_label) made.state = {"this network learned without labels"};
    if (!made.state) return made;
    if (classes > 0) {
      auto model = denoiser(nn::guidance{classes, o.label, o.guidance});
      made.state = detail::write(model, data_.held_out, key, o, rows_at_once, std::span(made.value), watch);
    } else {
      auto model = denoiser();
      made.state = detail::write(model, data_.held_out, key, o, rows_at_once, std::span(made.value), watch);
    }
    return made;
  }

  // The loss on `count` held-out examples beside that of another denoiser, such as the exact one.
  template <class Reference>
  requires std::same_as<typename Problem::target, symbol>
  [[nodiscard]] evaluation::excess_loss compare(Reference& reference, std::size_t count) {
    auto model = denoiser();
    return evaluation::compare_losses(model, reference, data_.held_out, count);
  }

 private:
  static constexpr bool of_symbols = std::same_as<typename Problem::target, symbol>;
  static constexpr std::size_t rows_at_once = 32;
  using datum = typename Problem::target;
  using process_type = typename detail::process_of<Problem>::type;

  [[nodiscard]] std::size_t width() const { return of_symbols ? plan_.input_positions : plan_.output_size(); }
  [[nodiscard]] std::span<float> scratch_for(std::size_t rows) {
    scratch_.resize(plan_.scratch_size * rows);
    return scratch_;
  }

  template <std::size_t Capacity>
  static std::vector<nn::layer> copy_layers(const nn::plan_storage<Capacity>& network) {
    if (!network.state()) return {};
    const auto from = network.view().layers;
    return {from.begin(), from.end()};
  }
  template <std::size_t Capacity>
  static nn::plan copy_plan(const nn::plan_storage<Capacity>& network, const std::vector<nn::layer>& layers) {
    if (!network.state()) return {};
    nn::plan copy = network.view();
    copy.layers = layers;
    return copy;
  }

  static learner_options bounded(learner_options o, const split_problem<Problem>& data) {
    o.fit.validation_count = smaller(o.fit.validation_count, to_size(data.held_out.data.count));
    return o;
  }
  [[nodiscard]] std::size_t most_points() const {
    const train::fit_options& f = options_.fit;
    return f.evaluate_every == 0 ? 0 : to_size((f.max_steps + f.evaluate_every - 1) / f.evaluate_every);
  }

  [[nodiscard]] status find_misfit(const status& built) const {
    if (!built) return built;
    if (!trainer_.check()) return trainer_.check();
    if (const status fits = options_.fit.check(); !fits) return fits;
    if (const status fits = train::check_problem(plan_, data_.held_out); !fits) return fits;
    return {};
  }

  template <class Watch>
  status run(const std::string& checkpoint, const Watch& watch) {
    if (!misfit_) return misfit_;
    std::vector<io::run_setting> settings;
    if (!checkpoint.empty())
      settings = {{start_hash_, "this checkpoint began with other weights: another seed or initialisation"},
                  {io::problem_hash(plan_, data_.held_out), "this checkpoint was validated on other data"},
                  {options_.fit.validation_count, "this checkpoint was validated on another number of data: {}"},
                  {options_.fit.evaluate_every, "this checkpoint was validated every {} steps"}};
    if (!checkpoint.empty() && std::filesystem::exists(checkpoint))
      if (const status loaded = io::load_checkpoint(checkpoint, trainer_, stopping_, std::span<float>(kept_), settings);
          !loaded)
        return loaded;
    std::vector<float> room(
        train::evaluation_memory(plan_, options_.fit.validation_count, options_.fit.block_rows, pool_.workers()));
    status saved;
    const auto after = [&](std::uint64_t step, float training, float validation) {
      const std::size_t at = plan_.parameter_count + 2 * to_size((step - 1) / options_.fit.evaluate_every);
      kept_[at] = training;
      kept_[at + 1] = validation;
      bool go_on = true;
      if constexpr (std::same_as<decltype(watch(learning_point{})), bool>)
        go_on = watch(learning_point{step, training, validation});
      else
        watch(learning_point{step, training, validation});
      if (!checkpoint.empty()) saved = io::save_checkpoint(checkpoint, trainer_, stopping_, kept_, settings);
      if (!go_on) ended_ = training_end::watch;
      return go_on && saved.ok();
    };
    ended_ = training_end::not_yet;
    const status done = train::fit(trainer_, data_.held_out, options_.fit, stopping_,
                                   std::span(kept_).first(plan_.parameter_count), std::span<float>(room), pool_, after);
    if (done && saved && ended_ == training_end::not_yet)
      ended_ = trainer_.steps() >= options_.fit.max_steps ? training_end::all_steps : training_end::no_improvement;
    return done ? saved : done;
  }

  std::vector<nn::layer> layers_;
  nn::plan plan_;
  split_problem<Problem> data_;
  learner_options options_;
  parallel::thread_pool pool_;
  std::vector<float> weights_, kept_;  // of the last step; the best ones, then the curve
  std::vector<float> memory_, scratch_;
  train::trainer<Problem, parallel::thread_pool, Layers> trainer_;
  train::early_stopping stopping_;
  status misfit_;
  std::uint64_t start_hash_ = 0;  // of the first weights
  training_end ended_ = training_end::not_yet;
};

}}}  // namespace frond::lab::model

#include <frond/config/epilogue.hpp>
