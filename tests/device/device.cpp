// What runs on a device, in fixed memory: every use of the heap is a trap here.
#include <frond/frond.hpp>

#include <cstddef>
#include <new>
#include <span>

void* operator new(std::size_t) { __builtin_trap(); }
void* operator new[](std::size_t) { __builtin_trap(); }
void operator delete(void*) noexcept { __builtin_trap(); }
void operator delete[](void*) noexcept { __builtin_trap(); }
void operator delete(void*, std::size_t) noexcept { __builtin_trap(); }
void operator delete[](void*, std::size_t) noexcept { __builtin_trap(); }

namespace {

using namespace frond;

constexpr grammar::rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2};
constexpr std::size_t length = shape.leaves();
constexpr grammar::rhm<shape> rules{seed{1}};  // drawn while compiling: in flash
constexpr diffusion::absorbing masking{shape.vocabulary};
constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 50};

using net = nn::tree_unet<nn::tree_unet_shape{.branching = 2,
                                              .depth = 2,
                                              .input_channels = nn::token_channels(masking.input_symbols()),
                                              .output_channels = shape.vocabulary,
                                              .width = 16}>;
struct recipe {
  static constexpr train::trainer_options value{.optimiser = {.learning_rate = 3e-3f}, .batch = 16, .block_rows = 8};
};
constexpr train::denoising problem{train::data_set{rules.view(), seed{2}, 0, 1000}, masking, times, seed{3}};
static_assert(train::check_problem(nn::plan_of<net>(), problem).ok());
nn::parameters<net> weights;
train::memory<net, recipe> training;
nn::workspace<net> scratch;

constexpr std::size_t rows = 64;
float posteriors[diffusion::sampling_memory(length, shape.vocabulary, rows)];
symbol sentences[rows * length];

bool is_sentence(std::span<const symbol> tokens) {
  symbol tree[shape.nodes()];
  grammar::parse(rules.view(), tokens, tree);
  return tree[0] != grammar::unparsed;
}

bool generates_sentences() {
  for (std::uint64_t index = 0; index < 100; ++index) {
    symbol tokens[length];
    rules.view().sample(seed{4}, index, tokens);
    if (!is_sentence(tokens)) return false;
  }
  return true;
}

bool trains() {
  nn::initialise(nn::plan_of<net>(), nn::initialisation::he_zero_readout, seed{5}, weights.values);
  train::trainer trainer(problem, weights, training);
  for (int step = 0; step < 1000; ++step) trainer.step();
  return trainer.check().ok();
}

// Five in eight at least; without training one in eight is a sentence.
bool samples_what_it_learned() {
  nn::fixed_denoiser<net, masking> model(weights, scratch);
  if (!diffusion::sample(masking, model, seed{6}, {.noise = times}, posteriors, sentences)) return false;
  std::size_t valid = 0;
  for (std::size_t row = 0; row < rows; ++row) valid += is_sentence(std::span(sentences).subspan(row * length, length));
  return 8 * valid >= 5 * rows;
}

}  // namespace

// The exit code is the number of the first part that failed.
int main() {
  if (!generates_sentences()) return 1;
  if (!trains()) return 2;
  if (!samples_what_it_learned()) return 3;
  return 0;
}
