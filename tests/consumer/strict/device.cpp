// A program of many parts of frond.hpp, compiled with the warnings of strict projects (tests.cmake). It makes the compiler
// instantiate what the header only declares; what it computes does not matter.
#include <frond/frond.hpp>

#include <array>
#include <cstdint>
#include <span>

namespace {

using namespace frond;

constexpr grammar::rhm_shape shape{.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3};
constexpr std::array<grammar::hierarchy_level, 2> levels{{{6, 3, 2}, {4, 2, 2, 1, 0.75}}};
constexpr grammar::hierarchy_shape uneven{.tokens = 7, .levels = levels};
constexpr diffusion::absorbing masking{shape.vocabulary};
constexpr diffusion::schedule times{diffusion::schedule::half_log_snr, 20};
using net = nn::tree_unet<nn::tree_unet_shape{.branching = 2,
                                              .depth = 3,
                                              .input_channels = nn::token_channels(masking.input_symbols()),
                                              .output_channels = 8,
                                              .width = 16}>;
using mlp = nn::mlp<nn::mlp_shape{.length = 1, .input_channels = 5, .output_channels = 4, .width = 8, .hidden_layers = 1}>;
struct recipe {
  static constexpr train::trainer_options value{
      .optimiser = {.learning_rate = 3e-3f, .clip_norm = 1.0f}, .batch = 16, .block_rows = 8};
};

nn::parameters<net> weights;
train::memory<net, recipe> training;
nn::workspace<net> scratch;
std::array<float, diffusion::sampling_memory(8, 8, 1)> posteriors;

template <class Process, class Denoiser>
bool writes(const Process& process, Denoiser& model) {
  std::array<symbol, 4 * 8> sentences{};
  std::array<symbol, 15> tree{};
  static constexpr grammar::rhm<shape> rules{seed{7}};
  const status done = diffusion::sample(process, model, seed{4}, {.noise = times}, posteriors, sentences);
  return done.ok() && grammar::parse(rules, std::span<const symbol>(sentences).first(8), tree);
}

bool tokens(const grammar::rhm_view& rules) {
  constexpr nn::plan plan = nn::plan_of<net>();
  const train::denoising problem{train::data_set{grammar::rhm_subset{rules}, seed{1}, 0, 100}, masking, times, seed{2}};
  nn::initialise(plan, nn::initialisation::he_zero_readout, seed{3}, weights.values);
  train::trainer trainer(plan, problem, recipe::value, weights.values, training.values);
  for (int step = 0; step < 3; ++step) trainer.step();
  nn::network_denoiser<diffusion::absorbing> learned(plan, masking, weights.values, scratch.values);
  const diffusion::uniform noise{shape.vocabulary};
  belief::tree_denoiser<diffusion::uniform, belief::tree_batch_memory<shape>> exact(rules, noise);
  return writes(masking, learned) && writes(noise, exact);
}

bool vectors(const grammar::rhm_view& rules) {
  static std::array<float, belief::tree_batch_memory_size(shape).value> messages;
  static std::array<float, diffusion::gaussian_sampling_memory(diffusion::solver::dpm_solver, 64, 2)> memory;
  std::array<float, 2 * 64> out{};
  belief::tree_gaussian<> trees(rules, messages);
  const diffusion::gaussian_sampling_options options{.noise = times, .method = diffusion::solver::dpm_solver};
  const std::array<float, 4> means{0, 1, 2, 3}, variances{1, 1, 2, 2};
  source::wiener normals(means, variances);
  return diffusion::sample(diffusion::gaussian{}, trees, seed{5}, options, memory, out).ok() &&
         diffusion::sample(diffusion::gaussian{}, normals, seed{5}, options, memory, std::span<float>(out).first(8)).ok();
}

bool learned_vectors() {
  constexpr std::uint32_t dimension = 4;
  std::array<float, 2 * dimension> directions{};
  source::plant_directions(seed{23}, dimension, directions);
  const source::mixed_cumulant model({.covariance = 5, .cumulant = 10}, dimension, directions);
  constexpr nn::plan plan = nn::plan_of<mlp>();
  static nn::parameters<mlp> of_mlp;
  static train::memory<mlp, recipe> training_of_mlp;
  const train::vector_denoising other{train::data_set{model, seed{24}, 0, 0}, times, seed{25}};
  nn::initialise(plan, nn::initialisation::he, seed{27}, of_mlp.values);
  train::trainer trainer(plan, other, recipe::value, of_mlp.values, training_of_mlp.values);
  return trainer.step() > 0;
}

bool hierarchies() {
  const grammar::hierarchy<grammar::memory_of(uneven).value> drawn(uneven, seed{6});
  const grammar::hierarchy_view rules = drawn;
  static std::array<double, belief::tree_memory_size<double>(uneven).value> memory;
  belief::hierarchy_tree<double> tree(rules, memory);
  std::array<symbol, uneven.leaves()> text{};
  std::array<symbol, uneven.nodes()> parents{};
  rules.sample(seed{1}, 0, text);
  for (std::size_t i = 0; i < text.size(); ++i) diffusion::uniform{7}.likelihood(text[i], 0.5, tree.leaf(i));
  tree.upward();
  tree.downward();
  tree.sample(seed{2}, 0, parents);
  return grammar::log_probability(rules, text, parents) + tree.log_evidence() < grammar::entropy(rules);
}

}  // namespace

int main() {
  const grammar::rhm<shape> rules{seed{7}};
  return kernel::self_check() && tokens(rules) && vectors(rules) && learned_vectors() && hierarchies() ? 0 : 1;
}
