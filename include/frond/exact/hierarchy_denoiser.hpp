// The best possible denoisers for sentences of a hierarchy whose levels differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/exact/hierarchy_memory.hpp>
#include <frond/exact/hierarchy_tree.hpp>
#include <frond/exact/one_hot_leaves.hpp>
#include <frond/grammar/hierarchy.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::exact {

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
template <diffusion::discrete_process Process, class Memory = std::span<float>>
class hierarchy_denoiser {
 public:
  using real = typename Memory::value_type;

  constexpr hierarchy_denoiser(const grammar::hierarchy_view& grammar, const Process& process, const Memory& memory = {})
      : grammar_(grammar), process_(process), memory_(memory) {
    FROND_ASSERT(process.vocabulary == grammar.vocabulary(), "the noise and the hierarchy must have the same vocabulary");
    FROND_ASSERT(memory.size() >= tree_memory_size<real>(grammar.shape).value, "the memory is too small for the messages");
  }

  [[nodiscard]] constexpr std::size_t length() const { return grammar_.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return grammar_.vocabulary(); }
  [[nodiscard]] constexpr std::uint32_t input_symbols() const { return process_.input_symbols(); }

  // noisy [rows][length], alpha_bar [rows], posterior [rows][length][vocabulary].
  constexpr void predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    FROND_ASSERT(posterior.size() == noisy.size() * vocabulary(), "the posterior has one law for each token");
    in_ieee_arithmetic([&] {
      visit(noisy, alpha_bar, [&](const hierarchy_tree<real>& beliefs, std::size_t row) {
        beliefs.token_marginals(posterior.subspan(row * length() * vocabulary(), length() * vocabulary()));
      });
    });
  }

  // Mean of -ln P(clean token | noisy sentence) over all tokens, in nats, as in tree_denoiser. clean, noisy [rows][length],
  // alpha_bar [rows]; at least one row.
  [[nodiscard]] constexpr double cross_entropy(std::span<const symbol> clean, std::span<const symbol> noisy,
                                               std::span<const float> alpha_bar) {
    FROND_ASSERT(clean.size() == noisy.size(), "there is one clean token for each noisy one");
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
    FROND_ASSERT(noisy.size() == alpha_bar.size() * length(), "there is one noise level for each sentence");
    const auto observe = [&](hierarchy_tree<real>& beliefs, std::size_t row) {
      for (std::size_t i = 0; i < length(); ++i)
        process_.likelihood(noisy[row * length() + i], static_cast<real>(alpha_bar[row]), beliefs.leaf(i));
    };
    detail::visit_rows(grammar_, memory_, alpha_bar.size(), observe, look_at);
  }

  grammar::hierarchy_view grammar_;
  Process process_;
  Memory memory_;
};

// E[x_0 | x_t] for one-hot vectors under diffusion::gaussian: what tree_gaussian is for equal levels, with the same bits for
// them. Memory as for hierarchy_denoiser.
template <class Memory = std::span<float>>
class hierarchy_gaussian {
 public:
  using real = typename Memory::value_type;

  constexpr explicit hierarchy_gaussian(const grammar::hierarchy_view& grammar, const Memory& memory = {})
      : grammar_(grammar), memory_(memory) {
    FROND_ASSERT(memory.size() >= tree_memory_size<real>(grammar.shape).value, "the memory is too small for the messages");
  }

  [[nodiscard]] constexpr std::size_t length() const { return grammar_.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return grammar_.vocabulary(); }
  [[nodiscard]] constexpr std::size_t dimension() const { return length() * vocabulary(); }

  // noisy [rows][length][vocabulary], finite; alpha_bar [rows]; mean like noisy, written. Value is float or double.
  template <class Value>
  void predict(std::span<const Value> noisy, std::span<const Value> alpha_bar, std::span<Value> mean) {
    const std::size_t size = dimension();
    FROND_ASSERT(noisy.size() == alpha_bar.size() * size, "there is one noise level for each sentence");
    FROND_ASSERT(mean.size() == noisy.size(), "the mean is as long as the noisy vectors");
    in_ieee_arithmetic([&] {
      detail::visit_rows(
          grammar_, memory_, alpha_bar.size(),
          [&](hierarchy_tree<real>& beliefs, std::size_t row) {
            detail::observe_one_hot<real>(noisy.subspan(row * size, size), alpha_bar[row], length(),
                                          [&](std::size_t i) { return beliefs.leaf(i); });
          },
          [&](const hierarchy_tree<real>& beliefs, std::size_t row) {
            beliefs.token_marginals(mean.subspan(row * size, size));
          });
    });
  }

 private:
  grammar::hierarchy_view grammar_;
  Memory memory_;
};

}  // namespace frond::inline FROND_ABI::exact

#include <frond/config/epilogue.hpp>
