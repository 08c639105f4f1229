// Frond 0.1.0, bits 2. MIT License. Copyright (c) 2026 The Frond authors.
// Generated from include/frond/lab.hpp by single_include/amalgamate.cmake; change the headers there instead.
#ifndef FROND_SINGLE_LAB_HPP
#define FROND_SINGLE_LAB_HPP

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>
#include "frond.hpp"

// Opens every header of the library, after its includes; epilogue.hpp closes it. Deliberately without an include guard.
//
// Between the two no product is contracted into a sum, whatever the user's flags, and nothing of that leaks into user code:
// GCC contracts across statements by default wherever the target has fused multiply-add, and a contracted sum rounds once
// where ours rounds twice.
#if defined(__clang__)
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__) || defined(__powerpc__)
#pragma float_control(push)
#endif
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off")
#endif

// =============================================================================================================
// frond/lab.hpp
// =============================================================================================================

// All of Frond for a PC: the device part, and what needs files, threads or memory from the heap.

// =============================================================================================================
// frond/io/checkpoint.hpp
// =============================================================================================================

// A training run on disk: stop at any step, load, and the final weights are the same bits.

// =============================================================================================================
// frond/io/file.hpp
// =============================================================================================================

// Whole files, read and written so that a program that dies leaves the old file or the new one, never half of one.

namespace frond::inline FROND_ABI::io {

// The bytes of a file of at most `limit` bytes. On failure the position is how much could be read.
inline result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t limit = 0xffffffffu) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (!file) return {{}, {"the file cannot be opened", 0}};
  std::vector<std::uint8_t> bytes;
  std::uint8_t buffer[65536];
  std::size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof buffer, file)) > 0 && bytes.size() <= limit)
    bytes.insert(bytes.end(), buffer, buffer + count);
  const bool broken = std::ferror(file) != 0;
  std::fclose(file);
  if (broken) return {{}, {"the file cannot be read", bytes.size()}};
  if (bytes.size() > limit) return {{}, {"the file is larger than anything that belongs here", limit}};
  return {std::move(bytes), {}};
}

