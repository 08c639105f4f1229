// The golden results of the first paper's experiments: forward and backward diffusion, learned grammars.
#include "lab.hpp"

#include "analysis_results.hpp"
#include "forward_backward_results.hpp"

namespace golden {

void papers_results() {
  const grammar::rhm<shape> rules{seed{6}};
  const grammar::rhm<wide_shape> wide{seed{6}};
  print("annealed_transitions", annealed_transitions());
  print("forward_backward", forward_backward(rules));
  print("wide_forward_backward", forward_backward(wide));
  print("analysis", analysis_results(rules));
}

}  // namespace golden
