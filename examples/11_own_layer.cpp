// A network with an activation of one's own and layer norm.
#include <cstdio>
#include <frond/lab.hpp>
using namespace frond;

struct squared_relu {
  static float value(float x) { return x > 0.0f ? x * x : 0.0f; }
  static float slope(float x) { return x > 0.0f ? 2.0f * x : 0.0f; }
};
using activation = nn::layers::pointwise<squared_relu>;

int main() {
  const lab::model::random_grammar rules({.vocabulary = 8, .rules = 2, .branching = 2, .depth = 2}, seed{7});
  const diffusion::absorbing noise{8};
  nn::plan_storage<> network(4, nn::token_channels(noise.input_symbols()));
  network.space_to_depth(4).add(nn::layers::dense{64}).add(nn::layers::layer_norm{}).add(activation{});
  network.add(nn::layers::dense{4 * 8}).depth_to_space(4).finish();
  const auto data = lab::model::split(rules.view(), noise, {.steps = 50}, {}, seed{1});
  lab::model::learner student(network, data, {.fit = {.max_steps = 1000}}, seed{4}, nn::every_layer_and<activation>{});
  if (const status done = student.train(lab::model::print_point); !done) return std::puts(text(done).c_str()), 1;
}