// Replaces a file: everything is written under a temporary name beside it, then renamed.
inline status write_file(const std::string& path, std::span<const std::uint8_t> bytes) {
  const std::string temporary = path + ".part";
  std::FILE* const file = std::fopen(temporary.c_str(), "wb");
  if (!file) return {"the file cannot be created", 0};
  const std::size_t written = bytes.empty() ? 0 : std::fwrite(bytes.data(), 1, bytes.size(), file);  // never a null pointer
  const bool flushed = std::fclose(file) == 0;
  if (written != bytes.size() || !flushed) {
    std::remove(temporary.c_str());
    return {"the file cannot be written, perhaps the disk is full", written};
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::remove(temporary.c_str());
    return {"the file cannot be put in place", 0};
  }
  return {};
}
inline status write_file(const std::string& path, std::string_view text) {
  return write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace frond::inline FROND_ABI::io

namespace frond::inline FROND_ABI::io {

inline constexpr std::uint32_t checkpoint_record = 2;

// Everything in the options that a continued run must share. Block size and worker count are not among it: they change no bit.
// `run` stands for what the options do not know: the data's seeds and sizes, mixed by the caller.
inline std::uint64_t settings_hash(const train::options& o, std::uint64_t run) {
  hasher h;
  h.add(run);
  h.add(o.batch);
  h.add(o.shard_rows);
  const train::optimiser_options& p = o.optimiser;
  h.add(static_cast<std::uint8_t>(p.kind));
  h.add(static_cast<std::uint8_t>(p.shape));
  for (const float value : {p.rate, p.momentum, p.beta_1, p.beta_2, p.epsilon, p.weight_decay, p.clip_norm}) h.add(value);
  h.add(p.warm_up);
  h.add(p.decay_end);
  return h.value();
}

namespace detail {

inline std::vector<float> joined(std::initializer_list<std::span<const float>> arrays) {
  std::vector<float> all;
  for (const auto array : arrays) all.insert(all.end(), array.begin(), array.end());
  return all;
}

}  // namespace detail

// Writes the state of a run: parameters, the optimiser's arrays, the stopping rule's memory, and `kept`: the best weights so
// far and whatever else the caller must remember, always of the same size.
template <class Trainer>
status save_checkpoint(const std::string& path, std::uint64_t run, const Trainer& trainer,
                       const train::early_stopping& stopping, std::span<const float> kept) {
  const std::vector<float> floats = detail::joined({trainer.parameters(), trainer.state(), kept});
  const std::uint64_t words[] = {trainer.steps(), stopping.best_step, stopping.stale,
                                 __builtin_bit_cast(std::uint32_t, stopping.best_loss)};
  const codec::record_header header{.kind = checkpoint_record,
                                    .shape_hash = trainer.network().shape_hash(),
                                    .settings_hash = settings_hash(trainer.settings(), run)};
  std::vector<std::uint8_t> bytes(codec::record_size(4, floats.size()));
  const status written = codec::write_record(header, words, floats, bytes);
  return written ? write_file(path, bytes) : written;
}

// Puts a run back where it was saved. A file that is damaged or belongs to another run is refused, and nothing is touched.
template <class Trainer>
status load_checkpoint(const std::string& path, std::uint64_t run, Trainer& trainer, train::early_stopping& stopping,
                       std::span<float> kept) {
  const auto bytes = read_file(path);
  if (!bytes) return bytes.state;
  const std::size_t parameters = trainer.parameters().size(), moments = trainer.state().size();
  std::vector<float> floats(parameters + moments + kept.size());
  std::uint64_t words[4] = {};
  const codec::record_header header{.kind = checkpoint_record,
                                    .shape_hash = trainer.network().shape_hash(),
                                    .settings_hash = settings_hash(trainer.settings(), run)};
  if (const status read = codec::read_record(bytes.value, header, words, floats); !read) return read;
  const std::span<const float> all(floats);
  std::copy_n(all.begin(), parameters, trainer.parameters().begin());
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(parameters), moments, trainer.state().begin());
  std::copy_n(all.end() - static_cast<std::ptrdiff_t>(kept.size()), kept.size(), kept.begin());
  trainer.resume_at(words[0]);
  stopping.best_step = words[1];
  stopping.stale = static_cast<std::uint32_t>(words[2]);
  stopping.best_loss = __builtin_bit_cast(float, static_cast<std::uint32_t>(words[3]));
  return {};
}

}  // namespace frond::inline FROND_ABI::io

// =============================================================================================================
// frond/io/csv.hpp
// =============================================================================================================

// Tables as text: one header line, then rows.

