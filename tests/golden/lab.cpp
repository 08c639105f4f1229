// The golden results of hierarchies whose levels differ and of Gaussian diffusion.
#include "lab.hpp"

#include "gaussian_results.hpp"
#include "hierarchy_results.hpp"

namespace golden {

namespace {

void print_hierarchy(const char* name, const grammar::hierarchy_view& drawn) {
  const hierarchy_hashes hashes = hierarchy_results(drawn);
  print("hierarchy_rules", name, hashes.rules.value());
  print("hierarchy_sentences", name, hashes.sentences.value());
  print("hierarchy_marginals", name, hashes.marginals.value());
  print("hierarchy_samples", name, hashes.samples.value());
}

}  // namespace

void lab_results() {
  const grammar::rhm<shape> rules{seed{6}};
  const grammar::rhm<wide_shape> wide{seed{6}};
  print("alpha_bar_half_log_snr", noise_levels(diffusion::schedule::half_log_snr));
  print("alpha_bar_linear_rate", noise_levels(diffusion::schedule::linear_rate));
  print("gaussian_noise", hash_of(gaussian_noise(rules)));
  print("gaussian_means", gaussian_means(rules));
  print("wide_gaussian_means", gaussian_means(wide));
  print("gaussian_predictions", gaussian_predictions(rules));
  print("gaussian_samples", gaussian_samples(rules));
  const auto uneven = uneven_hierarchy(uneven_shape, seed{6});
  const auto sparse = sparse_hierarchy(sparse_shape, seed{6});
  print_hierarchy("uneven", uneven);
  print_hierarchy("sparse", sparse);
}

}  // namespace golden
