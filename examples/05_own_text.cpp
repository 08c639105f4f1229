// Learns to write lines of one length like those of a file: example_05_own_text FILE LENGTH. Held-out lines say when to stop.
#include <cstdio>
#include <cstdlib>
#include <frond/lab.hpp>
using namespace frond;

int main(int argc, char** argv) {
  if (argc != 3)
    return std::fputs("usage: example_05_own_text FILE LENGTH, the file having lines of LENGTH bytes\n", stderr), 2;
  const auto lines = lab::text::load_lines(argv[1], std::strtoul(argv[2], nullptr, 10));
  if (!lines) return std::fprintf(stderr, "%s: %s\n", argv[1], text(lines.state).c_str()), 1;
  const source::shuffled data{lines.value.table(), seed{9}};
  const diffusion::absorbing noise{data.vocabulary()};
  const auto split = lab::model::split(data, noise, {.steps = 64}, {.held_out = data.count() / 6}, seed{1});
  lab::model::learner student(nn::mlp_for(noise, lines.value.length, 256), split, {.fit = {.max_steps = 4000}}, seed{4});
  if (const status done = student.train(lab::model::print_point); !done) return std::puts(text(done).c_str()), 1;
  std::fputs(lines.value.text_lines(student.sample(seed{5}, 8).value).c_str(), stdout);
}