namespace frond::inline FROND_ABI::io {

// Shortest decimal text that gives the same double back, with a point in any locale, or "" for a NaN: a cell without a value.
inline std::string cell(double value) {
  if (!(value == value)) return "";
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

// Text is quoted where it holds a comma, a quote or a line break (RFC 4180).
inline std::string cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// A table in memory, written to its file in one piece.
class csv {
 public:
  explicit csv(std::initializer_list<std::string_view> header) {
    for (const auto name : header) append(cell(name));
    end_row();
  }
  csv& operator<<(double value) { return append(cell(value)); }
  csv& operator<<(std::string_view text) { return append(cell(text)); }
  void end_row() {
    text_ += '\n';
    row_started_ = false;
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] status write(const std::string& path) const { return write_file(path, text_); }

 private:
  csv& append(const std::string& piece) {
    if (row_started_) text_ += ',';
    text_ += piece;
    row_started_ = true;
    return *this;
  }

  std::string text_;
  bool row_started_ = false;
};

}  // namespace frond::inline FROND_ABI::io

// =============================================================================================================
// frond/io/weights.hpp
// =============================================================================================================

// Trained weights as a file, and as a C++ header that puts them into a device's flash.

namespace frond::inline FROND_ABI::io {

inline constexpr std::uint32_t weights_record = 1;

// Writes and reads the parameters of a network; a file of another shape is refused.
inline status save_weights(const std::string& path, const nn::plan& p, std::span<const float> parameters) {
  std::vector<std::uint8_t> bytes(codec::record_size(0, parameters.size()));
  const status written = codec::write_record({.kind = weights_record, .shape_hash = p.shape_hash()}, {}, parameters, bytes);
  return written ? write_file(path, bytes) : written;
}
inline status load_weights(const std::string& path, const nn::plan& p, std::span<float> parameters) {
  const auto bytes = read_file(path);
  if (!bytes) return bytes.state;
  return codec::read_record(bytes.value, {.kind = weights_record, .shape_hash = p.shape_hash()}, {}, parameters);
}

namespace detail {

// A hexadecimal literal without its suffix, in any locale. `format` is what std::to_chars takes for a number of this type.
template <class Number, class Format>
std::string hexadecimal(Number value, Format format) {
  char buffer[32];
  const std::string digits(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr);
  return digits[0] == '-' ? "-0x" + digits.substr(1) : "0x" + digits;
}

}  // namespace detail

// Writes `namespace name { inline constexpr float values[...] }` with exact hexadecimal floats, and the shape hash, so that the
// including program can static_assert that the weights belong to its network. `name` is a C++ identifier. A weight that is not
// finite is refused (position: which), since no literal stands for it.
inline status write_weights_header(const std::string& path, const std::string& name, const nn::plan& p,
                                   std::span<const float> parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (!(parameters[i] - parameters[i] == 0.0f)) return {"a weight is not a finite number", i};
  std::string text = "// Weights written by Frond " FROND_VERSION_STRING ". Do not edit.\n#pragma once\n\n";
  text += "#include <cstdint>\n\nnamespace " + name + " {\n\n";
  text += "inline constexpr std::uint64_t shape_hash = " + detail::hexadecimal(p.shape_hash(), 16) + "ull;\n";
  text += "inline constexpr float values[" + std::to_string(parameters.size()) + "] = {";
  for (std::size_t i = 0; i < parameters.size(); ++i)
    text += (i % 8 == 0 ? "\n    " : " ") + detail::hexadecimal(parameters[i], std::chars_format::hex) + "f,";
  text += "\n};\n\n}  // namespace " + name + "\n";
  return write_file(path, text);
}

}  // namespace frond::inline FROND_ABI::io

// =============================================================================================================
// frond/parallel/thread_pool.hpp
// =============================================================================================================

// Threads as an executor.

namespace frond::inline FROND_ABI::parallel {

// A fixed number of workers, the calling thread being one of them. Tasks are handed out one index at a time, so which worker
// runs which is left to chance; an executor's tasks may not depend on it. run() is called by one thread at a time and not from
// inside a task; tasks do not throw. Where the system refuses a thread, the pool has fewer workers, which changes no
// result.
class thread_pool {
 public:
  // workers = 0: as many as the machine has cores.
  explicit thread_pool(std::size_t workers = 0) {
    if (workers == 0) workers = std::thread::hardware_concurrency();
    if (workers == 0) workers = 1;
    threads_.reserve(workers - 1);
    try {
      for (std::size_t worker = 1; worker < workers; ++worker) threads_.emplace_back([this, worker] { serve(worker); });
    } catch (const std::system_error&) {
    }
  }
  ~thread_pool() {
    stopping_.store(true, std::memory_order_relaxed);
    begin_round();
    for (std::thread& thread : threads_) thread.join();
  }
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  [[nodiscard]] std::size_t workers() const { return threads_.size() + 1; }

