// Learns vectors: two arms of a spiral, or rows of numbers from a file of its own, and draws new ones.
// example_07_own_vectors [FILE DIMENSION], FILE with numbers between blanks, commas or line breaks
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <frond/lab.hpp>
using namespace frond;

int main(int argc, char** argv) {
  std::vector<float> numbers;
  std::size_t dimension = 2;
  if (argc == 3) {
    const auto read = lab::io::read_numbers(argv[1]);
    if (!read) return std::fprintf(stderr, "%s: %s\n", argv[1], text(read.state).c_str()), 1;
    numbers = read.value;
    dimension = std::strtoul(argv[2], nullptr, 10);
  } else {
    for (int i = 0; i < 4000; ++i) {
      const double turn = 0.5 + 2.5 * i / 4000.0, arm = i % 2 == 0 ? 1.0 : -1.0;
      numbers.push_back(static_cast<float>(arm * 0.4 * turn * std::cos(3 * turn)));
      numbers.push_back(static_cast<float>(arm * 0.4 * turn * std::sin(3 * turn)));
    }
  }
  const source::shuffled data{source::vector_table{numbers, dimension}, seed{9}};
  const auto split =
      lab::model::split(data, {diffusion::schedule::half_log_snr, 100}, {}, {.held_out = data.count() / 8}, seed{1});
  lab::model::learner student(nn::vector_mlp_for(dimension, 128), split,
                              {.training = {.optimiser = {.learning_rate = 2e-3f, .average_decay = 0.999f}, .batch = 128},
                               .fit = {.max_steps = 4000, .evaluate_every = 500}},
                              seed{4});
  if (const status done = student.train(lab::model::print_point); !done) return std::puts(text(done).c_str()), 1;
  const auto drawn = student.sample(seed{5}, 8);
  for (std::size_t i = 0; i < drawn.value.size(); ++i)
    std::printf("%8.4f%s", static_cast<double>(drawn.value[i]), i % dimension == dimension - 1 ? "\n" : " ");
}
