// The best possible denoisers for sentences of a hierarchy whose levels differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <frond/belief/hierarchy_memory.hpp>
#include <frond/belief/hierarchy_tree.hpp>
#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/one_hot.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/grammar/hierarchy.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace belief {

namespace detail {

// For all rows in order: observe(tree, row) and, when the messages have gone up and down, look_at(tree, row).
template <class Memory, class Observe, class LookAt>
constexpr void visit_rows(const grammar::hierarchy_view& grammar, Memory& memory, std::size_t count, const Observe& observe,
                          const LookAt& look_at) {
  hierarchy_tree<typename Memory::value_type> beliefs(grammar, memory);
  for (std::size_t row = 0; row < count; ++row) {
    observe(beliefs, row);
    beliefs.upward();
    beliefs.downward();
    look_at(beliefs, row);
  }
}

}  // namespace detail

// P(clean token | noisy sentence) by belief propagation: what tree_denoiser is for equal levels, with the same bits for them.
// The noise is over all tokens, the blank included. Memory is where the messages live: std::span<float> for the caller's, at
// least tree_memory_size<float>(shape) numbers, or an array of that size inside this object; double instead of float makes all
// messages doubles. The tables and levels of the hierarchy must outlive the denoiser. Not for two threads at once.
template <class Process, class Memory = std::span<float>>
class hierarchy_denoiser {
  static_assert(diffusion::discrete_process<Process>,
                "this is no noise process for symbols: see discrete_process in diffusion/process.hpp");

 public:
  using real = typename Memory::value_type;

  constexpr hierarchy_denoiser(const grammar::hierarchy_view& grammar, const Process& process, const Memory& memory = {})
      : grammar_(grammar), process_(process), memory_(memory) {
    fit_ = detail::check_messages(memory_.size(), tree_memory_size<real>(grammar.shape));
    if (process.vocabulary != grammar.vocabulary())
      fit_ = {"the noise has {} symbols, the hierarchy {}", process.vocabulary, {grammar.vocabulary()}};
  }

  // Why it cannot answer.
  [[nodiscard]] constexpr status check() const { return fit_; }
  [[nodiscard]] constexpr std::size_t length() const { return grammar_.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return grammar_.vocabulary(); }
  [[nodiscard]] constexpr std::uint32_t input_symbols() const { return process_.input_symbols(); }

  // noisy [rows][length], alpha_bar [rows], posterior [rows][length][vocabulary].
  constexpr status predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    if (!fit_) return fit_;
    const std::size_t rows = alpha_bar.size(), answer_size = length() * vocabulary();
    if (const status sizes = check_question(rows, noisy.size(), length(), posterior.size(), answer_size); !sizes) return sizes;
    in_ieee_arithmetic([&] {
      visit(noisy, alpha_bar, [&](const hierarchy_tree<real>& beliefs, std::size_t row) {
        beliefs.token_marginals(posterior.subspan(row * length() * vocabulary(), length() * vocabulary()));
      });
    });
    return {};
  }

  // Mean of -ln P(clean token | noisy sentence) over all tokens, in nats, as in tree_denoiser. clean, noisy [rows][length],
  // alpha_bar [rows]; at least one row. NaN where sizes do not agree or check() fails.
  [[nodiscard]] constexpr double cross_entropy(std::span<const symbol> clean, std::span<const symbol> noisy,
                                               std::span<const float> alpha_bar) {
    if (!fit_ || clean.size() != noisy.size() || noisy.size() != alpha_bar.size() * length())
      return std::numeric_limits<double>::quiet_NaN();
    return in_ieee_arithmetic([&] {
      double sum = 0;
      visit(noisy, alpha_bar, [&](const hierarchy_tree<real>& beliefs, std::size_t row) {
        for (std::size_t i = 0; i < length(); ++i)
          sum -= math::log(static_cast<double>(beliefs.probability(0, i, clean[row * length() + i])));
      });
      return sum / static_cast<double>(clean.size());
    });
  }

 private:
  // look_at(tree with its beliefs, row), for all rows in order.
  template <class LookAt>
  constexpr void visit(std::span<const symbol> noisy, std::span<const float> alpha_bar, const LookAt& look_at) {
    const auto observe = [&](hierarchy_tree<real>& beliefs, std::size_t row) {
      for (std::size_t i = 0; i < length(); ++i)
        process_.likelihood(noisy[row * length() + i], static_cast<real>(alpha_bar[row]), beliefs.leaf(i));
    };
    detail::visit_rows(grammar_, memory_, alpha_bar.size(), observe, look_at);
  }

  grammar::hierarchy_view grammar_;
  Process process_;
  Memory memory_;
  status fit_;
};

// E[x_0 | x_t] for one-hot vectors under diffusion::gaussian: what tree_gaussian is for equal levels, with the same bits for
// them. Memory as for hierarchy_denoiser.
template <class Memory = std::span<float>>
class hierarchy_gaussian {
 public:
  using real = typename Memory::value_type;

  constexpr explicit hierarchy_gaussian(const grammar::hierarchy_view& grammar, const Memory& memory = {})
      : grammar_(grammar), memory_(memory),
        fit_(detail::check_messages(memory_.size(), tree_memory_size<real>(grammar.shape))) {}

  // Why it cannot answer.
  [[nodiscard]] constexpr status check() const { return fit_; }
  [[nodiscard]] constexpr std::size_t length() const { return grammar_.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return grammar_.vocabulary(); }
  [[nodiscard]] constexpr std::size_t dimension() const { return length() * vocabulary(); }

  // noisy [rows][length][vocabulary], finite; alpha_bar [rows]; mean like noisy, written. Value is float or double. Fails where
  // something does not fit together; then the mean is left alone.
  template <class Value>
  status predict(std::span<const Value> noisy, std::span<const Value> alpha_bar, std::span<Value> mean) {
    const std::size_t size = dimension();
    if (!fit_) return fit_;
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), size, mean.size(), size); !sizes) return sizes;
    in_ieee_arithmetic([&] {
      detail::visit_rows(
          grammar_, memory_, alpha_bar.size(),
          [&](hierarchy_tree<real>& beliefs, std::size_t row) {
            diffusion::one_hot_likelihoods<real>(noisy.subspan(row * size, size), alpha_bar[row], length(),
                                                 [&](std::size_t i) { return beliefs.leaf(i); });
          },
          [&](const hierarchy_tree<real>& beliefs, std::size_t row) {
            beliefs.token_marginals(mean.subspan(row * size, size));
          });
    });
    return {};
  }

 private:
  grammar::hierarchy_view grammar_;
  Memory memory_;
  status fit_;
};

}}}  // namespace frond::belief

#include <frond/config/epilogue.hpp>