  template <class Task>
  void run(std::size_t count, const Task& task) {
    if (threads_.empty() || count <= 1) return serial_executor{}.run(count, task);
    task_ = &task;
    call_ = [](const void* erased, std::size_t index, std::size_t worker) {
      (*static_cast<const Task*>(erased))(index, worker);
    };
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
    begin_round();
    work(0);
    for (std::uint32_t left = busy_.load(std::memory_order_acquire); left > 0;) left = change_of(busy_, left);
  }

 private:
  // A training step comes back within microseconds, so a thread looks that often before it goes to sleep; waking it costs more.
  static constexpr int looks = 4000;

  // Waits until `value` is no longer `old`, and returns it.
  static std::uint32_t change_of(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
    for (int look = 0; look < looks; ++look) {
      const std::uint32_t now = value.load(std::memory_order_acquire);
      if (now != old) return now;
      pause();
    }
    value.wait(old, std::memory_order_acquire);
    return value.load(std::memory_order_acquire);
  }
  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
  }

  // Everything that the workers read in a round is written before this.
  void begin_round() {
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  }
  void work(std::size_t worker) {
    const ieee_arithmetic guard;
    for (;;) {
      const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= count_) return;
      call_(task_, index, worker);
    }
  }
  void serve(std::size_t worker) {
    for (std::uint32_t seen = 0;;) {
      seen = change_of(round_, seen);
      if (stopping_.load(std::memory_order_relaxed)) return;
      work(worker);
      if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
    }
  }

  std::vector<std::thread> threads_;
  const void* task_ = nullptr;
  void (*call_)(const void*, std::size_t, std::size_t) = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint32_t> round_{0}, busy_{0};
  std::atomic<bool> stopping_{false};
};

static_assert(executor<thread_pool>);

}  // namespace frond::inline FROND_ABI::parallel

// =============================================================================================================
// frond/analysis/copies.hpp
// =============================================================================================================

// Does a model invent, or does it repeat what it was shown?

// =============================================================================================================
// frond/analysis/fraction.hpp
// =============================================================================================================

// A measured fraction and how far it can be trusted.

namespace frond::inline FROND_ABI::analysis {

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

}  // namespace frond::inline FROND_ABI::analysis

namespace frond::inline FROND_ABI::analysis {

struct copy_fractions {
  fraction copied;    // samples that are in the training set
  double unique = 0;  // different samples / samples; no error, for it depends on the number of samples
};

namespace detail {

inline bool comes_before(std::span<const symbol> a, std::span<const symbol> b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}

// The rows of a table in lexicographic order.
inline std::vector<std::span<const symbol>> sorted_rows(std::span<const symbol> table, std::size_t length) {
  std::vector<std::span<const symbol>> rows;
  rows.reserve(table.size() / length);
  for (std::size_t first = 0; first < table.size(); first += length) rows.push_back(table.subspan(first, length));
  std::sort(rows.begin(), rows.end(), comes_before);
  return rows;
}

}  // namespace detail

// samples [rows][length], training [rows][length], both compared symbol by symbol. Without samples all values are 0.
// O(n log n) comparisons.
inline copy_fractions count_copies(std::span<const symbol> samples, std::span<const symbol> training, std::size_t length) {
  FROND_ASSERT(length > 0 && samples.size() % length == 0 && training.size() % length == 0,
               "samples and training data must be whole sentences of one length");
  const auto known = detail::sorted_rows(training, length);
  const auto rows = detail::sorted_rows(samples, length);
  grouped_counts copied;
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    copied.add(std::binary_search(known.begin(), known.end(), rows[i], detail::comes_before), 1);
    distinct += i == 0 || detail::comes_before(rows[i - 1], rows[i]);
  }
  return {copied.value(), rows.empty() ? 0.0 : static_cast<double>(distinct) / static_cast<double>(rows.size())};
}

}  // namespace frond::inline FROND_ABI::analysis

// =============================================================================================================
// frond/analysis/cross_entropy.hpp
// =============================================================================================================

// How far a denoiser is from the best one possible.

