// Compiled several times, each time with other flags, another backend or another compiler; UNIT is the name of the result.
#include "unit.hpp"

#include <array>
#include <span>

namespace {

using namespace frond;
using namespace abi;

constexpr diffusion::uniform noise{shape.vocabulary};
constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 10};
constexpr nn::plan plan = nn::plan_of<net>();

void train_further(const seed& key, state& s) {
  const train::denoising problem{train::data_set{s.rules.view(), key, 0, 40}, noise, times, key};
  train::trainer trainer(plan, problem, recipe::value, s.weights.values, s.training.values);
  trainer.resume_at(s.step);
  for (int i = 0; i < 3; ++i) trainer.step();
  s.step += 3;
}

template <class Denoiser>
void add_samples(hasher& h, Denoiser& model, const seed& key) {
  std::array<symbol, 20 * shape.leaves()> sentences;
  std::array<float, diffusion::sampling_memory(shape.leaves(), shape.vocabulary, 7)> posteriors;
  if (!diffusion::sample(noise, model, key, {.noise = times}, posteriors, sentences)) return;
  h.add(std::span<const symbol>(sentences));
  h.add(std::span<const float>(posteriors));
}

std::uint64_t sample_both(const seed& key, const state& s) {
  hasher h;
  nn::workspace<net, 3> scratch;
  nn::network_denoiser<diffusion::uniform> learned(plan, noise, s.weights.values, scratch.values);
  add_samples(h, learned, key);
  belief::tree_denoiser<diffusion::uniform, belief::tree_memory<float, shape>> exact(s.rules, noise);
  add_samples(h, exact, key);
  h.add(kernel::self_check_hash());
  return h.value();
}

}  // namespace

extern const abi::unit UNIT;
const abi::unit UNIT{FLAGS, [] { return sizeof(state); }, train_further, sample_both, [] { return simd::describe(); }};
