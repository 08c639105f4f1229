// The golden results of the second paper's data: sources, exact posteriors, the exact distribution of learning.
#include "lab.hpp"

#include "spiked_results.hpp"

namespace golden {

void spikes_results() {
  print("spiked_sources", spiked_sources());
  print("spiked_means", spiked_means());
  print("spiked_theory", spiked_theory());
  print("spiked_chain", spiked_chain());
}

}  // namespace golden