namespace frond::inline FROND_ABI::analysis {

// Mean cross-entropy of a model and of a reference on the same corrupted sentences, in nats per token. If the reference is the
// exact denoiser, `excess` is the mean Kullback-Leibler divergence from the true posterior: never below 0 but for sampling
// noise.
struct excess_loss {
  double model = 0, reference = 0;
  double excess = 0;          // model - reference
  double standard_error = 0;  // of the excess, from the differences of the sentences; a NaN if one of them is infinite
};

namespace detail {

// -ln of the probability that a denoiser gives the clean sentence, by token, for examples [first, first + rows).
template <denoiser Denoiser>
void add_losses(Denoiser& model, std::span<const symbol> clean, std::span<const symbol> noisy, std::span<const float> alpha_bar,
                std::span<float> posterior, std::span<double> losses) {
  const std::size_t vocabulary = model.vocabulary(), length = model.length();
  model.predict(noisy, alpha_bar, posterior);
  for (std::size_t row = 0; row < alpha_bar.size(); ++row)
    for (std::size_t token = row * length; token < (row + 1) * length; ++token)
      losses[row] -= math::log(static_cast<double>(posterior[token * vocabulary + clean[token]])) / static_cast<double>(length);
}

}  // namespace detail

// Both denoisers on examples 0 .. count - 1 of a denoising problem (train::denoising or anything with its corrupt() and
// alpha_bar()), count >= 2. A token to which a denoiser gives probability zero makes its loss infinite.
template <denoiser Model, denoiser Reference, class Denoising>
excess_loss compare_losses(Model& model, Reference& reference, const Denoising& examples, std::size_t count) {
  constexpr std::size_t block = 64;
  const std::size_t length = model.length();
  std::vector<symbol> clean(block * length), noisy(block * length);
  std::vector<float> alpha_bar(block), posterior(block * length * model.vocabulary());
  excess_loss total;
  double squares = 0;
  for (std::size_t first = 0; first < count; first += block) {
    const std::size_t rows = count - first < block ? count - first : block;
    for (std::size_t row = 0; row < rows; ++row) {
      examples.corrupt(first + row, std::span<symbol>(clean).subspan(row * length, length),
                       std::span<symbol>(noisy).subspan(row * length, length));
      alpha_bar[row] = examples.alpha_bar(first + row);
    }
    const std::span<const symbol> seen(noisy.data(), rows * length), truth(clean.data(), rows * length);
    const std::span<const float> levels(alpha_bar.data(), rows);
    const std::span<float> laws(posterior.data(), rows * length * model.vocabulary());
    double model_losses[block] = {}, reference_losses[block] = {};
    detail::add_losses(model, truth, seen, levels, laws, model_losses);
    detail::add_losses(reference, truth, seen, levels, laws, reference_losses);
    for (std::size_t row = 0; row < rows; ++row) {
      const double difference = model_losses[row] - reference_losses[row];
      total.model += model_losses[row];
      total.reference += reference_losses[row];
      total.excess += difference;
      squares += difference * difference;
    }
  }
  const auto n = static_cast<double>(count);
  total.model /= n;
  total.reference /= n;
  total.excess /= n;
  const double variance = (squares / n - total.excess * total.excess) * n / (n - 1);
  total.standard_error = variance < 0 ? 0 : __builtin_sqrt(variance / n);
  return total;
}

}  // namespace frond::inline FROND_ABI::analysis

// =============================================================================================================
// frond/analysis/rule_accuracy.hpp
// =============================================================================================================

// How well sentences follow the rules of a grammar, level by level.

