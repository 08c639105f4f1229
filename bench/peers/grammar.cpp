// Sentences and beliefs of random hierarchy models, against loops by hand for the one shape v = 16, m = 4, s = 2.
#include <cmath>
#include <limits>

#include "../memory.hpp"
#include "comparison.hpp"
#include "ours.hpp"
#include "topics.hpp"

namespace peers {

namespace {

constexpr std::uint32_t depths[] = {3, 4, 5, 6};
constexpr std::size_t sentences_at_a_time = 4096;  // 32 to 256 KiB

struct sampled {
  std::uint32_t depth;
  std::unique_ptr<hierarchy> ours;
  small_grammar rules;
  std::vector<std::uint8_t> sentences;
  std::uint64_t next = 0;

  explicit sampled(std::uint32_t levels)
      : depth(levels), ours(separate::library().make_hierarchy(levels)), rules(ours->rules()),
        sentences(sentences_at_a_time << levels) {}

  void require_right() {
    ours->sample(7, sentences);
    std::vector<std::uint8_t> one_by_one(sentences.size());
    ours->sample_one_by_one(7, one_by_one);
    require(sentences == one_by_one, "the sentences are not those of their numbers");
    require(ours->can_be_parsed(sentences), "our sentences break rules");
  }
  side sampling() {
    return timed([this] {
      ours->sample(next, sentences);
      next += sentences_at_a_time;
    });
  }
};

using hand_sampler = void (*)(const small_grammar& grammar, std::span<std::uint8_t> sentences);

// All depths in turns. The row is that of the depth at which `worst` is smallest; the others stand in the flags.
row sample_sentences(benchmark::State& state, hand_sampler theirs, const std::string& name, const std::string& flags,
                     bool by_ratio) {
  std::vector<std::unique_ptr<sampled>> grammars;
  std::vector<side> sides;
  for (const std::uint32_t depth : depths) {
    grammars.push_back(std::make_unique<sampled>(depth));
    sampled& g = *grammars.back();
    g.require_right();
    sides.push_back(g.sampling());
    if (!theirs) continue;
    theirs(g.rules, g.sentences);
    require(g.ours->can_be_parsed(g.sentences), "their sentences break rules");
    sides.push_back(timed([&g, theirs] { theirs(g.rules, g.sentences); }));
  }
  const measured m = run_in_turns(state, sides);
  const std::size_t step = theirs ? 2 : 1;
  row slowest;
  std::string all;
  for (std::size_t i = 0; i < grammars.size(); ++i) {
    const auto tokens = static_cast<double>(grammars[i]->sentences.size());
    row r;
    r.ours = tokens / m.seconds[i * step] * 1e-9;
    r.theirs = theirs ? tokens / m.seconds[i * step + 1] * 1e-9 : std::numeric_limits<double>::quiet_NaN();
    r.ratio = r.ours / r.theirs;
    all += "; L=" + std::to_string(grammars[i]->depth) + ' ' + text(r.ours) + (theirs ? " to " + text(r.theirs) : "");
    if (i == 0 || (by_ratio ? r.ratio < slowest.ratio : r.ours < slowest.ours)) slowest = r;
  }
  slowest.unit = "Gtoken/s";
  slowest.peer = name;
  slowest.version = "own text";
  slowest.flags = separate::library().own.description() + "; " + flags + all;
  slowest.blocks = m.blocks;
  return slowest;
}

constexpr std::size_t trees = 128;
constexpr float signal = 0.5f;

double largest_error(const std::vector<float>& values, const std::vector<double>& right) {
  double largest = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    largest = std::max(largest, std::fabs(static_cast<double>(values[i]) - right[i]));
  return largest;
}

// [tree][rest] to [group of lanes][rest][lane], and back.
void transpose(const float* from, std::size_t rest, float* to, bool back) {
  for (std::size_t tree = 0; tree < trees; ++tree)
    for (std::size_t i = 0; i < rest; ++i) {
      const std::size_t by_tree = tree * rest + i;
      const std::size_t by_lane = (tree / belief_lanes * rest + i) * belief_lanes + tree % belief_lanes;
      to[back ? by_tree : by_lane] = from[back ? by_lane : by_tree];
    }
}

// Ours takes noisy symbols and writes distributions sentence by sentence; theirs has likelihoods and marginals by lane, which
// it would still have to be brought into and from.
row beliefs(benchmark::State& state, std::uint32_t depth) {
  const auto ours = separate::library().make_hierarchy(depth);
  const std::vector<std::uint8_t> noisy = ours->noisy(trees, signal);
  const std::vector<float> levels(trees, signal);
  const std::vector<double> right = ours->denoise_in_double(noisy, signal);
  std::vector<float> posterior(right.size());
  ours->denoise(noisy, levels, posterior);
  const double error = largest_error(posterior, right);
  require(error < 1e-5, "our beliefs are wrong by " + text(error));

  const small_grammar rules = ours->rules();
  const std::size_t rest = right.size() / trees, group = rest * belief_lanes;
  bench::aligned_floats likelihoods(right.size()), marginals(right.size()), memory(belief_memory(rules));
  transpose(ours->likelihoods(noisy, signal).data(), rest, likelihoods.data(), false);
  const auto by_hand = [&] {
    for (std::size_t i = 0; i < right.size(); i += group)
      posteriors(rules, likelihoods.data() + i, memory.data(), marginals.data() + i);
  };
  by_hand();
  std::vector<float> their_posterior(right.size());
  transpose(marginals.data(), rest, their_posterior.data(), true);
  const double their_error = largest_error(their_posterior, right);
  require(their_error < 1e-5, "their beliefs are wrong by " + text(their_error));

  const measured m = run_in_turns(state, {timed([&] { ours->denoise(noisy, levels, posterior); }), timed(by_hand)});
  row r = compare_times(m, 0, 1);
  r.ours /= static_cast<double>(trees);
  r.theirs /= static_cast<double>(trees);
  r.peer = "by hand, a tree in each lane";
  r.version = "own text";
  r.flags = separate::library().own.description() +
            "; theirs -O3 -march=native, likelihoods and marginals by lane; largest error against double " + text(error) +
            ", theirs " + text(their_error);
  return r;
}

}  // namespace

void add_grammar() {
  add("rhm/gtokens", [](benchmark::State& state) {
    const bool there = has_byte_shuffles();
    return sample_sentences(state, there ? sample_by_byte_shuffles : nullptr,
                            there ? "byte shuffles, Philox" : "no AVX-512 VBMI here",
                            "theirs AVX-512 VBMI intrinsics; the slowest depth", false);
  });
  add("rhm/scalar", [](benchmark::State& state) {
    return sample_sentences(state, sample_by_scalar_loop, "scalar loop, pcg", "theirs -O3; the depth of the lowest ratio",
                            true);
  });
  for (const std::uint32_t depth : depths)
    add("bp-" + std::to_string(depth) + "/us-per-sample", [depth](benchmark::State& state) { return beliefs(state, depth); });
}

}  // namespace peers
