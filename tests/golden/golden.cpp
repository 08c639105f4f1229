// Prints one hash for each kind of result. The lines are committed in golden.txt: same seed, same bits, on every compiler, at
// every optimisation level, with any number of threads, on every instruction set, with an operating system and without.
#include "lab.hpp"
#include "training_results.hpp"

// Threads everywhere but in WebAssembly and on bare metal.
#if FROND_HOSTED && !defined(__wasi__)
#define GOLDEN_THREADS 1
#include <frond/lab/parallel/thread_pool.hpp>
#else
#define GOLDEN_THREADS 0
#endif

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using namespace golden;

template <class Process>
void exact_results(const char* name, const grammar::rhm_view& rules, const Process& process) {
  using batched = belief::tree_denoiser<Process, belief::tree_batch_memory<shape>>;
  print("posterior", name, hash_of(exact_posterior<exact_denoiser<Process>>(rules, process)));
  print("posterior_in_batches", name, hash_of(exact_posterior<batched>(rules, process)));
  print("exact_samples", name, hash_of(exact_samples(rules, process)));
}

template <class Process, executor Executor>
void trained_results(const char* name, const grammar::rhm_view& rules, const Process& process, Executor& workers) {
  const auto net = tree_unet(process.input_symbols());
  const nn::plan plan = net;
  const std::vector<float> weights = trained(plan, rules, process, workers);
  print("trained", name, hash_of(weights));
  std::vector<float> scratch(plan.scratch_size * 7);
  nn::network_denoiser<Process> model(plan, process, weights, scratch);
  print("learned_samples", name, hash_of(samples(process, model)));
}

template <class Process>
void tree_results(const char* name, const grammar::rhm_view& rules, const Process& process) {
  const tree_hashes hashes = beliefs(rules, process);
  print("tree_marginals", name, hashes.marginals.value());
  print("tree_samples", name, hashes.samples.value());
}

template <executor Executor>
void all_results(Executor& workers) {
  const grammar::rhm<shape> drawn{seed{6}};
  const grammar::rhm<wide_shape> drawn_wide{seed{6}};
  const grammar::rhm_view rules = drawn, wide = drawn_wide;
  const diffusion::uniform uniform{shape.vocabulary}, wide_uniform{wide_shape.vocabulary};
  const diffusion::absorbing absorbing{shape.vocabulary};
  std::printf("bits_version %d\n", FROND_BITS_VERSION);
  print("random", random_numbers());
  print("fills", fills());
  print("functions", functions());
  print("double_arithmetic", double_arithmetic());
  print("kernels", kernels());
  print("data", hash_of(data(rules, 1000)));
  print("data_in_blocks", hash_of(data_block(rules, 0, 1000)));
  print("subset", hash_of(data(grammar::rhm_subset{rules}, 1000)));
  print("noise_uniform", hash_of(noise(uniform, data(rules, 64))));
  print("noise_absorbing", hash_of(noise(absorbing, data(rules, 64))));
  exact_results("uniform", rules, uniform);
  exact_results("absorbing", rules, absorbing);
  trained_results("uniform", rules, uniform, workers);
  trained_results("absorbing", rules, absorbing, workers);
  print("alpha_bar_cosine", noise_levels(diffusion::schedule::cosine));
  print("alpha_bar_linear_beta", noise_levels(diffusion::schedule::linear_beta));
  print("wide_data", hash_of(data(wide, 1000)));
  print("wide_data_in_blocks", hash_of(data_block(wide, 100, 700)));
  print("wide_parsed", parsed(wide));
  print("wide_coded", coded(wide));
  tree_results("uniform", rules, uniform);
  tree_results("absorbing", rules, absorbing);
  tree_results("wide", wide, wide_uniform);
  const std::vector<symbol> given = given_tokens(rules);
  print("form_b_samples", hash_of(exact_samples(rules, uniform, {.noise = times, .form = diffusion::reverse_form::d3pm})));
  print("given_samples_uniform", hash_of(exact_samples(rules, uniform, {.noise = times, .given = given})));
  print("given_samples_absorbing", hash_of(exact_samples(rules, absorbing, {.noise = times, .given = given})));
  const auto net = tree_unet(uniform.input_symbols());
  print("mean_field", hash_of(initial(net, nn::initialisation::mean_field)));
  print("regressed_tanh", hash_of(regressed(kernel::activation::tanh, workers)));
  print("regressed_relu", hash_of(regressed(kernel::activation::relu, workers)));
  print("regressed_silu", hash_of(regressed(kernel::activation::silu, workers)));
  print("residual", hash_of(residual(workers)));
  lab_results();
  grammars_results();
  papers_results();
  spikes_results();
  online_results();
}

void all_results([[maybe_unused]] std::size_t threads) {
#if GOLDEN_THREADS
  lab::parallel::thread_pool workers(threads);
#else
  const serial_executor workers;
#endif
  all_results(workers);
}

// False where this machine lacks it, or no kernel was compiled for it.
bool pin(const char* name) {
  for (const auto set : {simd::base_instruction_set(), simd::instruction_set::avx2, simd::instruction_set::avx512})
    if (std::strcmp(name, simd::name(set)) == 0) return simd::pin(set);
  return false;
}

}  // namespace

// golden [threads [instruction set]]: what was built and whether its arithmetic can be trusted, behind a #, and the results.
int main(int argc, char** argv) {
  if (argc > 2 && !pin(argv[2])) return std::puts("skipped: not on this machine"), 0;
  const simd::build_description built = simd::describe();
  std::printf("# %s %s %s self_check %s\n", built.backend, simd::name(built.instructions), built.arithmetic,
              kernel::self_check() ? "true" : "false");
  all_results(argc > 1 ? static_cast<std::size_t>(std::atoi(argv[1])) : 1);
  return 0;
}
