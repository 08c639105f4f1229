// What the numbers of a run depend on beside its name, as text: "rate=0.002 batch=64".
#pragma once

#include <charconv>
#include <string>
#include <type_traits>

#include <frond/diffusion/parametrisation.hpp>
#include <frond/diffusion/schedule.hpp>
#include <frond/lab/spiked/sphere_runs.hpp>
#include <frond/lab/vectors/neuron.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/train/optimiser.hpp>
#include <frond/train/trainer.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::sweep {

// Numbers by name, in the order in which they are added. Two runs whose numbers differ have different texts.
class protocol {
 public:
  template <class Number>
  protocol& add(const std::string& what, Number value) {
    if constexpr (std::is_enum_v<Number>) {
      return add(what, static_cast<unsigned>(value));
    } else {
      char digits[32];
      if (!text_.empty()) text_ += ' ';
      text_.append(what).append("=").append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
      return *this;
    }
  }
  protocol& add(const train::optimiser_options& o) {
    add("method", o.kind)
        .add("rate", o.learning_rate)
        .add("momentum", o.momentum)
        .add("beta_1", o.beta_1)
        .add("beta_2", o.beta_2)
        .add("epsilon", o.epsilon)
        .add("weight_decay", o.weight_decay)
        .add("warm_up", o.warm_up)
        .add("decay", o.decay)
        .add("decay_end", o.decay_end)
        .add("clip_norm", o.clip_norm);
    if (o.decay_floor > 0.0f) add("decay_floor", o.decay_floor);
    if (o.average_decay > 0.0f) add("average_decay", o.average_decay);
    return *this;
  }
  protocol& add(const train::trainer_options& o) {
    return add(o.optimiser).add("batch", o.batch).add("shard_rows", o.shard_rows);
  }
  protocol& add(const source::spikes& s) {
    return add("mean", s.mean)
        .add("covariance", s.covariance)
        .add("cumulant", s.cumulant)
        .add("law", s.hidden.distribution)
        .add("coupling", s.hidden.coupling)
        .add("strength", s.hidden.strength)
        .add("probability", s.hidden.probability);
  }
  protocol& add(const lab::vectors::neuron& n) {
    return add("activation", n.kind).add("amplitude", n.amplitude).add("gain", n.gain).add("shift", n.shift);
  }
  protocol& add(const lab::spiked::sphere_problem& p) {
    return add(p.data)
        .add(p.unit)
        .add("alpha_bar", p.alpha_bar)
        .add("skip", p.skip)
        .add("delta", p.delta)
        .add("start_v", p.start_v)
        .add("max_steps", p.max_steps)
        .add("threshold_u", p.threshold_u)
        .add("threshold_v", p.threshold_v);
  }
  protocol& add(const diffusion::schedule& times) {
    return add("schedule", times.kind)
        .add("times", times.steps)
        .add("noisiest", times.noisiest)
        .add("cleanest", times.cleanest)
        .add("level", times.level);
  }
  protocol& add(const diffusion::parametrisation& form) { return add("target", form.target).add("input", form.input); }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}}}  // namespace frond::lab::sweep

#include <frond/config/epilogue.hpp>
