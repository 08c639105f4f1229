// Prints one hash for each kind of result. The lines are committed in golden.txt: same seed, same bits, on every compiler, at every
// optimisation level, with any number of threads, and on every instruction set that this machine has.
#include <frond/lab.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace frond;

constexpr grammar::rhm_shape shape{.vocabulary = 6, .rules = 3, .branching = 2, .depth = 3};
constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 20};
constexpr std::size_t length = shape.leaves();

template <class Value>
std::uint64_t hash_of(const std::vector<Value>& values) {
  hasher h;
  h.add(std::span<const Value>(values));
  return h.value();
}

std::uint64_t random_numbers() {
  hasher h;
  random::draws draws(seed{1}, random::stream::user, 2);
  for (int i = 0; i < 100; ++i) h.add(draws.below(1000));
  for (int i = 0; i < 100; ++i) h.add(draws.uniform());
  for (std::uint64_t i = 0; i < 1000; ++i) h.add(random::normal_at(seed{3}, random::stream::user, 4, i));
  const random::permutation shuffle(seed{5}, random::stream::order, 6, 1000);
  for (std::uint64_t i = 0; i < 1000; ++i) h.add(shuffle(i));
  return h.value();
}

std::uint64_t functions() {
  hasher h;
  for (int i = -2000; i <= 2000; ++i) {
    const float x = static_cast<float>(i) * 0.0531f;
    h.add(math::exp(x));
    h.add(math::log(x * x));
    h.add(math::tanh(x));
    h.add(math::sigmoid(x));
    h.add(math::normal(x).cdf);
    h.add(math::cos_two_pi(x));
    h.add(math::exp(static_cast<double>(x)));
    h.add(math::log(static_cast<double>(x * x) + 1e-9));
  }
  return h.value();
}

template <class Source>
std::vector<symbol> data(const Source& source, std::uint64_t count) {
  std::vector<symbol> sentences(count * source.length());
  for (std::uint64_t i = 0; i < count; ++i)
    source.sample(seed{7}, i, std::span<symbol>(sentences).subspan(i * source.length(), source.length()));
  return sentences;
}

template <class Process>
std::vector<symbol> noise(const Process& process, const std::vector<symbol>& clean) {
  std::vector<symbol> noisy(clean.size());
  for (std::size_t i = 0; i < clean.size() / length; ++i)
    process.corrupt(seed{8}, i, times.alpha_bar(1 + static_cast<std::uint32_t>(i) % times.steps),
                    std::span<const symbol>(clean).subspan(i * length, length),
                    std::span<symbol>(noisy).subspan(i * length, length));
  return noisy;
}

template <class Process, class Denoiser>
std::vector<symbol> samples(const Process& process, Denoiser& model) {
  std::vector<symbol> out(64 * length);
  std::vector<float> memory(diffusion::sampling_memory(length, shape.vocabulary, 16));
  const status done = diffusion::sample(process, model, seed{9}, {.noise = times}, memory, out);
  if (!done) std::puts(done.reason);
  return out;
}

template <class Process>
void exact_results(const char* name, const grammar::rhm_view& grammar, const Process& process) {
  exact::tree_denoiser<Process, exact::tree_memory<float, shape>> model(grammar, process);
  const std::vector<symbol> noisy = noise(process, data(grammar, 64));
  const std::vector<float> alpha_bar(64, 0.5f);
  std::vector<float> posterior(noisy.size() * shape.vocabulary);
  model.predict(noisy, alpha_bar, posterior);
  std::printf("posterior_%s %016llx\n", name, static_cast<unsigned long long>(hash_of(posterior)));
  std::printf("exact_samples_%s %016llx\n", name, static_cast<unsigned long long>(hash_of(samples(process, model))));
}

template <class Process>
void trained_results(const char* name, const grammar::rhm_view& grammar, const Process& process, parallel::thread_pool& pool) {
  const auto net = nn::make_tree_unet({.branching = shape.branching, .depth = shape.depth,
                                       .input_channels = nn::token_channels(process.input_symbols()),
                                       .output_channels = shape.vocabulary, .width = 20});
  const nn::plan plan = net;
  const train::denoising problem{train::data_set{grammar, seed{10}, 0, 100}, process, times, seed{11}};
  const train::options options{.optimiser = {.rate = 3e-3f, .weight_decay = 0.01f, .warm_up = 5, .shape = train::decay::cosine,
                                             .decay_end = 30, .clip_norm = 0.5f},
                               .batch = 37, .shard_rows = 8, .block_rows = 5};
  std::vector<float> weights(plan.parameter_count), memory(train::training_memory(plan, options, pool.workers()));
  nn::initialise(plan, nn::initialisation::he, seed{12}, weights);
  train::trainer trainer(plan, problem, options, weights, memory, pool);
  for (int step = 0; step < 25; ++step) trainer.step();
  std::printf("trained_%s %016llx\n", name, static_cast<unsigned long long>(hash_of(weights)));
  std::vector<float> scratch(plan.scratch_size * 7);
  nn::network_denoiser<Process> model(plan, process, weights, scratch);
  std::printf("learned_samples_%s %016llx\n", name, static_cast<unsigned long long>(hash_of(samples(process, model))));
}

void all_results(std::size_t threads) {
  const grammar::rhm<shape> drawn{seed{6}};
  const grammar::rhm_view grammar = drawn;
  parallel::thread_pool pool(threads);
  std::printf("bits_version %d\n", FROND_BITS_VERSION);
  std::printf("random %016llx\n", static_cast<unsigned long long>(random_numbers()));
  std::printf("functions %016llx\n", static_cast<unsigned long long>(functions()));
  std::printf("data %016llx\n", static_cast<unsigned long long>(hash_of(data(grammar, 1000))));
  std::printf("subset %016llx\n", static_cast<unsigned long long>(hash_of(data(grammar::rhm_subset{grammar}, 1000))));
  const diffusion::uniform uniform{shape.vocabulary};
  const diffusion::absorbing absorbing{shape.vocabulary};
  std::printf("noise_uniform %016llx\n", static_cast<unsigned long long>(hash_of(noise(uniform, data(grammar, 64)))));
  std::printf("noise_absorbing %016llx\n", static_cast<unsigned long long>(hash_of(noise(absorbing, data(grammar, 64)))));
  exact_results("uniform", grammar, uniform);
  exact_results("absorbing", grammar, absorbing);
  trained_results("uniform", grammar, uniform, pool);
  trained_results("absorbing", grammar, absorbing, pool);
}

}  // namespace

// golden <threads> [instruction set]
int main(int argc, char** argv) {
  if (argc > 2) {
    for (const auto set : {simd::base_instruction_set(), simd::instruction_set::avx2, simd::instruction_set::avx512})
      if (std::string(argv[2]) == simd::name(set) && !simd::pin(set)) return std::puts("skipped: not on this machine"), 0;
  }
  all_results(argc > 1 ? static_cast<std::size_t>(std::atoi(argv[1])) : 1);
  return 0;
}
