#include <doctest/doctest.h>

#include <frond/diffusion/process.hpp>
#include <frond/grammar/code.hpp>
#include <frond/lab/io/checkpoint.hpp>

#include <cstdint>
#include <functional>
#include <iterator>
#include <set>

#include "../../train/problems.hpp"

using namespace frond;

namespace {

using sentences = train::denoising<grammar::rhm_subset, diffusion::absorbing>;
constexpr grammar::rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 3};
constexpr grammar::rhm<shape> rules{seed{1}}, other_rules{seed{2}};
constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 20};

sentences problem() { return {{{rules}, seed{1}, 3, 500}, {4}, times, seed{2}}; }

// The hash of the problem after a change, for a network of tree shape.
template <class Problem>
std::uint64_t hash_of(const Problem& changed, std::uint32_t channels = 6) {
  const auto built = reference::build(reference::tree_unet(2, 3, channels + changed.labels.classes, 4, 6));
  REQUIRE(train::check_problem(built.view(), changed).ok());
  return lab::io::problem_hash(built.view(), changed);
}

}  // namespace

TEST_CASE("every number of a problem enters its hash") {
  const std::function<void(sentences&)> changes[] = {
      [](auto&) {},
      [](auto& p) { p.data.from = grammar::rhm_subset{other_rules}; },
      [](auto& p) { p.data.key = seed{2}; },
      [](auto& p) { p.data.first = 4; },
      [](auto& p) { p.data.count = 501; },  // most examples of the first epoch are those of 500
      [](auto& p) { p.times.kind = diffusion::schedule::cosine; },
      [](auto& p) { p.times.steps = 21; },
      [](auto& p) { p.times.kind = diffusion::schedule::half_log_snr; },
      [](auto& p) {
        p.times = {diffusion::schedule::half_log_snr, 20, 40.0f};
      },
      [](auto& p) {
        p.times = {diffusion::schedule::half_log_snr, 20, 50.0f, 0.03f};
      },
      [](auto& p) { p.times = {.kind = diffusion::schedule::single_level, .steps = 20, .level = 0.25f}; },
      [](auto& p) { p.times = {.kind = diffusion::schedule::single_level, .steps = 20, .level = 0.75f}; },
      [](auto& p) { p.key = seed{3}; },
      [](auto& p) { p.window.last = 19; },
      [](auto& p) { p.window.first = 2; },
      [](auto& p) { p.weighting = train::loss_weight::masked_bound; },
      [](auto& p) { p.labels.classes = 4; },
      [](auto& p) {
        p.labels = {4, 0.5f};
      },
  };
  std::set<std::uint64_t> hashes;
  for (const auto& change : changes) {
    sentences changed = problem();
    change(changed);
    hashes.insert(hash_of(changed));
    CHECK(hash_of(changed) == hash_of(changed));
  }
  CHECK(hashes.size() == std::size(changes));
  const train::denoising uniform{problem().data, diffusion::uniform{4}, times, seed{2}};
  CHECK(hashes.insert(hash_of(uniform, 5)).second);
}

TEST_CASE("a problem that says nothing of itself is known by its examples") {
  const auto built = reference::build(problems::regression_net());
  CHECK(lab::io::problem_hash(built.view(), problems::regression{seed{1}}) ==
        lab::io::problem_hash(built.view(), problems::regression{seed{1}}));
  CHECK(lab::io::problem_hash(built.view(), problems::regression{seed{1}}) !=
        lab::io::problem_hash(built.view(), problems::regression{seed{2}}));
}
