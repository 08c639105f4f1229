// Networks that are told the class of a datum.
#pragma once

#include <cstdint>

#include <frond/core/concepts.hpp>
#include <frond/core/hash.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/nn/label.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace train {

// How a network learns with labels: as many more input channels as classes, one of which is 1. Some examples hide their label,
// so that the same network learns without it too, which guidance needs (nn::guidance): Ho and Salimans, "Classifier-free
// diffusion guidance", 2022 (arXiv 2207.12598), algorithm 1.
struct condition {
  std::uint32_t classes = 0;  // 0: no labels
  float hidden = 0.1f;        // the fraction of examples that hide their label

  template <class Source>
  [[nodiscard]] constexpr status check(const Source& from) const {
    if (classes == 0) return {};
    if (!(hidden >= 0.0f && hidden <= 1.0f)) return {"the fraction of hidden labels lies between 0 and 1"};
    if constexpr (labelled_source<Source>) {
      const std::uint32_t found = from.labels();
      if (found > classes) return {"the data have {} classes, the condition {}", found, {classes}};
      return {};
    } else {
      return {"these data have no labels: see labelled_source in core/concepts.hpp"};
    }
  }

  // The label that example `example` shows of datum `index`, or nn::no_label.
  template <class Source>
  [[nodiscard]] constexpr std::uint32_t shown(const Source& from, seed data, std::uint64_t index, seed key,
                                              std::uint64_t example) const {
    if constexpr (labelled_source<Source>) {
      if (classes > 0 && !(rng::draws(key, rng::stream::condition, example).uniform() < hidden)) return from.label(data, index);
    }
    return nn::no_label;
  }

  constexpr void add_to(hasher& h) const {
    h.add(classes);
    if (classes > 0) h.add(hidden);
  }
};

}}}  // namespace frond::train

#include <frond/config/epilogue.hpp>
