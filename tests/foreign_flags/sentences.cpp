// Entries that deal with sentences of hierarchies: noise on tokens, belief propagation, samplers. Observations are so unequally
// likely that messages and posteriors are denormal.
#include "entries.hpp"

#include <frond/belief/hierarchy_denoiser.hpp>
#include <frond/belief/tree_denoiser.hpp>
#include <frond/belief/tree_gaussian.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/diffusion/stepper.hpp>
#include <frond/grammar/hierarchy_draw.hpp>
#include <frond/nn/guided_denoiser.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/tree_unet.hpp>

#include <array>

namespace entries {

namespace {

using namespace frond;
using modes::check;
using modes::check_unguarded;
using modes::hash_of;

constexpr grammar::rhm_shape shape{.vocabulary = 5, .rules = 2, .branching = 2, .depth = 3};
constexpr std::array<grammar::hierarchy_level, 3> levels{{{5, 3, 2, 1, 0.75}, {6, 3, 2}, {3, 4, 2, 2}}};
constexpr grammar::hierarchy_shape uneven{.tokens = 5, .levels = levels};
constexpr std::size_t rows = 20;

const grammar::rhm<shape> drawn{seed{4}};
const grammar::rhm_view rules = drawn;
const grammar::hierarchy<grammar::memory_of(uneven).value> drawn_uneven(uneven, seed{6});
const grammar::hierarchy_view uneven_rules = drawn_uneven;

// Any tokens at all, and noise so low that they cannot be explained by a change or two.
std::vector<symbol> any_tokens(std::size_t count, std::uint32_t symbols) {
  std::vector<symbol> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<symbol>((i * i + i / 7) % symbols);
  return out;
}
std::vector<float> noise_levels(std::size_t count) {
  constexpr float each[] = {0.9999999f, 0.999999f, 1e-38f, 0.3f, 1.0f};
  std::vector<float> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(each[i % 5]);
  return out;
}
const std::vector<float> alpha_bar = noise_levels(rows);

template <class Denoiser>
std::uint64_t answer(Denoiser&& model) {
  const std::vector<symbol> noisy = any_tokens(rows * model.length(), model.vocabulary());
  std::vector<float> posterior(noisy.size() * model.vocabulary());
  model.predict(noisy, alpha_bar, posterior);
  return hash_of(posterior);
}
template <class Denoiser>
std::uint64_t entropy(Denoiser&& model) {
  const std::vector<symbol> noisy = any_tokens(rows * model.length(), model.vocabulary());
  return hash_of(std::vector{model.cross_entropy(noisy, noisy, alpha_bar)});
}
// Noisy one-hot vectors whose entries reach down to the smallest floats.
const std::vector<float> vectors_of(std::size_t count) {
  std::vector<float> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = i % 4 == 0 ? 1.0f : i % 4 == 1 ? -0.7f : i % 4 == 2 ? 1e-39f : 0.2f;
  return out;
}
template <class Denoiser>
std::uint64_t answer_to_vectors(Denoiser&& model) {
  const std::vector<float> noisy = vectors_of(rows * model.dimension());
  std::vector<float> mean(noisy.size());
  model.predict(std::span<const float>(noisy), std::span<const float>(alpha_bar), std::span<float>(mean));
  return hash_of(mean);
}

const diffusion::uniform noise{shape.vocabulary};
const diffusion::uniform uneven_noise{uneven_rules.vocabulary()};
using batched = belief::tree_denoiser<diffusion::uniform, belief::tree_batch_memory<shape>>;
using alone = belief::tree_denoiser<diffusion::uniform, belief::tree_memory<float, shape>>;

// What a tree says of one sentence: observed, and `look` at it with its memory, all in the caller's mode.
template <class Tree, class View>
void tree_entries(const std::string_view (&names)[6], const View& grammar, std::uint32_t symbols, std::size_t nodes) {
  const std::vector<symbol> noisy = any_tokens(grammar.length(), symbols);
  std::vector<float> memory(belief::tree_memory_size<float>(grammar.shape).value);
  Tree tree(grammar, memory);
  const auto look = [&](bool down, const auto& at) {
    for (std::size_t i = 0; i < noisy.size(); ++i)
      for (std::size_t a = 0; a < symbols; ++a) tree.leaf(i)[a] = a == noisy[i] ? 1.0f : a == 0 ? 1e-44f : 2e-30f;
    tree.upward();
    if (down) tree.downward();
    hasher h;
    at(h);
    return h.value();
  };
  const auto add_memory = [&](hasher& h) { h.add(std::span<const float>(memory)); };
  std::vector<float> all(noisy.size() * symbols);
  std::vector<symbol> tokens(nodes);
  check(names[0], [&] { return look(false, add_memory); });
  check(names[1], [&] { return look(true, add_memory); });
  check(names[2], [&] {
    return look(true, [&](hasher& h) {
      tree.marginal(0, 1, std::span<float>(all).first(symbols));
      h.add(std::span<const float>(all).first(symbols));
    });
  });
  check(names[3], [&] {
    return look(true, [&](hasher& h) {
      tree.token_marginals(std::span<float>(all));
      h.add(std::span<const float>(all));
    });
  });
  check(names[4], [&] { return look(true, [&](hasher& h) { h.add(tree.probability(0, 1, 2)); }); });
  check(names[5], [&] {
    return look(false, [&](hasher& h) {
      for (std::uint64_t i = 0; i < 50; ++i) {
        tree.sample(seed{5}, i, tokens);
        h.add(std::span<const symbol>(tokens));
      }
    });
  });
}

void belief_propagation() {
  check("belief/tree_denoiser.hpp predict", [] { return answer(batched(rules, noise)) ^ answer(alone(rules, noise)); });
  check("belief/tree_denoiser.hpp cross_entropy", [] { return entropy(batched(rules, noise)) ^ entropy(alone(rules, noise)); });
  check("belief/tree_gaussian.hpp predict", [] {
    std::vector<float> memory(belief::tree_batch_memory_size(shape).value);
    return answer_to_vectors(belief::tree_gaussian<>(rules, memory));
  });
  check("belief/tree_gaussian.hpp predict", [] {
    std::vector<double> wide(belief::tree_memory_size<double>(shape).value);
    belief::tree_gaussian<std::span<double>> model(rules, wide);
    std::vector<double> mean(model.dimension()), noisy(mean.size(), 1e-310);
    const double level = 0.3;
    noisy[1] = 3.0;
    model.predict(std::span<const double>(noisy), std::span(&level, 1), std::span<double>(mean));
    return hash_of(mean);
  });
  std::vector<float> memory(belief::tree_memory_size<float>(uneven).value);
  using uneven_denoiser = belief::hierarchy_denoiser<diffusion::uniform>;
  check("belief/hierarchy_denoiser.hpp predict", [&] { return answer(uneven_denoiser(uneven_rules, uneven_noise, memory)); });
  check("belief/hierarchy_denoiser.hpp cross_entropy",
        [&] { return entropy(uneven_denoiser(uneven_rules, uneven_noise, memory)); });
  check("belief/hierarchy_denoiser.hpp predict",
        [&] { return answer_to_vectors(belief::hierarchy_gaussian<>(uneven_rules, memory)); });
  tree_entries<belief::tree<float>>(
      {"belief/tree.hpp upward", "belief/tree.hpp downward", "belief/tree.hpp marginal", "belief/tree.hpp token_marginals",
       "belief/tree.hpp probability", "belief/tree.hpp sample"},
      rules, shape.vocabulary, shape.nodes());
  tree_entries<belief::hierarchy_tree<float>>(
      {"belief/hierarchy_tree.hpp upward", "belief/hierarchy_tree.hpp downward", "belief/hierarchy_tree.hpp marginal",
       "belief/hierarchy_tree.hpp token_marginals", "belief/hierarchy_tree.hpp probability",
       "belief/hierarchy_tree.hpp sample"},
      uneven_rules, uneven_rules.vocabulary(), uneven.nodes());
}

void noise_on_tokens() {
  const std::vector<symbol> clean = any_tokens(64, shape.vocabulary);
  for (const float level : {1e-40f, 0.5f, 0.9999999f}) {
    check_unguarded("diffusion/process.hpp corrupt", [&] {
      std::vector<symbol> out(clean.size());
      noise.corrupt(seed{5}, 6, level, clean, out);
      return hash_of(out);
    });
    check_unguarded("diffusion/process.hpp corrupt", [&] {
      std::vector<symbol> out(clean.size());
      diffusion::absorbing{shape.vocabulary}.corrupt(seed{5}, 6, level, clean, out);
      return hash_of(out);
    });
  }
  for (std::uint8_t kind = 0; kind <= diffusion::schedule::single_level; ++kind)
    check_unguarded("diffusion/schedule.hpp alpha_bar", [&] {
      std::vector<float> out;
      const diffusion::schedule times{diffusion::schedule::kinds{kind}, 400};
      for (std::uint32_t t = 0; t <= times.steps; ++t) out.push_back(times.alpha_bar(t));
      return hash_of(out);
    });
}

void samplers() {
  const auto sampled = [&](auto&& model, bool from_noise) {
    const diffusion::sampling_options options{.noise = {diffusion::schedule::cosine, 9}};
    std::vector<float> memory(diffusion::sampling_memory(model.length(), model.vocabulary(), 7));
    std::vector<symbol> out = any_tokens(rows * model.length(), model.vocabulary());
    const status done = from_noise ? diffusion::sample(noise, model, seed{7}, options, memory, out)
                                   : diffusion::sample_from(noise, model, seed{7}, options, 6, memory, out);
    return hash_of(out) ^ hash_of(memory) ^ std::uint64_t{done.ok()};
  };
  check("diffusion/sampler.hpp sample", [&] { return sampled(batched(rules, noise), true); });
  check("diffusion/sampler.hpp sample_from", [&] { return sampled(batched(rules, noise), false); });
  check("diffusion/stepper.hpp step", [&] {
    auto model = batched(rules, noise);
    std::vector<float> memory(diffusion::sampling_memory(model.length(), model.vocabulary(), rows));
    std::vector<symbol> out(rows * model.length());
    diffusion::stepper steps(noise, model, seed{7}, {.noise = {diffusion::schedule::cosine, 9}}, memory, out);
    while (steps.check() && steps.time() > 0) steps.step();
    return hash_of(out) ^ hash_of(memory);
  });

  const auto with_network = [](std::uint32_t classes, const auto& visit) {
    const auto net = nn::make_tree_unet({.branching = shape.branching,
                                         .depth = shape.depth,
                                         .input_channels = nn::token_channels(shape.vocabulary, classes),
                                         .output_channels = shape.vocabulary,
                                         .width = 8});
    const nn::plan plan = net;
    std::vector<float> weights(plan.parameter_count), scratch(4 * plan.scratch_size);
    nn::initialise(plan, nn::initialisation::he, seed{8}, weights);
    for (std::size_t i = 0; i < weights.size(); i += 2) weights[i] = 1e-22f * static_cast<float>(i);
    visit(plan, std::span<const float>(weights), std::span<float>(scratch));
  };
  with_network(0, [](const nn::plan& plan, std::span<const float> weights, std::span<float> scratch) {
    check("nn/network_denoiser.hpp predict",
          [&] { return answer(nn::network_denoiser<diffusion::uniform>(plan, noise, weights, scratch)); });
  });
  with_network(3, [](const nn::plan& plan, std::span<const float> weights, std::span<float> scratch) {
    check("nn/guided_denoiser.hpp predict", [&] {
      return answer(nn::guided_denoiser<diffusion::uniform>(plan, noise, {3, 1, 1.5f}, weights, scratch));
    });
  });
}

}  // namespace

void sentences() {
  belief_propagation();
  noise_on_tokens();
  samplers();
}

}  // namespace entries