namespace frond::inline FROND_ABI::analysis {

// Three answers to "are the rules of level l obeyed?". A node of level l is valid if its children are and form a rule of l.
//   strict  the fraction of sentences whose nodes up to and including level l are all valid
//   node    the fraction of level-l nodes that are valid
//   cond    the same among the nodes whose children are all valid: level l on its own, however bad the levels below
// For a grammar of depth L with branching s and the valid fraction f: if the levels below l are perfect and level l is random,
// cond = f and strict = f^(s^(L - l)).
struct level_accuracy {
  fraction strict;
  fraction node;
  fraction cond;
};

// Counts over sentences; the order in which they are added does not matter.
class rule_accuracy {
 public:
  explicit rule_accuracy(const grammar::rhm_view& grammar)
      : grammar_(grammar), tree_(grammar.shape.nodes()), levels_(grammar.shape.depth) {}

  // sentences [rows][length]; a token outside the vocabulary (a mask) is not valid.
  void add(std::span<const symbol> sentences) {
    const std::size_t length = grammar_.length();
    FROND_ASSERT(sentences.size() % length == 0, "the samples must be whole sentences");
    for (std::size_t first = 0; first < sentences.size(); first += length) add_one(sentences.subspan(first, length));
  }

  // level from 1 to the depth.
  [[nodiscard]] level_accuracy level(std::uint32_t level) const {
    FROND_ASSERT(level >= 1 && level <= grammar_.shape.depth, "rules belong to the levels from 1 to the depth");
    const counts& count = levels_[level - 1];
    return {count.strict.value(), count.node.value(), count.cond.value()};
  }

 private:
  struct counts {
    grouped_counts strict, node, cond;
  };

  void add_one(std::span<const symbol> sentence) {
    const grammar::rhm_shape& shape = grammar_.shape;
    grammar::parse(grammar_, sentence, tree_);
    bool strict = true;
    for (std::uint32_t level = 1; level <= shape.depth; ++level) {
      const std::size_t first = shape.tree_offset(level), nodes = shape.level_nodes(level);
      std::uint64_t valid = 0, candidates = 0;
      for (std::size_t node = first; node < first + nodes; ++node) {
        valid += tree_[node] != grammar::unparsed;
        candidates += children_valid(node);
      }
      strict = strict && valid == nodes;
      levels_[level - 1].strict.add(strict, 1);
      levels_[level - 1].node.add(valid, nodes);
      levels_[level - 1].cond.add(valid, candidates);
    }
  }

  // Tokens are valid if they are in the vocabulary, and so are parsed nodes: one test for both.
  [[nodiscard]] bool children_valid(std::size_t node) const {
    const grammar::rhm_shape& shape = grammar_.shape;
    bool valid = true;
    for (std::size_t j = 1; j <= shape.branching; ++j) valid = valid && tree_[node * shape.branching + j] < shape.vocabulary;
    return valid;
  }

  grammar::rhm_view grammar_;
  std::vector<symbol> tree_;
  std::vector<counts> levels_;
};

// The values that level_accuracy has on average for strings of independent uniform tokens. Rules are drawn so that a random
// tuple, if it is one, has a uniform parent; so each level sees random tuples again.
struct chance_accuracy {
  double strict = 1;
  double node = 1;
  double cond = 1;
};

inline chance_accuracy chance(const grammar::rhm_shape& shape, std::uint32_t level) {
  chance_accuracy expected;
  expected.cond = grammar::valid_fraction(shape, level);
  for (std::uint32_t l = 1; l <= level; ++l) {
    const double valid = grammar::valid_fraction(shape, l);
    const std::size_t below_one = shape.level_nodes(l) / shape.level_nodes(level);
    for (std::size_t i = 0; i < below_one; ++i) expected.node *= valid;
    for (std::size_t i = 0; i < shape.level_nodes(l); ++i) expected.strict *= valid;
  }
  return expected;
}

}  // namespace frond::inline FROND_ABI::analysis

// Closes what prologue.hpp opened. Deliberately without an include guard.
#if defined(__clang__)
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__) || defined(__powerpc__)
#pragma float_control(pop)
#else
// clang 14 cannot push and pop on other targets, and says so in every header: back to what the command line asks for.
#pragma STDC FP_CONTRACT DEFAULT
#endif
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif

#endif  // FROND_SINGLE_LAB_HPP
