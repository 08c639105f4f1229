// A training run on disk: stop at any step, load, and the final weights are the same bits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <frond/codec/record.hpp>
#include <frond/core/checked.hpp>
#include <frond/core/hash.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/lab/io/file.hpp>
#include <frond/nn/plan.hpp>
#include <frond/train/early_stopping.hpp>
#include <frond/train/problem.hpp>
#include <frond/train/trainer.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::io {

// The kind of a record that holds a run.
inline constexpr std::uint32_t checkpoint_record = 2;

// What is learned: the numbers that the problem says of itself (train/problem.hpp), and its first 1024 examples, which show
// process, schedule, keys and data of any type. The problem must fit the plan.
template <train::problem Problem>
std::uint64_t problem_hash(const nn::plan& p, const Problem& examples) {
  using target = typename Problem::target;
  hasher h;
  if constexpr (requires { examples.add_to(h); }) examples.add_to(h);
  std::vector<float> input(p.input_size());
  std::vector<target> targets(sizeof(target) == 1 ? p.output_positions : p.output_size()), memory(targets.size());
  in_ieee_arithmetic([&] {
    for (std::uint64_t i = 0; i < 1024; ++i) {
      examples.write(i, input, targets, memory);
      h.add(std::span<const float>(input));
      h.add(std::span<const target>(targets));
    }
  });
  return h.value();
}

// Something that a continued run must share with the one that was saved, and what is said where it does not.
struct run_setting {
  std::uint64_t value = 0;
  const char* reason = "";
};

// What the trainer knows of that. Block size and worker count are not among it: they change no bit.
template <class Trainer>
std::vector<run_setting> settings_of(const Trainer& trainer) {
  const train::trainer_options& o = trainer.settings();
  const train::optimiser_options& p = o.optimiser;
  hasher h;
  h.add(static_cast<std::uint8_t>(p.kind));
  h.add(static_cast<std::uint8_t>(p.decay));
  for (const float value : {p.learning_rate, p.momentum, p.beta_1, p.beta_2, p.epsilon, p.weight_decay, p.clip_norm,
                            p.decay_floor, p.average_decay})
    h.add(value);
  h.add(p.warm_up);
  h.add(p.decay_end);
  return {{problem_hash(trainer.network(), trainer.problem()),
           "this checkpoint belongs to another problem: other data, noise, times, weights of the loss or seeds"},
          {h.value(), "this checkpoint was made with other options of the optimiser"},
          {o.batch, "this checkpoint was made with another batch: {} examples"},
          {o.shard_rows, "this checkpoint was made with other shards: {} rows"}};
}

namespace detail {

inline std::vector<float> joined(std::initializer_list<std::span<const float>> arrays) {
  std::vector<float> all;
  for (const auto array : arrays) all.insert(all.end(), array.begin(), array.end());
  return all;
}

}  // namespace detail

// Writes the state of a run: parameters, the optimiser's arrays, the stopping rule's memory, and `kept`: the best weights so
// far and whatever else the caller must remember. `settings` is what must not differ when the run goes on, beside what the
// trainer knows; always as many. A run that has stopped, see trainer::check(), is not written.
template <class Trainer>
status save_checkpoint(const std::string& path, const Trainer& trainer, const train::early_stopping& stopping,
                       std::span<const float> kept, std::span<const run_setting> settings = {}) {
  if (!trainer.check()) return trainer.check();
  const std::vector<float> floats = detail::joined({trainer.parameters(), trainer.state(), kept});
  std::vector<std::uint64_t> words{trainer.steps(), stopping.best_step, stopping.stale,
                                   __builtin_bit_cast(std::uint32_t, stopping.best_loss)};
  for (const run_setting& each : settings_of(trainer)) words.push_back(each.value);
  for (const run_setting& each : settings) words.push_back(each.value);
  const codec::record_header header{.kind = checkpoint_record, .shape_hash = trainer.network().shape_hash()};
  std::vector<std::uint8_t> bytes(codec::record_size(words.size(), floats.size()));
  const status written = codec::write_record(header, words, floats, bytes);
  return written ? write_file(path, bytes) : written;
}

// Puts a run back where it was saved, a stopped one as well. A file that is damaged or belongs to another run is refused with a
// sentence that says what differs (position: the number of the checkpoint, where the sentence has one), and nothing is touched.
// A file with fewer kept floats than there is room for fills the first of them.
template <class Trainer>
status load_checkpoint(const std::string& path, Trainer& trainer, train::early_stopping& stopping, std::span<float> kept,
                       std::span<const run_setting> settings = {}) {
  if (const status fits = train::check_problem(trainer.network(), trainer.problem()); !fits) return fits;
  std::vector<run_setting> wanted = settings_of(trainer);
  wanted.insert(wanted.end(), settings.begin(), settings.end());
  const std::size_t parameters = trainer.parameters().size(), moments = trainer.state().size();
  std::vector<std::uint64_t> words(4 + wanted.size());
  const std::size_t most = parameters + moments + kept.size();
  const auto bytes = read_start(path, codec::record_size(words.size(), most) + 1);  // so that what follows it is seen
  if (!bytes) return bytes.state;
  const codec::record_header header{.kind = checkpoint_record, .shape_hash = trainer.network().shape_hash()};
  const auto size = codec::read_words(bytes.value, header, words);
  if (!size) return size.state;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool says_number = std::string_view(wanted[i].reason).find("{}") != std::string_view::npos;
    if (words[4 + i] != wanted[i].value) return {wanted[i].reason, says_number ? to_size(words[4 + i]) : 0};
  }
  const std::size_t moved = parameters + moments;
  if (size.value > most)
    return {"this checkpoint has {} floats, this run room for {}: a run can be made longer, not shorter",
            to_size(size.value),
            {most}};
  if (size.value < moved) return {"this checkpoint has {} floats, this run at least {}", to_size(size.value), {moved}};
  std::vector<float> floats(to_size(size.value));
  if (const status read = codec::read_record(bytes.value, header, words, floats); !read) return read;
  if (!addressable(words[0], 1, trainer.settings().batch)) return {"this run has shown 2^64 examples", 0};
  const std::span<const float> all(floats);
  std::copy_n(all.begin(), parameters, trainer.parameters().begin());
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(parameters), moments, trainer.state().begin());
  std::copy(all.begin() + static_cast<std::ptrdiff_t>(moved), all.end(), kept.begin());
  trainer.resume_at(words[0]);
  stopping.best_step = words[1];
  stopping.stale = static_cast<std::uint32_t>(words[2]);
  stopping.best_loss = __builtin_bit_cast(float, static_cast<std::uint32_t>(words[3]));
  return {};
}

}}}  // namespace frond::lab::io

#include <frond/config/epilogue.hpp>
