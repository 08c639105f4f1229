#include <frond/lab/spiked/sphere_kernel.hpp>

#include "../../kernel/compare.hpp"

using namespace frond;

namespace {

struct sixteen_runs {
  explicit sixteen_runs(std::size_t dimension, std::uint64_t key)
      : weights(16 * lab::spiked::sphere_sgd_rows(dimension)), memory(2 * weights.size()), overlap_u(16), overlap_v(16) {
    rng::draws draws(seed{key}, rng::stream::user, 0);
    for (std::size_t lane = 0; lane < 16; ++lane) {
      run[lane] = draws.word() >> 4;
      step[lane] = draws.below(3) == 0 ? 0xffffff00u - draws.below(1000) : draws.below(1000);
      passage_u[lane] = draws.below(4) == 0 ? 7 : 0;
    }
    for (std::size_t i = 0; i < 16 * dimension; ++i) weights[i] = draws.uniform() * 6.0f - 3.0f;
  }

  lab::spiked::sphere_sgd_operands operands(const lab::spiked::sphere_sgd_operands& model) {
    lab::spiked::sphere_sgd_operands o = model;
    o.run = run + 0;
    o.step = step + 0;
    o.weights = weights.data();
    o.memory = memory.data();
    o.overlap_u = overlap_u.data();
    o.overlap_v = overlap_v.data();
    o.passage_u = passage_u + 0;
    o.passage_v = passage_v + 0;
    return o;
  }

  friend bool operator==(const sixteen_runs& a, const sixteen_runs& b) {
    bool equal = a.overlap_u == b.overlap_u && a.overlap_v == b.overlap_v && a.weights == b.weights;
    for (std::size_t lane = 0; lane < 16; ++lane)
      equal = equal && a.step[lane] == b.step[lane] && a.passage_u[lane] == b.passage_u[lane] &&
              a.passage_v[lane] == b.passage_v[lane];
    return equal;
  }

  std::uint32_t run[16] = {}, step[16] = {}, passage_u[16] = {}, passage_v[16] = {};
  std::vector<float> weights, memory, overlap_u, overlap_v;
};

lab::spiked::sphere_sgd_operands model_of(std::size_t dimension, kernel::activation kind) {
  return {.dimension = dimension,
          .spike = 2.2f,
          .signal = 0.95f,
          .rest = 0.3f,
          .high = 1.3f,
          .low = -0.7f,
          .high_if_positive = 0.9f,
          .high_if_not = 0.2f,
          .alpha_bar = 0.7f,
          .unit = {.kind = kind, .amplitude = 0.3f, .gain = 1.7f, .shift = 0.25f},
          .skip = 0.8f,
          .rate = 0.9f / static_cast<float>(dimension),
          .key = {0x123456789abcdefull},
          .threshold_u = 0.3f,
          .threshold_v = 0.25f};
}

}  // namespace

TEST_CASE("sixteen neurons on the sphere are the plain ones") {
  for (const std::size_t dimension : {3u, 4u, 5u, 6u, 7u, 9u, 10u, 11u, 14u, 18u, 19u, 50u})
    for (const auto kind : test::activations)
      for (const std::size_t steps : {0u, 1u, 2u, 9u}) {
        CAPTURE(dimension);
        CAPTURE(steps);
        const lab::spiked::sphere_sgd_operands model = model_of(dimension, kind);
        sixteen_runs expected(dimension, dimension);
        lab::spiked::plain::sphere_sgd(expected.operands(model), steps);
        test::each_instruction_set([&] {
          sixteen_runs computed(dimension, dimension);
          lab::spiked::sphere_sgd(computed.operands(model), steps);
          CHECK(computed == expected);
        });
      }
}

TEST_CASE("cutting runs into calls changes nothing") {
  const lab::spiked::sphere_sgd_operands model = model_of(21, kernel::activation::tanh);
  sixteen_runs at_once(21, 3), in_parts(21, 3);
  lab::spiked::sphere_sgd(at_once.operands(model), 40);
  for (const std::size_t steps : {1u, 7u, 32u}) lab::spiked::sphere_sgd(in_parts.operands(model), steps);
  CHECK(at_once == in_parts);
}

TEST_CASE("a neuron that stands on u stays finite") {
  const lab::spiked::sphere_sgd_operands model = model_of(8, kernel::activation::tanh);
  sixteen_runs runs(8, 4);
  for (std::size_t i = 0; i < runs.weights.size(); ++i) runs.weights[i] = i < 16 ? 1.0f : 0.0f;
  sixteen_runs plain = runs;
  lab::spiked::sphere_sgd(runs.operands(model), 3);
  lab::spiked::plain::sphere_sgd(plain.operands(model), 3);
  CHECK(runs == plain);
  for (std::size_t lane = 0; lane < 16; ++lane) {
    CHECK(runs.overlap_u[lane] > 0.0f);
    CHECK(runs.overlap_u[lane] < 1.0f);
  }
}

TEST_CASE("lanes one after the other are the lanes at once") {
  for (const std::size_t dimension : {3u, 6u, 7u, 18u, 50u, 100u}) {
    CAPTURE(dimension);
    const lab::spiked::sphere_sgd_operands model = model_of(dimension, kernel::activation::tanh);
    sixteen_runs expected(dimension, dimension);
    lab::spiked::plain::sphere_sgd(expected.operands(model), 11);
    test::each_instruction_set([&] {
      sixteen_runs computed(dimension, dimension);
      std::vector<float> normals(dimension);
      const lab::spiked::sphere_sgd_operands o = computed.operands(model);
      for (std::size_t lane = 0; lane < 16; ++lane)
        for (const std::size_t steps : {4u, 0u, 7u}) lab::spiked::sphere_sgd_lane(o, lane, normals.data(), steps);
      CHECK(computed == expected);
    });
  }
}
