// For a PC, measurements on grammars of equal levels: covariances, clustering, coarse-graining, sensitivity, forward-backward
// experiments.
#pragma once

#include <frond/lab/hierarchy/annealed_map.hpp>
#include <frond/lab/hierarchy/change_table.hpp>
#include <frond/lab/hierarchy/clustering.hpp>
#include <frond/lab/hierarchy/coarse_grain.hpp>
#include <frond/lab/hierarchy/coherence.hpp>
#include <frond/lab/hierarchy/contexts.hpp>
#include <frond/lab/hierarchy/covariance.hpp>
#include <frond/lab/hierarchy/epsilon_noise.hpp>
#include <frond/lab/hierarchy/forward_backward.hpp>
#include <frond/lab/hierarchy/learned_grammar.hpp>
#include <frond/lab/hierarchy/rule_accuracy.hpp>
#include <frond/lab/hierarchy/sample_complexity.hpp>
#include <frond/lab/hierarchy/sensitivity.hpp>
#include <frond/lab/hierarchy/tree_distributions.hpp>
