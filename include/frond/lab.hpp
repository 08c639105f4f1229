// All of Frond for a PC: the device part, and what needs files, threads or memory from the heap.
#pragma once

#include <frond/frond.hpp>

#include <frond/core/decimal.hpp>
#include <frond/core/strong_components.hpp>

#include <frond/math/nonnegative_matrix.hpp>
#include <frond/math/normal_law.hpp>
#include <frond/math/quadrature.hpp>

#include <frond/grammar/derivation.hpp>
#include <frond/grammar/hierarchy_pcfg.hpp>
#include <frond/grammar/pcfg.hpp>
#include <frond/grammar/pcfg_builder.hpp>
#include <frond/grammar/pcfg_properties.hpp>
#include <frond/grammar/pcfg_sample.hpp>
#include <frond/grammar/pcfg_symbols.hpp>

#include <frond/exact/annealed_map.hpp>
#include <frond/exact/chart.hpp>
#include <frond/exact/chart_cells.hpp>
#include <frond/exact/closure.hpp>
#include <frond/exact/count.hpp>
#include <frond/exact/derivation.hpp>
#include <frond/exact/empirical.hpp>
#include <frond/exact/emptiness.hpp>
#include <frond/exact/epsilon_noise.hpp>
#include <frond/exact/gaussian_mixture.hpp>
#include <frond/exact/latent_law.hpp>
#include <frond/exact/length_chart.hpp>
#include <frond/exact/normal_form.hpp>
#include <frond/exact/outside.hpp>
#include <frond/exact/pcfg_denoiser.hpp>
#include <frond/exact/pcfg_posterior.hpp>
#include <frond/exact/semiring.hpp>
#include <frond/exact/sentence_sets.hpp>
#include <frond/exact/spike_denoiser.hpp>
#include <frond/exact/spike_loss.hpp>
#include <frond/exact/spike_plane.hpp>
#include <frond/exact/weighted_form.hpp>

#include <frond/io/checkpoint.hpp>
#include <frond/io/csv.hpp>
#include <frond/io/file.hpp>
#include <frond/io/grammar_form.hpp>
#include <frond/io/grammar_line.hpp>
#include <frond/io/grammar_notation.hpp>
#include <frond/io/grammar_rules.hpp>
#include <frond/io/grammar_text.hpp>
#include <frond/io/grammar_tokens.hpp>
#include <frond/io/grammar_warnings.hpp>
#include <frond/io/utf8.hpp>
#include <frond/io/weights.hpp>

#include <frond/parallel/thread_pool.hpp>

#include <frond/analysis/change_table.hpp>
#include <frond/analysis/chi_square.hpp>
#include <frond/analysis/clustering.hpp>
#include <frond/analysis/coarse_grain.hpp>
#include <frond/analysis/coherence.hpp>
#include <frond/analysis/contexts.hpp>
#include <frond/analysis/copies.hpp>
#include <frond/analysis/covariance.hpp>
#include <frond/analysis/cross_entropy.hpp>
#include <frond/analysis/curve.hpp>
#include <frond/analysis/exact_chain.hpp>
#include <frond/analysis/forward_backward.hpp>
#include <frond/analysis/fraction.hpp>
#include <frond/analysis/hermite.hpp>
#include <frond/analysis/hermite_moments.hpp>
#include <frond/analysis/information_exponent.hpp>
#include <frond/analysis/jackknife.hpp>
#include <frond/analysis/joint_counts.hpp>
#include <frond/analysis/k_means.hpp>
#include <frond/analysis/learned_grammar.hpp>
#include <frond/analysis/network_features.hpp>
#include <frond/analysis/partition.hpp>
#include <frond/analysis/population_loss.hpp>
#include <frond/analysis/rule_accuracy.hpp>
#include <frond/analysis/sample_complexity.hpp>
#include <frond/analysis/sensitivity.hpp>
#include <frond/analysis/tree_laws.hpp>
