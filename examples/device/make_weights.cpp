// Trains the network of a demo on a PC, makes whole numbers of it, says what that costs, and writes the header for the board:
//   device_make_weights smallest HEADER     or     device_make_weights speaks HEADER
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <frond/lab.hpp>

#include "sentences.hpp"

using namespace frond;

namespace {

// A converted network as a denoiser of any number of sentences.
template <class Demo>
struct whole_numbers {
  static constexpr nn::plan plan = nn::plan_of<typename Demo::net>();

  quantised::numbers numbers;
  std::vector<std::int8_t> scratch = std::vector<std::int8_t>(plan.scratch_size + 16);

  [[nodiscard]] std::size_t length() const { return plan.input_positions; }
  [[nodiscard]] std::uint32_t vocabulary() const { return plan.output_channels; }
  [[nodiscard]] std::uint32_t input_symbols() const { return Demo::noise.input_symbols(); }
  void predict(std::span<const symbol> noisy, std::span<const float> alpha_bar, std::span<float> posterior) {
    for (std::size_t i = 0; i < alpha_bar.size(); ++i) {
      float* const answer = posterior.data() + i * plan.output_size();
      quantised::encode_tokens(noisy.subspan(i * length(), length()), input_symbols(), alpha_bar[i],
                               scratch.data() + plan.layers.front().scratch.input);
      quantised::run(plan, numbers, scratch.data(), answer);
      kernel::softmax(answer, length(), vocabulary(), answer);
    }
  }
};

template <class Demo>
lab::hierarchy::rule_accuracy accuracy(auto& model, std::size_t count) {
  constexpr std::size_t length = Demo::shape.leaves();
  std::vector<float> memory(diffusion::sampling_memory(length, Demo::shape.vocabulary, 32));
  std::vector<symbol> sentences(count * length);
  lab::hierarchy::rule_accuracy measured(Demo::rules.view());
  if (diffusion::sample(Demo::noise, model, seed{5}, Demo::value, memory, sentences)) measured.add(sentences);
  return measured;
}

template <class Demo>
int make(const std::string& name, const std::string& header, std::uint64_t sentences) {
  constexpr nn::plan plan = nn::plan_of<typename Demo::net>();
  const auto data = lab::model::split(Demo::rules.view(), Demo::noise, Demo::value.noise, {sentences, 200}, seed{1});
  lab::model::learner student(Demo::net::storage, data,
                              {.training = {.optimiser = {.learning_rate = 3e-3f, .average_decay = 0.999f}, .batch = 64},
                               .fit = {.max_steps = 12000, .evaluate_every = 200, .validation_count = 4096},
                               .patience = 15},
                              seed{4});
  status done = student.train(lab::model::print_point);
  if (!done) return std::fprintf(stderr, "%s\n", text(done).c_str()), 1;

  lab::quantise::calibration seen(plan);
  std::vector<float> input(plan.input_size());
  std::vector<symbol> clean(plan.input_positions), noisy(plan.input_positions);
  for (std::uint64_t i = 0; i < 1024; ++i) {
    data.training.write(i, input, clean, noisy);
    seen.add(student.weights(), input);
  }
  const auto made = lab::quantise::convert(plan, student.weights(), seen, std::vector<float>(plan.input_channels, 1.0f / 127));
  if (!made) return std::fprintf(stderr, "%s\n", text(made.state).c_str()), 1;

  whole_numbers<Demo> whole{made.value.view()};
  auto floats = student.denoiser();
  const auto loss = lab::evaluation::compare_losses(whole, floats, data.held_out, 8192);
  const auto before = accuracy<Demo>(floats, 8192), after = accuracy<Demo>(whole, 8192);
  std::printf(
      "\n%zu weights, learned from %llu sentences\n                     float    int8\ncross-entropy      %.5f %.5f nats a "
      "token\n",
      plan.parameter_count, static_cast<unsigned long long>(sentences), static_cast<double>(loss.reference),
      static_cast<double>(loss.model));
  for (std::uint32_t level = 1; level <= Demo::shape.depth; ++level)
    std::printf("rules of level %u    %.4f  %.4f\n", level, before.level(level).strict.value, after.level(level).strict.value);
  const std::string about = "Demo " + name + ": a tree U-Net trained on " + std::to_string(sentences) +
                            " sentences of a random grammar by device_make_weights. MIT licence.";
  done = lab::quantise::write_header(header, name + "_weights", plan, made.value, about);
  return done ? 0 : (std::fprintf(stderr, "%s: %s\n", header.c_str(), text(done).c_str()), 1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "smallest") == 0) return make<device::smallest>(argv[1], argv[2], 700);
  if (argc == 3 && std::strcmp(argv[1], "speaks") == 0) return make<device::speaks>(argv[1], argv[2], 1200);
  return std::fputs("usage: device_make_weights smallest|speaks HEADER\n", stderr), 2;
}
