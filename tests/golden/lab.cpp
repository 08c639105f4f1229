// The golden results of general grammars, variants of the hierarchy and continuous diffusion.
#include "lab.hpp"

#include <frond/grammar/pcfg.hpp>

namespace golden {

void lab_results() {}

}  // namespace golden
