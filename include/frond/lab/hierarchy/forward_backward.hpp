// Experiments with exact inference: noise a sentence up to some time, go back, and see what of it is still there. Sclocchi,
// Favero and Wyart, "A phase transition in diffusion models reveals the hierarchical nature of data", PNAS 2025.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/belief/tree.hpp>
#include <frond/core/checked.hpp>
#include <frond/core/executor.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/lab/hierarchy/change_table.hpp>
#include <frond/lab/statistics/jackknife.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// What forward_backward() and reconstruction() need of noise: a diffusion process, or epsilon_noise.
template <class Noise>
concept observable_noise = requires(const Noise& n, seed key, std::uint64_t index, float alpha_bar, symbol token,
                                    std::span<const symbol> clean, std::span<symbol> noisy, std::span<double> distribution) {
  n.corrupt(key, index, alpha_bar, clean, noisy);
  n.likelihood(token, static_cast<double>(alpha_bar), distribution);
};

// Which trajectories are drawn. Trajectory j of datum i depends on the seed, i and j alone: the datum is sentence i of the
// grammar, and its noise and its way back have the number i 2^20 + j in their streams. So a table of few data is the beginning
// of a table of many.
struct forward_backward_options {
  float alpha_bar = 0.5f;  // what is left of the signal where a trajectory turns back
  std::size_t data = 1;
  std::size_t each = 1;     // trajectories of each datum
  std::uint64_t first = 0;  // the first datum; their numbers lie below 2^44
};

namespace detail {

// One worker's tree, and a datum on its way through it.
class walker {
 public:
  explicit walker(const grammar::rhm_view& grammar)
      : grammar_(grammar), memory_(belief::tree_memory_size<double>(grammar.shape).value), beliefs_(grammar, memory_),
        before_(grammar.shape.nodes()), after_(grammar.shape.nodes()), noisy_(grammar.length()), counter_(grammar.shape) {}
  walker(walker&&) = default;  // a copy would look into the memory of the original
  walker& operator=(walker&&) = delete;

  // look() is called after each observation of the datum, when its messages have gone up but not down: once for each
  // trajectory, or once for all where the noise is deterministic. back(number) is called for each trajectory, to draw its way
  // back.
  template <observable_noise Noise, class Look, class Back>
  void visit(const Noise& noise, seed key, const forward_backward_options& options, std::uint64_t datum, const Look& look,
             const Back& back) {
    constexpr bool one_for_all = requires { requires Noise::deterministic; };
    grammar::sample_tree(grammar_, key, datum, before_);
    for (std::size_t j = 0; j < options.each; ++j) {
      const std::uint64_t number = datum << 20 | j;
      if (j == 0 || !one_for_all) {
        noise.corrupt(key, number, options.alpha_bar, tokens(), noisy_);
        for (std::size_t i = 0; i < noisy_.size(); ++i)
          noise.likelihood(noisy_[i], static_cast<double>(options.alpha_bar), beliefs_.leaf(i));
        beliefs_.upward();
        look();
      }
      back(number);
    }
  }

  void return_home(seed key, std::uint64_t number) {
    beliefs_.sample(key, number, after_);
    counter_.add(before_, after_);
  }
  void report(std::span<std::int64_t> row) { counter_.write(row); }

  // Adds the posterior probability of the true symbol, averaged over the nodes of each level. sums [depth + 1]
  void add_reconstruction(std::span<double> sums) {
    const grammar::rhm_shape& shape = grammar_.shape;
    beliefs_.downward();
    for (std::uint32_t level = 0; level <= shape.depth; ++level) {
      const std::size_t nodes = shape.level_nodes(level), first = shape.tree_offset(level);
      double sum = 0;
      for (std::size_t i = 0; i < nodes; ++i) sum += beliefs_.probability(level, i, before_[first + i]);
      sums[level] += sum / static_cast<double>(nodes);
    }
  }

 private:
  [[nodiscard]] std::span<const symbol> tokens() const { return std::span(before_).subspan(grammar_.shape.tree_offset(0)); }

  grammar::rhm_view grammar_;
  std::vector<double> memory_;
  belief::tree<double> beliefs_;
  std::vector<symbol> before_, after_, noisy_;
  change_counter counter_;
};

inline std::vector<walker> walkers(const grammar::rhm_view& grammar, std::size_t workers) {
  std::vector<walker> all;
  all.reserve(workers);
  for (std::size_t worker = 0; worker < workers; ++worker) all.emplace_back(grammar);
  return all;
}

inline void check_options(const forward_backward_options& options) {
  FROND_ASSERT(options.data >= 1 && options.each >= 1 && options.each <= std::size_t{1} << 20,
               "a datum has 1 to 2^20 trajectories");
  FROND_ASSERT(addressable(options.first, options.data, std::uint64_t{1} << 20), "the numbers of data lie below 2^44");
  FROND_ASSERT(options.alpha_bar >= 0 && options.alpha_bar <= 1, "alpha_bar lies between 0 and 1");
  static_cast<void>(options);
}

}  // namespace detail

// Forward into noise and back: each trajectory ends in a joint sample of the exact posterior, all levels of the tree together,
// which is what reverse diffusion with the exact denoiser ends in after infinitely many steps. At least two trajectories of
// each datum. A trajectory costs an upward pass and a sample, with epsilon_noise the sample alone. Data are shared among the
// workers.
template <observable_noise Noise, executor Executor>
change_table forward_backward(const grammar::rhm_view& grammar, const Noise& noise, seed key,
                              const forward_backward_options& options, Executor& workers) {
  detail::check_options(options);
  FROND_ASSERT(options.each >= 2, "one trajectory has no covariance");
  change_table table(grammar.shape, options.data);
  std::vector<detail::walker> walkers = detail::walkers(grammar, workers.workers());
  in_ieee_arithmetic([&] {
    workers.run(options.data, [&](std::size_t datum, std::size_t worker) {
      detail::walker& own = walkers[worker];
      own.visit(
          noise, key, options, options.first + datum, [] {}, [&](std::uint64_t number) { own.return_home(key, number); });
      own.report(table.row(datum));
    });
  });
  return table;
}

// The posterior probability of the true symbol, a mean over the nodes of a level, for each datum: [data][depth + 1], tokens
// first. It is one minus the probability of a change, averaged over `each` draws of noise; no way back is drawn.
template <observable_noise Noise, executor Executor>
std::vector<double> reconstruction(const grammar::rhm_view& grammar, const Noise& noise, seed key,
                                   const forward_backward_options& options, Executor& workers) {
  detail::check_options(options);
  const std::size_t levels = grammar.shape.depth + std::size_t{1};
  std::vector<double> table(options.data * levels);
  std::vector<detail::walker> walkers = detail::walkers(grammar, workers.workers());
  in_ieee_arithmetic([&] {
    workers.run(options.data, [&](std::size_t datum, std::size_t worker) {
      detail::walker& own = walkers[worker];
      const std::span<double> row = std::span(table).subspan(datum * levels, levels);
      std::size_t looks = 0;
      own.visit(
          noise, key, options, options.first + datum,
          [&] {
            own.add_reconstruction(row);
            ++looks;
          },
          [](std::uint64_t) {});
      for (double& probability : row) probability /= static_cast<double>(looks);
    });
  });
  return table;
}

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
