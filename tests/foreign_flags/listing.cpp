// No coarse entry may be forgotten: whatever the headers define by one of these names, and every free function of the folders
// where results are made, is either tried in all modes or named here as one that needs no guard.
#include "entries.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace entries {

namespace {

constexpr std::string_view verbs[] = {"predict",
                                      "cross_entropy",
                                      "sample",
                                      "sample_block",
                                      "sample_from",
                                      "sample_tree",
                                      "corrupt",
                                      "start",
                                      "step",
                                      "evaluate",
                                      "fit",
                                      "run",
                                      "initialise",
                                      "forward",
                                      "backward",
                                      "upward",
                                      "downward",
                                      "marginal",
                                      "marginals",
                                      "probability",
                                      "observe",
                                      "update",
                                      "inside",
                                      "pass",
                                      "inside_weights",
                                      "word_distribution",
                                      "fill_normal",
                                      "fill_uniform",
                                      "fill_bits",
                                      "read_grammar",
                                      "properties_of",
                                      "conditioned_on_ending",
                                      "token_marginals"};
constexpr std::string_view folders_of_results[] = {"diffusion",     "source",         "nn",        "nn/layers",   "belief",
                                                   "train",         "lab/statistics", "lab/chart", "lab/vectors", "lab/spiked",
                                                   "lab/hierarchy", "lab/evaluation"};

// Why an entry needs no guard stands above it. Twice where a header defines two of a name.
constexpr std::string_view without_guard[] = {
    // Integers, symbols and random words alone.
    "diffusion/process.hpp start", "diffusion/process.hpp start", "lab/hierarchy/epsilon_noise.hpp corrupt",
    "grammar/code.hpp sample", "grammar/hierarchy.hpp sample", "grammar/hierarchy.hpp sample_tree",
    "grammar/hierarchy_draw.hpp sample", "grammar/rhm.hpp sample", "grammar/rhm.hpp sample", "grammar/rhm.hpp sample",
    "grammar/rhm.hpp sample_tree", "grammar/sample_block.hpp sample_block", "kernel/kernels.hpp fill_bits",
    "diffusion/one_hot.hpp embed", "diffusion/one_hot.hpp nearest", "lab/chart/count.hpp to_string",
    "lab/chart/make_normal_form.hpp make_normal_form", "lab/chart/sentence_sets.hpp distinct_sentences",
    "nn/network.hpp plan_of", "nn/network_denoiser.hpp check_denoiser", "nn/tree_unet.hpp make_tree_unet",
    "nn/tree_unet.hpp make_mlp", "belief/tree.hpp tree_memory_size", "belief/hierarchy_memory.hpp tree_memory_size",
    "belief/tree_batch.hpp tree_batch_memory_size", "belief/tree_batch.hpp tree_batch", "lab/chart/posterior.hpp inside",
    "lab/hierarchy/coarse_grain.hpp coarse_grain", "lab/hierarchy/coarse_grain.hpp upper_levels",
    "lab/evaluation/copies.hpp count_copies", "lab/hierarchy/learned_grammar.hpp as_rhm",
    "lab/statistics/partition.hpp best_matches", "core/executor.hpp run", "lab/parallel/thread_pool.hpp run",
    "train/problem.hpp corrupt", "nn/forward.hpp scratch_input", "nn/forward.hpp scratch_input",
    "nn/layers.hpp check_initialised", "nn/plan.hpp check_memory", "nn/plan.hpp check_parameters",
    "nn/vector_denoiser.hpp check_vector_network", "train/evaluate.hpp check_evaluation", "train/problem.hpp check_problem",
    "diffusion/sampler.hpp part_of", "nn/label.hpp check_guidance", "nn/layers.hpp check_layers",
    "lab/sweep/progress.hpp update",
    // One step of one token or the weights of one step of a solver, in the loops of guarded samplers.
    "diffusion/process.hpp step", "diffusion/process.hpp step", "diffusion/process.hpp reverse_distribution",
    "diffusion/sampler.hpp reverse_sentence", "diffusion/gaussian_step.hpp make_gaussian_step",
    "diffusion/gaussian_step.hpp heun_correction", "diffusion/prediction.hpp convert", "diffusion/prediction.hpp target_of",
    "diffusion/one_hot.hpp one_hot_sharpness", "diffusion/one_hot.hpp one_hot_likelihood",
    // Kernels, for guarded callers; data that stand in memory; what calls a guarded function.
    "belief/tree_kernel.hpp tree_beliefs", "belief/tree_kernel.hpp tree_observe", "belief/tree_kernel.hpp tree_observe_any",
    "belief/tree_kernel.hpp tree_observe_one_hot", "belief/tree_kernel.hpp tree_posterior",
    "belief/tree_operands.hpp make_tree_pairs", "belief/tree_operands.hpp tree_belief",
    "lab/spiked/sphere_kernel.hpp sphere_sgd", "lab/spiked/sphere_kernel.hpp sphere_sgd_lane",
    "lab/spiked/sphere_sgd.hpp sphere_sgd", "nn/network_for.hpp mlp_for", "nn/network_for.hpp tree_unet_for",
    "nn/network_for.hpp vector_mlp_for", "source/shuffled.hpp sample", "source/table.hpp sample", "source/table.hpp sample",
    "lab/model/learner.hpp sample", "lab/model/learner.hpp sample", "lab/model/grammar_sentences.hpp probability",
    // Parts of guarded passes.
    "quantised/network.hpp run", "quantised/network.hpp run", "nn/layers/activate.hpp forward",
    "nn/layers/activate.hpp forward", "nn/layers/activate.hpp backward", "nn/layers/activate.hpp initialise",
    "nn/layers/add.hpp forward", "nn/layers/add.hpp backward", "nn/layers/add.hpp initialise",
    "nn/layers/concatenate.hpp forward", "nn/layers/concatenate.hpp backward", "nn/layers/concatenate.hpp initialise",
    "nn/layers/dense.hpp forward", "nn/layers/dense.hpp backward", "nn/layers/dense.hpp initialise",
    "nn/layers/layer_norm.hpp forward", "nn/layers/layer_norm.hpp backward", "nn/layers/layer_norm.hpp initialise",
    "nn/layers/skip.hpp forward", "nn/layers/skip.hpp backward", "nn/layers/skip.hpp initialise",
    "nn/layers/pointwise.hpp forward", "nn/layers/pointwise.hpp backward", "nn/layers/pointwise.hpp initialise",
    "nn/label.hpp encode_label", "nn/label.hpp guide_towards", "source/directions.hpp project_onto",
    "diffusion/one_hot.hpp one_hot_likelihoods",
    // Parts of guarded training steps and runs.
    "lab/vectors/autoencoder.hpp normalise_rows", "nn/network_denoiser.hpp encode_tokens",
    "train/optimiser.hpp learning_rate_at", "train/optimiser.hpp clip_scale", "train/optimiser.hpp optimiser_step",
    "train/optimiser.hpp average_rate", "train/levels.hpp token_weight", "train/levels.hpp vector_weight",
    "lab/spiked/sphere_runs.hpp start_on_sphere", "lab/chart/closure.hpp close_paths", "lab/spiked/plane.hpp posterior_mean",
    // Doubles far from the smallest: moments, formulas, and statistics of counts.
    "lab/spiked/latent_distribution.hpp latent_moment", "lab/spiked/latent_distribution.hpp latent_third_cumulant",
    "lab/spiked/latent_distribution.hpp latent_fourth_cumulant", "lab/hierarchy/change_table.hpp correlation_length",
    "lab/statistics/chi_square.hpp chi_square", "lab/hierarchy/coherence.hpp exact_correlation",
    "lab/hierarchy/coherence.hpp coherence_length", "lab/hierarchy/contexts.hpp signal_to_noise",
    "lab/hierarchy/covariance.hpp predicted_variance", "lab/hierarchy/covariance.hpp tuple_variance",
    "lab/spiked/hermite.hpp hermite", "lab/spiked/hermite.hpp activate", "lab/spiked/hermite.hpp activate",
    "lab/spiked/hermite.hpp normal_expectation", "lab/statistics/jackknife.hpp mean_of",
    "lab/statistics/jackknife.hpp jackknife", "lab/statistics/joint_counts.hpp mean_square",
    "lab/statistics/joint_counts.hpp noise_floor", "lab/statistics/k_means.hpp inner_products",
    "lab/statistics/k_means.hpp k_means", "lab/statistics/partition.hpp adjusted_rand_index",
    "lab/hierarchy/rule_accuracy.hpp chance", "lab/evaluation/variational_bound.hpp prior_divergence",
    "lab/evaluation/variational_bound.hpp prior_divergence", "lab/hierarchy/sample_complexity.hpp predicted_threshold",
    "lab/hierarchy/sample_complexity.hpp predicted_coherence", "lab/hierarchy/sample_complexity.hpp predicted_coherence_power"};

template <std::size_t Size>
bool is_one_of(std::string_view word, const std::string_view (&words)[Size]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// The name of the function whose definition begins on this line, or nothing.
std::string_view defined_name(std::string_view line) {
  if (line.ends_with(';') || line.starts_with("//")) return {};
  const std::string_view before = line.substr(0, line.find('('));
  if (before.size() == line.size() || before.find_first_of("={") != before.npos) return {};
  const std::size_t type = before.find_last_of(" &*");
  if (type == before.npos) return {};
  for (const std::string_view word :
       {"return ", "else ", "using ", "namespace ", "static_assert", "concept ", "requires ", "class "})
    if (before.starts_with(word) || before.find(" operator") != before.npos) return {};
  for (const std::string_view number : {"std::size_t ", "std::uint32_t ", "std::uint64_t "})
    if (before.find(number) != before.npos) return {};
  const std::string_view name = before.substr(type + 1);
  return name == "alignas" ? std::string_view{} : name.substr(name.rfind(':') + 1);
}

// Adds the entries that a header defines outside of `detail` and of what is private.
void add_entries(const std::filesystem::path& header, const std::string& folder, std::map<std::string, int>& entries) {
  std::ifstream in(header);
  bool detail = false, hidden = false;
  for (std::string text; std::getline(in, text);) {
    std::string_view line = text;
    if (line.starts_with("namespace") && line.ends_with("detail {")) detail = true;
    if (line.starts_with("}  // namespace")) detail = false;
    if (line.starts_with(" private:")) hidden = true;
    if (line.starts_with("};") || line.starts_with(" public:")) hidden = false;
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    line.remove_prefix(indent);
    if (line.starts_with("[[nodiscard]] ")) line.remove_prefix(14);
    const std::string_view name = detail || hidden || indent > 2 ? std::string_view{} : defined_name(line);
    if (name.empty()) continue;
    if (is_one_of(name, verbs) || (indent == 0 && is_one_of(folder, folders_of_results)))
      ++entries[folder + "/" + header.filename().string() + " " + std::string(name)];
  }
}

}  // namespace

void compare_with_headers(const char* library) {
  std::map<std::string, int> missing;
  for (const auto& file : std::filesystem::recursive_directory_iterator(library)) {
    const std::filesystem::path& path = file.path();
    const std::string folder = path.parent_path().lexically_relative(library).generic_string();
    const std::string name = path.filename().string();
    if (file.is_regular_file() && !name.ends_with("-inl.hpp") && name != "plain.hpp" && folder != "simd")
      add_entries(path, folder, missing);
  }
  const auto take = [&](std::string_view entry, bool once) {
    const auto found = missing.find(std::string(entry));
    if (found != missing.end() && found->second > 0 && once) --found->second;
    return found != missing.end();
  };
  for (const std::string_view entry : modes::tried) take(entry, true);
  for (const std::string_view entry : without_guard)
    if (!take(entry, true)) {
      std::printf("%s: no header defines it any more\n", std::string(entry).c_str());
      ++modes::failures;
    }
  for (const auto& [entry, count] : missing)
    if (count > 0) {
      std::printf("%s: defined %d times more often than it is tried or named as one without a guard\n", entry.c_str(), count);
      ++modes::failures;
    }
}

}  // namespace entries
