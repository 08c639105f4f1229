// The golden results of learning on vectors: one neuron on the sphere, autoencoders, networks with a time input.
#include "lab.hpp"

#include "online_results.hpp"

namespace golden {

void online_results() {
  print("sphere_runs", sphere_runs());
  print("autoencoders", autoencoders());
  print("vector_networks", vector_networks());
}

}  // namespace golden
