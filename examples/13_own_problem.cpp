// A training problem of one's own: which class a sentence belongs to, from the whole sentence. write() makes example g; the
// type of its target chooses the loss, here cross-entropy.
#include <cstdio>
#include <frond/lab.hpp>
using namespace frond;

struct classify {
  using target = symbol;

  grammar::rhm_subset from;
  std::uint64_t first = 0, count = 0;  // sentences first .. first + count - 1

  void write(std::uint64_t example, std::span<float> input, std::span<symbol> label, std::span<symbol>) const {
    symbol sentence[8];
    const std::uint64_t datum = first + example % count;
    from.sample(seed{1}, datum, sentence);
    label[0] = static_cast<symbol>(from.label(seed{1}, datum));
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = sentence[i / 8] == i % 8 ? 1.0f : 0.0f;
  }
};

int main() {
  const lab::model::random_grammar rules({.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3}, seed{7});
  const classify learned{{rules.view()}, 0, 700}, held_out{{rules.view()}, 700, 300};
  nn::plan_storage<> network(1, 64);
  network.add(nn::layers::dense{128}).add(nn::layers::activate{kernel::activation::gelu}).add(nn::layers::dense{8}).finish();
  const nn::plan plan = network;
  std::vector<float> weights(plan.parameter_count), best(weights.size());
  std::vector<float> memory(train::training_memory(plan, {}, 1)), room(train::evaluation_memory(plan, 300, 64, 1));
  nn::initialise(plan, nn::initialisation::he_zero_readout, seed{4}, weights);
  train::trainer trainer(plan, learned, {}, weights, memory);
  train::early_stopping stopping{.patience = 5};
  const status done = train::fit(trainer, held_out, {.max_steps = 2000, .validation_count = 300}, stopping, best, room,
                                 calling_thread, [](std::uint64_t step, float a, float b) {
                                   std::printf("step %4d  training %.4f  held out %.4f nats\n", static_cast<int>(step),
                                               static_cast<double>(a), static_cast<double>(b));
                                   return true;
                                 });
  if (!done) return std::printf("%s\n", text(done).c_str()), 1;
}
