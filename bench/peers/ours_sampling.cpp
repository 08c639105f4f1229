// Sampling with one build of the library.
#include <frond/diffusion/process.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/network_denoiser.hpp>

#include "../memory.hpp"
#include "ours_build.hpp"
#include "ours_plan.hpp"

namespace peers::PEERS_BUILD {

namespace {

using namespace frond;

constexpr std::size_t rows_at_a_time = 32;

// Does what network_denoiser does around the network.
class network_left_out {
 public:
  network_left_out(const nn::plan& plan, const diffusion::uniform& process)
      : plan_(plan), process_(process), input_(rows_at_a_time * plan.input_size()),
        logits_(bench::random_floats(rows_at_a_time * plan.output_size())) {}

  [[nodiscard]] std::size_t length() const { return plan_.input_positions; }
  [[nodiscard]] std::uint32_t vocabulary() const { return process_.vocabulary; }
  [[nodiscard]] std::uint32_t input_symbols() const { return process_.input_symbols(); }

  void predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    for (std::size_t row = 0; row < alpha_bar.size(); row += rows_at_a_time) {
      const std::size_t rows = alpha_bar.size() - row < rows_at_a_time ? alpha_bar.size() - row : rows_at_a_time;
      for (std::size_t i = 0; i < rows; ++i)
        nn::encode_tokens(noisy.subspan((row + i) * length(), length()), input_symbols(), alpha_bar[row + i],
                          input_.data() + i * plan_.input_size());
      kernel::softmax(logits_.data(), rows * length(), vocabulary(), posterior.data() + row * plan_.output_size());
    }
  }

 private:
  nn::plan plan_;
  diffusion::uniform process_;
  bench::aligned_floats input_, logits_;
};

class frond_sampler : public sampler {
 public:
  frond_sampler(const net& shape, const sampling_shape& sampling)
      : storage_(build_plan(shape)),
        plan_(storage_), process_{sampling.vocabulary}, options_{.noise = {diffusion::schedule::linear_signal, sampling.steps},
                                                                 .form = diffusion::reverse_form::d3pm},
        parameters_(plan_.parameter_count), scratch_(plan_.scratch_size * rows_at_a_time),
        memory_(diffusion::sampling_memory(plan_.input_positions, sampling.vocabulary, sampling.sentences)),
        sentences_(sampling.sentences * plan_.input_positions), model_(plan_, process_, parameters_, scratch_),
        without_(plan_, process_) {
    nn::initialise(plan_, nn::initialisation::he, seed{3}, parameters_);
  }

  std::span<float> parameters() override { return parameters_; }
  void run() override { draw(model_); }
  void run_outside_the_network() override { draw(without_); }
  std::span<const std::uint8_t> sentences() override { return sentences_; }

  std::vector<float> distributions(std::span<const std::uint8_t> noisy, std::uint32_t step) override {
    const std::size_t symbols = process_.vocabulary;
    const std::vector<float> levels(noisy.size() / plan_.input_positions, options_.noise.alpha_bar(step));
    std::vector<float> posterior(noisy.size() * symbols), distributions(posterior.size());
    model_.predict(noisy, levels, posterior);
    const auto reverse = process_.step(levels[0], options_.noise.alpha_bar(step - 1), options_.form);
    for (std::size_t i = 0; i < noisy.size(); ++i)
      reverse.distribution(noisy[i], std::span<const float>(posterior).subspan(i * symbols, symbols),
                           std::span(distributions).subspan(i * symbols, symbols));
    return distributions;
  }

 private:
  template <class Denoiser>
  void draw(Denoiser& model) {
    diffusion::sample(process_, model, seed{key_++}, options_, memory_, sentences_);
  }

  nn::plan_storage<64> storage_;
  nn::plan plan_;
  diffusion::uniform process_;
  diffusion::sampling_options options_;
  bench::aligned_floats parameters_, scratch_, memory_;
  std::vector<symbol> sentences_;
  nn::network_denoiser<diffusion::uniform> model_;
  network_left_out without_;
  std::uint64_t key_ = 0;
};

}  // namespace

std::unique_ptr<sampler> make_sampler(const net& shape, const sampling_shape& sampling) {
  return std::make_unique<frond_sampler>(shape, sampling);
}

}  // namespace peers::PEERS_BUILD
