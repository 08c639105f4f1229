// Trains a small network on a PC and writes its weights as a C++ header: example_08_weights_to_firmware HEADER. What a device
// runs is 09_firmware_sampler.cpp.
#include <cstdio>
#include <frond/lab.hpp>

#include "firmware_network.hpp"

using namespace frond;

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: example_08_weights_to_firmware HEADER\n", stderr), 2;
  const auto data = lab::model::split(firmware::rules.view(), firmware::noise, firmware::times, {500, 200}, seed{1});
  lab::model::learner student(firmware::net::storage, data, {.training = {.batch = 32}, .fit = {.max_steps = 1000}}, seed{4});
  status done = student.train();
  if (done) done = lab::io::write_weights_header(argv[1], "trained_weights", student.network(), student.weights());
  if (!done) return std::fprintf(stderr, "%s\n", text(done).c_str()), 1;
}
