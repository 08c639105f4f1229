// The best possible denoiser for sentences of a random hierarchy model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/symbol.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/exact/tree.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::exact {

// P(clean token | noisy sentence) by belief propagation: a denoiser (core/concepts.hpp) like any network, and right by
// construction. Process is diffusion::uniform or diffusion::absorbing. Memory is where the messages live:
//   tree_memory<float, shape>   inside this object: fixed size, no allocation
//   std::span<float>            the caller's, tree_memory_size<float>(shape) numbers, for shapes known at run time only
// With double instead of float all messages are doubles. The grammar's tables must outlive the denoiser. Not for two threads
// at once: copies with memory of their own are cheap.
// A sentence that the process cannot have produced has a defined posterior, see tree: visible tokens stay what they are.
template <diffusion::discrete_process Process, class Memory = std::span<float>>
class tree_denoiser {
 public:
  using real = typename Memory::value_type;

  constexpr tree_denoiser(const grammar::rhm_view& grammar, const Process& process, const Memory& memory = {})
      : grammar_(grammar), process_(process), memory_(memory) {
    FROND_ASSERT(process.vocabulary == grammar.vocabulary(), "the noise and the grammar must have the same vocabulary");
    FROND_ASSERT(memory.size() >= tree_memory_size<real>(grammar.shape).value, "the memory is too small for the messages");
  }

  [[nodiscard]] constexpr std::size_t length() const { return grammar_.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return grammar_.vocabulary(); }
  [[nodiscard]] constexpr std::uint32_t input_symbols() const { return process_.input_symbols(); }

  // noisy [rows][length], alpha_bar [rows], posterior [rows][length][vocabulary].
  constexpr void predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    FROND_ASSERT(posterior.size() == noisy.size() * vocabulary(), "the posterior has one law for each token");
    in_ieee_arithmetic([&] {
      visit(noisy, alpha_bar, [&](const tree<real>& beliefs, std::size_t position, std::size_t token) {
        beliefs.marginal(0, position, posterior.subspan(token * vocabulary(), vocabulary()));
      });
    });
  }

  // Mean of -ln P(clean token | noisy sentence) over all tokens, in nats: over many draws the Bayes-optimal cross-entropy, the
  // floor under the loss of every denoiser. clean, noisy [rows][length], alpha_bar [rows]; at least one row.
  [[nodiscard]] constexpr double cross_entropy(std::span<const symbol> clean, std::span<const symbol> noisy,
                                               std::span<const float> alpha_bar) {
    FROND_ASSERT(clean.size() == noisy.size(), "there is one clean token for each noisy one");
    return in_ieee_arithmetic([&] {
      double sum = 0;
      visit(noisy, alpha_bar, [&](const tree<real>& beliefs, std::size_t position, std::size_t token) {
        sum -= math::log(static_cast<double>(beliefs.probability(0, position, clean[token])));
      });
      return sum / static_cast<double>(clean.size());
    });
  }

 private:
  // look(beliefs, position, token) for every token of every row, once the beliefs of its row are there.
  template <class Look>
  constexpr void visit(std::span<const symbol> noisy, std::span<const float> alpha_bar, const Look& look) {
    FROND_ASSERT(noisy.size() == alpha_bar.size() * length(), "there is one noise level for each sentence");
    const std::size_t tokens = length();
    tree<real> beliefs(grammar_, memory_);
    for (std::size_t row = 0; row < alpha_bar.size(); ++row) {
      const auto level = static_cast<real>(alpha_bar[row]);
      for (std::size_t i = 0; i < tokens; ++i) process_.likelihood(noisy[row * tokens + i], level, beliefs.leaf(i));
      beliefs.upward();
      beliefs.downward();
      for (std::size_t i = 0; i < tokens; ++i) look(beliefs, i, row * tokens + i);
    }
  }

  grammar::rhm_view grammar_;
  Process process_;
  Memory memory_;
};

}  // namespace frond::inline FROND_ABI::exact

#include <frond/config/epilogue.hpp>
