#include <doctest/doctest.h>

#include <frond/belief/tree_denoiser.hpp>
#include <frond/belief/tree_gaussian.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/grammar/code.hpp>
#include <frond/lab/vectors/autoencoder_trainer.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/nn/vector_denoiser.hpp>
#include <frond/train/fit.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

using namespace frond;

namespace {

constexpr grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3};  // 1,024 sentences
constexpr grammar::rhm<shape> rules{seed{7}};
constexpr diffusion::absorbing masking{8};

constexpr auto network_of(std::uint32_t channels, std::uint32_t width) {
  return nn::make_tree_unet({.branching = 2, .depth = 3, .input_channels = channels, .output_channels = 8, .width = width});
}
constexpr auto wide = network_of(10, 32), narrow = network_of(10, 16), without_masks = network_of(9, 32);

std::string text_of(const status& state) { return text(state).c_str(); }

// Floats between two walls of others, which must stay.
struct walled {
  std::vector<float> all;

  explicit walled(std::size_t count, float value = 0.25f) : all(count + 64, value) {
    std::fill_n(all.begin(), 32, 77.0f);
    std::fill_n(all.end() - 32, 32, 77.0f);
  }
  [[nodiscard]] std::span<float> inside() { return std::span(all).subspan(32, all.size() - 64); }
  [[nodiscard]] bool stand() const {
    const auto wall = [](float value) { return value < 77.0f || value > 77.0f; };
    return std::none_of(all.begin(), all.begin() + 32, wall) && std::none_of(all.end() - 32, all.end(), wall);
  }
};

}  // namespace

TEST_CASE("beyond the last sentence of a grammar there are zeros, at once") {
  const grammar::rhm_subset all{rules};
  std::vector<symbol> sentence(8, 9);
  for (const std::uint64_t index : {std::uint64_t{1024}, std::uint64_t{1025}, ~std::uint64_t{0}}) {
    all.sample(seed{1}, index, sentence);
    CHECK(sentence == std::vector<symbol>(8, 0));
    sentence.assign(8, 9);
  }
  const grammar::rhm<grammar::rhm_shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 7}> uncounted(seed{1});
  std::vector<symbol> long_sentence(128, 9);
  grammar::rhm_subset{uncounted}.sample(seed{1}, 0, long_sentence);
  CHECK(long_sentence == std::vector<symbol>(128, 0));
}

TEST_CASE("weights of another network are refused by a denoiser, and no foreign memory is read or written") {
  for (const auto* given : {&narrow, &wide}) {
    walled weights(given->view().parameter_count), scratch(wide.view().scratch_size);
    std::vector<float> memory(diffusion::sampling_memory(8, 8, 1));
    std::vector<symbol> sentences(16);
    nn::network_denoiser<diffusion::absorbing> model(wide, masking, weights.inside(), scratch.inside());
    const status made = diffusion::sample(masking, model, seed{1}, {}, memory, sentences);
    CHECK(made.ok() == (given == &wide));
    CHECK(scratch.stand());
  }
}

TEST_CASE("a network without channels for masks is refused by denoiser, trainer and evaluation") {
  const nn::plan plan = without_masks;
  const train::denoising problem{train::data_set{grammar::rhm_subset{rules}, seed{1}, 0, 500}, masking, diffusion::schedule{},
                                 seed{2}};
  const train::trainer_options o{.batch = 4};
  walled weights(plan.parameter_count), memory(train::training_memory(plan, o, 1)), scratch(plan.scratch_size);
  const std::string reason =
      "the network has 9 input channels, this noise needs 10: one for each noisy symbol and one for time";
  train::trainer trainer(plan, problem, o, weights.inside(), memory.inside());
  CHECK_FALSE(math::is_finite(trainer.step()));
  CHECK(text_of(trainer.check()) == reason);
  walled room(train::evaluation_memory(plan, 4, 2, 1));
  CHECK_FALSE(math::is_finite(train::evaluate(plan, weights.inside(), problem, 0, 4, 2, room.inside())));
  nn::network_denoiser<diffusion::absorbing> model(plan, masking, weights.inside(), scratch.inside());
  std::vector<float> posterior(8 * 8);
  const status answered = model.predict(std::vector<symbol>(8), std::vector<float>{0.5f}, posterior);
  CHECK(text_of(answered) == reason);
  CHECK(weights.stand());
  CHECK(memory.stand());
  CHECK(room.stand());
  CHECK(scratch.stand());
}

TEST_CASE("memory that is too small is neither written nor read beyond its end") {
  const nn::plan plan = narrow;
  const train::denoising problem{train::data_set{grammar::rhm_subset{rules}, seed{1}, 0, 500}, masking, diffusion::schedule{},
                                 seed{2}};
  const train::trainer_options o{.batch = 4};
  walled weights(plan.parameter_count), memory(train::training_memory(plan, o, 1) - 1), best(plan.parameter_count - 1);
  walled room(train::evaluation_memory(plan, 4, 2, 1) - 1), half(plan.parameter_count / 2);
  train::trainer trainer(plan, problem, o, weights.inside(), memory.inside());
  CHECK_FALSE(math::is_finite(trainer.step()));
  CHECK_FALSE(math::is_finite(train::evaluate(plan, weights.inside(), problem, 0, 4, 2, room.inside())));
  train::early_stopping stopping;
  CHECK(stopping.go_on(1.0f, 1, weights.inside(), best.inside()));
  CHECK_FALSE(nn::initialise(plan, nn::initialisation::he, seed{1}, half.inside()).ok());
  for (const walled* each : {&weights, &memory, &best, &room, &half}) CHECK(each->stand());
}

TEST_CASE("exact denoisers that do not fit, or are asked with wrong sizes or tokens, touch no foreign memory") {
  const std::size_t needed = belief::tree_memory_size<float>(shape).value;
  for (const bool small : {true, false}) {
    walled memory(small ? needed - 1 : needed), posterior(8 * 8);
    belief::tree_denoiser model(rules.view(), diffusion::uniform{8}, memory.inside());
    CHECK(model.check().ok() == !small);
    const std::vector<symbol> noisy{255, 8, 0, 1, 2, 3, 4, 200};
    const std::vector<float> level{0.5f, 0.5f};
    CHECK(model.predict(noisy, std::span(level).first(1), posterior.inside()).ok() == !small);
    CHECK_FALSE(model.predict(noisy, level, posterior.inside()).ok());
    CHECK_FALSE(model.predict(noisy, std::span(level).first(1), posterior.inside().first(63)).ok());
    CHECK(math::is_finite(static_cast<float>(model.cross_entropy(noisy, noisy, level))) == false);
    CHECK(memory.stand());
    CHECK(posterior.stand());
  }
  walled memory(needed);
  belief::tree_denoiser other(rules.view(), diffusion::uniform{9}, memory.inside());
  CHECK(text_of(other.check()) == "the noise has 9 symbols, the grammar 8");
  belief::tree_gaussian vectors(rules.view(), memory.inside().first(needed - 1));
  CHECK_FALSE(vectors.check().ok());
}

TEST_CASE("tokens and targets that do not exist lead to no foreign memory") {
  walled channels(2 * 10);
  nn::encode_tokens(std::vector<symbol>{255, 9}, 9, 0.5f, channels.inside().data());
  CHECK(channels.stand());
}
