// What a learner writes: the device form's samples, with labels, given tokens, lengths, step by step, with layers of one's own.
#include <doctest/doctest.h>

#include <frond/grammar/parse.hpp>
#include <frond/lab/model/learner.hpp>
#include <frond/lab/model/random_grammar.hpp>
#include <frond/nn/layers/pointwise.hpp>
#include <frond/nn/network_for.hpp>
#include <frond/source/table.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

using namespace frond;

namespace {

constexpr grammar::rhm_shape shape{.vocabulary = 6, .rules = 2, .branching = 2, .depth = 2};
constexpr diffusion::absorbing noise{6};
constexpr diffusion::schedule times{diffusion::schedule::linear_signal, 20};

const lab::model::random_grammar& rules() {
  static const lab::model::random_grammar made(shape, seed{7});
  return made;
}
auto sentences() { return lab::model::split(rules().view(), noise, times, {200, 64}, seed{1}); }
lab::model::learner_options options(std::uint64_t steps) {
  return {.training = {.optimiser = {.learning_rate = 3e-3f}, .batch = 24},
          .fit = {.max_steps = steps, .evaluate_every = 50, .validation_count = 64}};
}
std::string reason(const status& state) { return text(state).c_str(); }

}  // namespace

TEST_CASE("sentences are those of sample(), in parts or step by step, with given tokens and lengths") {
  lab::model::learner student(nn::tree_unet_for(noise, 2, 2, 12), sentences(), options(100), seed{4});
  REQUIRE(student.train().ok());
  constexpr std::size_t rows = 70;  // more than the learner treats at once
  const std::vector<symbol> given{diffusion::vacant, 3, diffusion::vacant, diffusion::vacant};
  std::vector<symbol> all_given;
  std::vector<std::uint32_t> lengths;
  for (std::size_t row = 0; row < rows; ++row) {
    lengths.push_back(static_cast<std::uint32_t>(row % 5));
    for (const unsigned token : {0u, 255u, 255u, 255u}) all_given.push_back(static_cast<symbol>(row % 2 == 0 ? token : 255u));
  }
  for (const lab::model::writing_options& o :
       {lab::model::writing_options{}, lab::model::writing_options{.given = given, .first = 9},
        lab::model::writing_options{.given = all_given, .lengths = lengths}}) {
    const diffusion::sampling_options plain{.noise = times, .first = o.first, .given = o.given, .lengths = o.lengths};
    auto model = student.denoiser();
    std::vector<float> room(diffusion::sampling_memory(4, 6, rows));
    std::vector<symbol> out(4 * rows);
    REQUIRE(diffusion::sample(noise, model, seed{5}, plain, room, out).ok());
    int looks = 0;
    const auto written = student.sample(seed{5}, rows, o, [&](std::uint32_t time, std::span<const symbol> part) {
      ++looks;
      CHECK((part.size() == 4 * 32 || part.size() == 4 * 6));
      CHECK(time < 20);
    });
    REQUIRE(written.ok());
    CHECK(written.value == out);
    CHECK(looks == 3 * 20);
    CHECK(student.sample(seed{5}, rows, o).value == out);
  }
  CHECK(reason(student.sample(seed{5}, 3, {.given = std::span(all_given).first(8)}).state) ==
        "give tokens for one sentence or for each of them");
  CHECK(reason(student.sample(seed{5}, 3, {.lengths = lengths}).state) == "there are 70 lengths for 3 sentences");
  CHECK(reason(student.sample(seed{5}, 3, {.label = 1}).state) == "this network learned without labels");
}

TEST_CASE("with labels a learner writes sentences of one class, and with guidance more of them") {
  const auto data = sentences().with(train::condition{.classes = 6});
  lab::model::learner student(nn::tree_unet_for(noise, 2, 2, 24, 6), data, options(600), seed{4});
  REQUIRE(reason(student.check()) == "");
  REQUIRE(student.train().ok());
  const auto of_class = [&](std::uint32_t label, float guidance) {
    constexpr std::size_t count = 200;
    const auto written = student.sample(seed{8}, count, {.label = label, .guidance = guidance});
    REQUIRE(written.ok());
    std::size_t right = 0;
    std::vector<symbol> tree(shape.nodes());
    for (std::size_t i = 0; i < count; ++i)
      right += grammar::parse(rules().view(), std::span(written.value).subspan(4 * i, 4), tree) && tree[0] == label;
    return static_cast<double>(right) / count;
  };
  double plain = 0, guided = 0;
  for (std::uint32_t label = 0; label < 6; ++label) {
    plain += of_class(label, 0.0f) / 6;
    guided += of_class(label, 2.0f) / 6;
  }
  MESSAGE("of their class: " << plain << ", guided " << guided);
  CHECK(plain > 0.6);  // 1 / 6 would be without labels, if all sentences were valid
  CHECK(guided > plain);
}

TEST_CASE("vectors are those of sample()") {
  std::vector<float> points;
  for (int i = 0; i < 300; ++i) points.push_back(0.01f * static_cast<float>(i % 7) - 0.02f * static_cast<float>(i % 3));
  const auto data =
      lab::model::split(source::vector_table{points, 3}, {diffusion::schedule::half_log_snr, 30}, {}, {80, 20}, seed{1});
  lab::model::learner student(nn::vector_mlp_for(3, 16), data, options(50), seed{4});
  REQUIRE(student.train().ok());
  for (const diffusion::solver method : {diffusion::solver::ddpm, diffusion::solver::dpm_solver}) {
    auto model = student.denoiser();
    std::vector<float> room(diffusion::gaussian_sampling_memory(method, 3, 50)), out(150);
    REQUIRE(diffusion::sample(diffusion::gaussian{}, model, seed{5},
                              {.noise = {diffusion::schedule::half_log_snr, 30}, .method = method, .first = 4}, std::span(room),
                              std::span(out))
                .ok());
    const auto written = student.sample(seed{5}, 50, {.first = 4, .method = method});
    REQUIRE(written.ok());
    CHECK(written.value == out);
  }
}

namespace {

// The square of what is positive.
struct squared_relu {
  static float value(float x) { return x > 0.0f ? x * x : 0.0f; }
  static float slope(float x) { return x > 0.0f ? 2.0f * x : 0.0f; }
};
using own = nn::layers::pointwise<squared_relu>;

auto own_network() {
  nn::plan_storage<> network(4, nn::token_channels(noise.input_symbols()));
  return network.add(nn::layers::dense{16}).add(own{}).add(nn::layers::layer_norm{}).add(nn::layers::dense{6}).finish();
}

}  // namespace

TEST_CASE("a layer of one's own is learned and written with; a program without it says so") {
  lab::model::learner student(own_network(), sentences(), options(100), seed{4}, nn::every_layer_and<own>{});
  REQUIRE(reason(student.check()) == "");
  REQUIRE(student.train().ok());
  const auto curve = student.curve();
  CHECK(curve.back().validation < curve.front().validation);
  CHECK(student.sample(seed{5}, 4).ok());
  lab::model::learner without(own_network(), sentences(), options(100), seed{4});
  CHECK(reason(without.train()) ==
        "layer 1 is of kind 128, which is not among the layers of this program: see every_layer_and");
}
