// The best possible denoiser for sentences of a random hierarchy model that are one-hot vectors under Gaussian noise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frond/belief/tree.hpp>
#include <frond/belief/tree_batch.hpp>
#include <frond/belief/tree_kernel.hpp>
#include <frond/belief/tree_rows.hpp>
#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/status.hpp>
#include <frond/diffusion/one_hot.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace belief {

// E[x_0 | x_t] by belief propagation for x_0 the one-hot vectors of a sentence's tokens, [length][vocabulary], and x_t the same
// under diffusion::gaussian: a continuous denoiser (core/concepts.hpp). The mean of a one-hot vector is the posterior
// distribution of its token; with diffusion::convert() it is the exact score. Memory as for tree_denoiser, and as there the
// answers have the same bits either way; the grammar's tables must outlive the denoiser; not for two threads at once.
template <class Memory = std::span<float>>
class tree_gaussian {
 public:
  using real = typename Memory::value_type;

  constexpr explicit tree_gaussian(const grammar::rhm_view& grammar, const Memory& memory = {})
      : grammar_(grammar), memory_(memory),
        fit_(detail::check_messages(memory_.size(), tree_memory_size<real>(grammar.shape))) {}

  // Why it cannot answer.
  [[nodiscard]] constexpr status check() const { return fit_; }
  [[nodiscard]] constexpr std::size_t length() const { return grammar_.length(); }
  [[nodiscard]] constexpr std::uint32_t vocabulary() const { return grammar_.vocabulary(); }
  [[nodiscard]] constexpr std::size_t dimension() const { return length() * vocabulary(); }

  // noisy [rows][length][vocabulary], finite; alpha_bar [rows]; mean like noisy, written, and not the same memory.
  status predict(std::span<const float> noisy, std::span<const float> alpha_bar, std::span<float> mean) {
    return predict_as<float>(noisy, alpha_bar, mean);
  }
  // The same for numbers in double precision, if the messages are doubles.
  status predict(std::span<const double> noisy, std::span<const double> alpha_bar,
                 std::span<double> mean) requires std::is_same_v<real, double> {
    return predict_as<double>(noisy, alpha_bar, mean);
  }

 private:
  template <class Value>
  status predict_as(std::span<const Value> noisy, std::span<const Value> alpha_bar, std::span<Value> mean) {
    const std::size_t size = dimension();
    if (!fit_) return fit_;
    if (const status sizes = check_question(alpha_bar.size(), noisy.size(), size, mean.size(), size); !sizes) return sizes;
    in_ieee_arithmetic([&] {
      detail::visit_rows(
          grammar_, memory_, alpha_bar.size(),
          [&](const tree_operands& trees, std::size_t first, std::size_t rows) {
            if constexpr (std::is_same_v<Value, float>)
              observe_batch(trees, noisy.data() + first * size, &alpha_bar[first], rows);
          },
          [&](tree<real>& beliefs, std::size_t row) {
            diffusion::one_hot_likelihoods<real>(noisy.subspan(row * size, size), alpha_bar[row], length(),
                                                 [&](std::size_t i) { return beliefs.leaf(i); });
          },
          [&](const tree_operands& trees, std::size_t first, std::size_t rows) {
            if constexpr (std::is_same_v<Value, float>) tree_posterior(trees, rows, mean.data() + first * size);
          },
          [&](const tree<real>& beliefs, std::size_t row) { beliefs.token_marginals(mean.subspan(row * size, size)); });
    });
    return {};
  }

  static void observe_batch(const tree_operands& trees, const float* noisy, const float* alpha_bar, std::size_t rows) {
    float sharpness[tree_batch_rows];
    for (std::size_t row = 0; row < rows; ++row) sharpness[row] = diffusion::one_hot_sharpness(alpha_bar[row]);
    tree_observe_one_hot(trees, {noisy, rows, sharpness});
  }

  grammar::rhm_view grammar_;
  Memory memory_;
  status fit_;
};

}}}  // namespace frond::belief

#include <frond/config/epilogue.hpp>
