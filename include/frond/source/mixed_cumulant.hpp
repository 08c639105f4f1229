// The mixed cumulant model: vectors with one direction that their covariance shows and one that only higher cumulants show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/checked.hpp>
#include <frond/core/concepts.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/mul_add.hpp>
#include <frond/core/seed.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/math/scalar.hpp>
#include <frond/rng/philox.hpp>
#include <frond/source/directions.hpp>
#include <frond/source/latents.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace source {

// How strong the planted directions are and what drives them. The spiked cumulant model has no strength but `cumulant`.
struct spikes {
  float mean = 0.0f;        // b_m
  float covariance = 0.0f;  // b_u
  float cumulant = 0.0f;    // b_v
  latents hidden{};

  [[nodiscard]] constexpr status check() const {
    if (!(mean >= 0.0f && covariance >= 0.0f && cumulant >= 0.0f)) return {"the strength of a spike is not negative"};
    if (!math::is_finite(mean) || !math::is_finite(covariance) || !math::is_finite(cumulant))
      return {"the strength of a spike must be finite"};
    return hidden.check();
  }

  // sqrt(b_u): x_0 . u = lambda_weight() lambda + a standard normal.
  [[nodiscard]] float lambda_weight() const { return math::sqrt(covariance); }
  // g = sqrt(b_v / (1 + b_v)): x_0 . v = g nu + s_0 times a standard normal, of variance 1 in all.
  [[nodiscard]] float nu_weight() const { return math::sqrt(cumulant / (1.0f + cumulant)); }
  // s_0 = 1 / sqrt(1 + b_v).
  [[nodiscard]] float whitened_noise() const { return 1.0f / math::sqrt(1.0f + cumulant); }
  // c = E[(x_0 . u)(x_0 . v)]. The covariance of x_0 is I + b_u u u^T + c (u v^T + v u^T).
  [[nodiscard]] float cross_covariance() const { return lambda_weight() * nu_weight() * hidden.correlation(); }

  // The same mean and covariance, and nothing beyond: a Gaussian clone. It makes x_0 from the same lambda and the same noise.
  [[nodiscard]] spikes gaussian_clone() const {
    spikes clone = *this;
    clone.hidden = {
        .distribution = latent_distribution::normal, .coupling = latent_coupling::linear, .strength = hidden.correlation()};
    return clone;
  }
};

// x_0 = sqrt(b_m) m + sqrt(b_u) lambda u + S (sqrt(b_v) nu v + z) with z standard normal and S = (I + b_v v v^T)^(-1/2), which
// gives the v direction variance 1, so that no covariance shows it if lambda and nu are uncorrelated. Székely, Bardone, Gerace
// and Goldt, "Learning from higher-order correlations, efficiently", NeurIPS 2024 (arXiv 2312.14922); Bardone and Goldt,
// "Sliding down the stairs", ICML 2024 (arXiv 2404.08602).
//
// A view: the directions [u, v] or [u, v, m][dimension], orthonormal (plant_directions() makes such), must outlive it; m is
// wanted only where b_m > 0. A continuous source (core/concepts.hpp).
class mixed_cumulant {
 public:
  // Data come in groups of so many: datum i is number i mod 256 of group i / 256. Its normals are the elements from
  // (i mod 256) dimension() on of the array at (key, stream::datum, i / 256), its latents are made of block i mod 256 of
  // (key, stream::latents, i / 256).
  static constexpr std::uint64_t group_size = 256;

  mixed_cumulant(const spikes& strengths, std::size_t dimension, std::span<const float> directions)
      : spikes_(strengths), dimension_(dimension), directions_(directions) {
    FROND_ASSERT(dimension <= std::size_t{1} << 26, "the normals of a group are an array of at most 2^34");
    FROND_ASSERT(strengths.check().ok(), "the spikes or their latents are out of range");
    FROND_CHECK_SIZE(directions.size() >= planted() * dimension && dimension >= planted(), "each spike has its direction");
  }

