// Learns to write lines of one length like those of a file: example_05_own_text FILE LENGTH. Held-out lines say when to stop.
#include <cstdio>
#include <cstdlib>

#include <frond/frond.hpp>
#include <frond/lab/model.hpp>
#include <frond/lab/text.hpp>

using namespace frond;

int main(int argc, char** argv) {
  if (argc != 3)
    return std::fputs("usage: example_05_own_text FILE LENGTH, the file having lines of LENGTH bytes\n", stderr), 2;
  const auto lines = lab::text::load_lines(argv[1], std::strtoul(argv[2], nullptr, 10));
  if (!lines) return std::fprintf(stderr, "%s: %s\n", argv[1], text(lines.state).c_str()), 1;
  const source::shuffled data{lines.value.table(), seed{9}};
  const diffusion::absorbing noise{data.vocabulary()};
  const auto split =
      lab::model::split(data, noise, {diffusion::schedule::linear_signal, 64}, {.held_out = data.count() / 6}, seed{1});
  lab::model::learner student(nn::mlp_for(noise, lines.value.length, 256), split,
                              {.training = {.optimiser = {.weight_decay = 0.1f, .warm_up = 100}},
                               .fit = {.max_steps = 4000, .evaluate_every = 200},
                               .patience = 5},
                              seed{4});
  const status done = student.train([](const auto& p) {
    std::printf("step %4d  learned %.3f  held out %.3f nats a symbol\n", static_cast<int>(p.step),
                static_cast<double>(p.training), static_cast<double>(p.validation));
  });
  if (!done) return std::fprintf(stderr, "%s\n", text(done).c_str()), 1;
  const auto written = student.sample(seed{5}, 8);
  for (std::size_t i = 0; i < 8; ++i)
    std::puts(lines.value.text(std::span(written.value).subspan(i * lines.value.length, lines.value.length)).c_str());
}
