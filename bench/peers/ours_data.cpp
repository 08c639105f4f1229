// Random numbers, sentences and beliefs with one build of the library.
#include <cstring>

#include <frond/belief/tree_denoiser.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/grammar/sample_block.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/lab/spiked/sphere_kernel.hpp>
#include <frond/rng/draws.hpp>
#include <frond/rng/normal.hpp>

#include "../memory.hpp"
#include "ours_build.hpp"

namespace peers::PEERS_BUILD {

namespace {

using namespace frond;

constexpr seed key{1};

class frond_hierarchy : public hierarchy {
 public:
  explicit frond_hierarchy(std::uint32_t depth)
      : grammar_({.vocabulary = 16, .rules = 4, .branching = 2, .depth = depth}), view_(grammar_.view()),
        memory_(belief::tree_batch_memory_size(view_.shape).value), denoiser_(view_, noise, memory_) {}

  small_grammar rules() override {
    small_grammar rules{.depth = view_.shape.depth};
    for (std::uint32_t level = 0; level < rules.depth; ++level)
      std::memcpy(rules.rules[level], view_.level_rules(rules.depth - level).data(), sizeof rules.rules[level]);
    return rules;
  }
  void sample(std::uint64_t first, std::span<std::uint8_t> sentences) override {
    grammar::sample_block(view_, key, first, sentences);
  }
  void sample_one_by_one(std::uint64_t first, std::span<std::uint8_t> sentences) override {
    for (std::size_t i = 0; i < sentences.size(); i += view_.length())
      view_.sample(key, first++, sentences.subspan(i, view_.length()));
  }
  bool can_be_parsed(std::span<const std::uint8_t> sentences) override {
    std::vector<symbol> level(sentences.begin(), sentences.end());
    for (std::uint32_t height = 1; height <= view_.shape.depth; ++height) {
      for (std::size_t i = 0; i < level.size() / 2; ++i) {
        const std::uint32_t rule = view_.find(height, std::span<const symbol>(level).subspan(2 * i, 2));
        if (rule == grammar::no_rule) return false;
        level[i] = static_cast<symbol>(rule / 4);
      }
      level.resize(level.size() / 2);
    }
    return true;
  }

  std::vector<std::uint8_t> noisy(std::size_t count, float alpha_bar) override {
    std::vector<std::uint8_t> sentences = grammar_.sentences(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto sentence = std::span(sentences).subspan(i * view_.length(), view_.length());
      noise.corrupt(seed{2}, i, alpha_bar, sentence, sentence);
    }
    return sentences;
  }
  std::vector<float> likelihoods(std::span<const std::uint8_t> noisy, float alpha_bar) override {
    std::vector<float> distributions(noisy.size() * noise.vocabulary);
    for (std::size_t i = 0; i < noisy.size(); ++i)
      noise.likelihood(noisy[i], alpha_bar, std::span(distributions).subspan(i * noise.vocabulary, noise.vocabulary));
    return distributions;
  }
  void denoise(std::span<const std::uint8_t> noisy, std::span<const float> alpha_bar, std::span<float> posterior) override {
    denoiser_.predict(noisy, alpha_bar, posterior);
  }
  std::vector<double> denoise_in_double(std::span<const std::uint8_t> noisy, float alpha_bar) override {
    std::vector<double> memory(belief::tree_memory_size<double>(view_.shape).value), posterior(noisy.size() * noise.vocabulary);
    belief::tree<double> beliefs(view_, memory);
    for (std::size_t row = 0; row < noisy.size(); row += view_.length()) {
      for (std::size_t i = 0; i < view_.length(); ++i)
        noise.likelihood(noisy[row + i], static_cast<double>(alpha_bar), beliefs.leaf(i));
      beliefs.upward();
      beliefs.downward();
      for (std::size_t i = 0; i < view_.length(); ++i)
        beliefs.marginal(0, i, std::span(posterior).subspan((row + i) * noise.vocabulary, noise.vocabulary));
    }
    return posterior;
  }

 private:
  static constexpr diffusion::uniform noise{16};

  bench::drawn_grammar grammar_;
  grammar::rhm_view view_;
  bench::aligned_floats memory_;
  belief::tree_denoiser<diffusion::uniform> denoiser_;
};

class frond_descent : public descent {
 public:
  frond_descent(std::size_t dimension, std::uint32_t first)
      : dimension_(dimension), weights_(16 * frond::lab::spiked::sphere_sgd_rows(dimension)),
        memory_(2 * 16 * frond::lab::spiked::sphere_sgd_rows(dimension)) {
    for (std::uint32_t i = 0; i < 16; ++i) run_[i] = first + i;
    kernel::fill_normal({.key = key, .purpose = rng::stream::weights, .index = first}, weights_.data(), 16 * dimension);
  }

  void run(std::size_t steps) override {
    frond::lab::spiked::sphere_sgd({.dimension = dimension_,
                                    .spike = 2.236068f,
                                    .signal = 0.953463f,
                                    .rest = 0.301511f,
                                    .alpha_bar = 0.7f,
                                    .unit = {.amplitude = 0.2f, .gain = 2.0f},
                                    .skip = 0.83666f,
                                    .rate = 1.0f / static_cast<float>(dimension_),
                                    .key = key,
                                    .run = run_,
                                    .step = step_,
                                    .weights = weights_.data(),
                                    .memory = memory_.data(),
                                    .overlap_u = overlap_u_,
                                    .overlap_v = overlap_v_,
                                    .passage_u = passage_,
                                    .passage_v = passage_},
                                   steps);
  }
  std::span<const float> overlaps() override { return overlap_u_; }

 private:
  std::size_t dimension_;
  bench::aligned_floats weights_, memory_;
  std::uint32_t run_[16], step_[16] = {}, passage_[16] = {};
  float overlap_u_[16] = {}, overlap_v_[16] = {};
};

void fill_uniform(std::span<float> numbers) {
  kernel::fill_uniform({.key = key, .purpose = rng::stream::user}, numbers.data(), numbers.size());
}
void fill_normal(std::span<float> numbers) {
  kernel::fill_normal({.key = key, .purpose = rng::stream::user}, numbers.data(), numbers.size());
}
std::vector<float> uniform_by_address(std::size_t count) {
  std::vector<float> numbers(count);
  rng::draws draw(key, rng::stream::user, 0);
  for (float& number : numbers) number = draw.uniform();
  return numbers;
}
std::vector<float> normal_by_address(std::size_t count) {
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = rng::normal_at(key, rng::stream::user, 0, i);
  return numbers;
}

}  // namespace

std::unique_ptr<hierarchy> make_hierarchy(std::uint32_t depth) { return std::make_unique<frond_hierarchy>(depth); }

std::unique_ptr<descent> make_descent(std::size_t dimension, std::uint32_t first) {
  return std::make_unique<frond_descent>(dimension, first);
}

const build& library() {
  static const build all{own_kernels(), make_network, make_sampler,       make_hierarchy,   make_descent,
                         fill_uniform,  fill_normal,  uniform_by_address, normal_by_address};
  return all;
}

}  // namespace peers::PEERS_BUILD