  [[nodiscard]] std::size_t dimension() const { return dimension_; }
  [[nodiscard]] const spikes& strengths() const { return spikes_; }
  [[nodiscard]] std::span<const float> u() const { return directions_.first(dimension_); }
  [[nodiscard]] std::span<const float> v() const { return directions_.subspan(dimension_, dimension_); }
  [[nodiscard]] std::span<const float> m() const { return directions_.subspan(2 * dimension_, dimension_); }

  // With the same directions.
  [[nodiscard]] mixed_cumulant gaussian_clone() const { return {spikes_.gaussian_clone(), dimension_, directions_}; }

  // The hidden variables of a datum.
  [[nodiscard]] latents::pair hidden(seed key, std::uint64_t index) const {
    const auto words = rng::words_at(key, rng::stream::latents, index / group_size, index % group_size);
    const rng::normal_pair normals = rng::box_muller(words[0], words[1]);
    return {normals.first, spikes_.hidden.nu(normals.first, normals.second, words[2], words[3])};
  }

  void sample(seed key, std::uint64_t index, std::span<float> out) const {
    FROND_CHECK_SIZE(out.size() == dimension_, "the output has the dimension of the source");
    sample_block(key, index, out);
  }

  // Data first, first + 1, ..., as many as there is room for: out [count][dimension()]. The same bits as one call of sample()
  // for each, and several times faster. 2 KiB of stack.
  void sample_block(seed key, std::uint64_t first, std::span<float> out) const {
    FROND_CHECK_SIZE(out.size() % dimension_ == 0, "the output must have room for whole vectors");
    FROND_ASSERT(addressable(first, out.size() / dimension_), "data have numbers below 2^64");
    in_ieee_arithmetic([&] {
      for (std::size_t done = 0, count = out.size() / dimension_; done < count;) {
        const std::uint64_t index = first + done, left = group_size - index % group_size;
        std::size_t rows = smaller(count - done, block_rows);
        if (left < rows) rows = to_size(left);
        sample_rows(key, index, rows, out.data() + done * dimension_);
        done += rows;
      }
    });
  }

 private:
  static constexpr std::size_t block_rows = 32;

  [[nodiscard]] std::size_t planted() const { return spikes_.mean > 0.0f ? 3 : 2; }

  // Up to block_rows data of one group. S takes a part of v . z off again; the rest is a product of [rows][u, v, m] weights
  // with the directions.
  void sample_rows(seed key, std::uint64_t index, std::size_t rows, float* out) const {
    const std::uint64_t group = index / group_size, place = index % group_size;
    kernel::fill_normal({.key = key, .purpose = rng::stream::datum, .index = group, .first = place * dimension_}, out,
                        rows * dimension_);
    float along_v[block_rows], normals[4 * block_rows], weights[3 * block_rows];
    std::uint32_t words[4 * block_rows];
    const kernel::random_array from{.key = key, .purpose = rng::stream::latents, .index = group, .first = 4 * place};
    kernel::fill_normal(from, normals, 4 * rows);
    kernel::fill_bits(from, words, 4 * rows);
    project_onto(out, rows, v(), along_v);
    const float lambda_weight = spikes_.lambda_weight(), nu_weight = spikes_.nu_weight();
    const float whitening = spikes_.whitened_noise() - 1.0f, mean = math::sqrt(spikes_.mean);
    for (std::size_t i = 0; i < rows; ++i) {
      const float nu = spikes_.hidden.nu(normals[4 * i], normals[4 * i + 1], words[4 * i + 2], words[4 * i + 3]);
      weights[3 * i] = lambda_weight * normals[4 * i];
      weights[3 * i + 1] = mul_add(nu_weight, nu, whitening * along_v[i]);
      weights[3 * i + 2] = mean;
    }
    kernel::matmul({.rows = rows,
                    .columns = dimension_,
                    .inner = planted(),
                    .a = weights,
                    .a_row_stride = 3,
                    .b = directions_.data(),
                    .b_stride = dimension_,
                    .c = out,
                    .c_stride = dimension_,
                    .accumulate = true});
  }

  spikes spikes_;
  std::size_t dimension_;
  std::span<const float> directions_;
};

static_assert(continuous_source<mixed_cumulant>);

}}}  // namespace frond::source

#include <frond/config/epilogue.hpp>
