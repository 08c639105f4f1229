// Forward-backward experiments for golden.cpp.
#pragma once

#include <frond/lab/hierarchy/annealed_map.hpp>
#include <frond/lab/hierarchy/epsilon_noise.hpp>
#include <frond/lab/hierarchy/forward_backward.hpp>

#include "results.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace golden {

inline void add_estimate(hasher& h, const lab::statistics::estimate& found) {
  h.add(found.value);
  h.add(found.standard_error);
}

// Changes and correlations of a small grammar's sentences, what is read off them, and the posterior of the true symbols.
template <class Noise>
void add_trips(hasher& h, const grammar::rhm_view& rules, const Noise& noise) {
  const lab::hierarchy::forward_backward_options plan{.alpha_bar = 0.4f, .data = 6, .each = 10, .first = 3};
  const lab::hierarchy::change_table table = lab::hierarchy::forward_backward(rules, noise, seed{19}, plan, calling_thread);
  for (const std::int64_t number : table.rows()) h.add(static_cast<std::uint64_t>(number));
  add_estimate(h, table.susceptibility());
  for (std::uint32_t level = 0; level <= rules.shape.depth; ++level) add_estimate(h, table.change(level));
  for (std::uint32_t level = 1; level <= rules.shape.depth; ++level) add_estimate(h, table.correlation(level));
  const std::vector<double> kept = lab::hierarchy::reconstruction(rules, noise, seed{19}, plan, calling_thread);
  h.add(std::span<const double>(kept));
}

// No threads; `rules` can have any branching.
inline std::uint64_t forward_backward(const grammar::rhm_view& rules) {
  hasher h;
  add_trips(h, rules, lab::hierarchy::epsilon_noise{rules.vocabulary()});
  add_trips(h, rules, diffusion::absorbing{rules.vocabulary()});
  add_trips(h, rules, diffusion::uniform{rules.vocabulary()});
  return h.value();
}

inline std::uint64_t annealed_transitions() {
  hasher h;
  for (std::uint32_t vocabulary = 4; vocabulary < 40; ++vocabulary) {
    const lab::hierarchy::annealed_map map({.vocabulary = vocabulary, .rules = 3, .branching = 2 + vocabulary % 3, .depth = 4});
    const lab::hierarchy::annealed_transition found = map.transition();
    for (const double value : {found.belief, found.slope, found.noise, found.exponent}) h.add(value);
    std::vector<double> levels(5);
    map.reconstruction(0.6, levels);
    h.add(std::span<const double>(levels));
  }
  return h.value();
}

}  // namespace golden
