// The best possible denoiser for sentences of a hierarchy whose levels differ.
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
#include <frond/grammar/hierarchy.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::exact {

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
        for (std::size_t i = 0; i < length(); ++i)
          beliefs.marginal(0, i, posterior.subspan((row * length() + i) * vocabulary(), vocabulary()));
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
    hierarchy_tree<real> beliefs(grammar_, memory_);
    for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
      for (std::size_t i = 0; i < length(); ++i)
        process_.likelihood(noisy[row * length() + i], static_cast<real>(alpha_bar[row]), beliefs.leaf(i));
      beliefs.upward();
      beliefs.downward();
      look_at(beliefs, row);
    }
  }

  grammar::hierarchy_view grammar_;
  Process process_;
  Memory memory_;
};

}  // namespace frond::inline FROND_ABI::exact

#include <frond/config/epilogue.hpp>
