#include <doctest/doctest.h>

#include "../../examples/common/learning_run.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

using namespace frond;

TEST_CASE("a protocol is the shortest text that gives its numbers back") {
  enum class kind : unsigned char { none, some };
  CHECK(lab::sweep::protocol().text().empty());
  CHECK(lab::sweep::protocol().add("rate", 2e-3f).add("share", 0.1).add("batch", 64u).add("kind", kind::some).text() ==
        "rate=0.002 share=0.1 batch=64 kind=1");
  CHECK(lab::sweep::protocol().add("steps", std::uint64_t{18446744073709551615u}).text() == "steps=18446744073709551615");
}

TEST_CASE("runs of a network that differ in anything differ in name or protocol") {
  using common::learning;
  const std::vector<std::function<void(learning&)>> changes{[](learning& l) { l.shape.vocabulary = 9; },
                                                            [](learning& l) { l.shape.rules = 3; },
                                                            [](learning& l) { l.shape.branching = 3; },
                                                            [](learning& l) { l.shape.depth = 4; },
                                                            [](learning& l) { l.sentences = 1001; },
                                                            [](learning& l) { l.base = 2; },
                                                            [](learning& l) { l.rules = 2; },
                                                            [](learning& l) { l.draw = 2; },
                                                            [](learning& l) { l.width = 65; },
                                                            [](learning& l) { l.learning_rate = 0.0020000003f; },
                                                            [](learning& l) { l.max_step = 41; },
                                                            [](learning& l) { l.max_steps = 100001; },
                                                            [](learning& l) { l.patience = 41; },
                                                            [](learning& l) { l.validation = 1025; },
                                                            [](learning& l) { l.samples = 1025; }};
  const auto text = [](const learning& l) { return l.name() + "," + l.protocol(); };
  learning same{.shape = {.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3}, .sentences = 1000};
  std::set<std::string> all{text(same)};
  for (const auto& change : changes) {
    learning other = same;
    change(other);
    all.insert(text(other));
    CHECK(text(other).find_first_of("\"\n") == std::string::npos);
    CHECK(other.name().find(',') == std::string::npos);
    CHECK(other.protocol().find(',') == std::string::npos);
  }
  CHECK(all.size() == changes.size() + 1);
}

TEST_CASE("what an optimiser, a source and a problem are made of is in the protocol") {
  const auto differ = [](const auto& one, const auto& other) {
    return lab::sweep::protocol().add(one).text() != lab::sweep::protocol().add(other).text();
  };
  const train::optimiser_options plain;
  for (const auto& [place, value] :
       std::vector<std::pair<float train::optimiser_options::*, float>>{{&train::optimiser_options::learning_rate, 0.5f},
                                                                        {&train::optimiser_options::momentum, 0.5f},
                                                                        {&train::optimiser_options::beta_1, 0.5f},
                                                                        {&train::optimiser_options::beta_2, 0.5f},
                                                                        {&train::optimiser_options::epsilon, 0.5f},
                                                                        {&train::optimiser_options::weight_decay, 0.5f},
                                                                        {&train::optimiser_options::clip_norm, 0.5f}}) {
    train::optimiser_options other = plain;
    other.*place = value;
    CHECK(differ(plain, other));
  }
  CHECK(differ(train::trainer_options{.batch = 64}, train::trainer_options{.batch = 32}));
  CHECK(differ(train::trainer_options{.shard_rows = 64}, train::trainer_options{.shard_rows = 32}));
  CHECK(differ(source::spikes{.covariance = 1}, source::spikes{.covariance = 2}));
  CHECK(differ(source::spikes{.hidden = {.strength = 0.5f}}, source::spikes{.hidden = {.strength = 0.25f}}));
  CHECK(differ(lab::vectors::neuron{.gain = 2}, lab::vectors::neuron{.gain = 3}));
  CHECK(differ(lab::spiked::sphere_problem{.delta = 1}, lab::spiked::sphere_problem{.delta = 2}));
  CHECK(differ(lab::spiked::sphere_problem{.threshold_v = 1}, lab::spiked::sphere_problem{.threshold_v = 0.5f}));
}
