// The golden results of general grammars: read, sampled, and inferred exactly.
#include "lab.hpp"

#include "grammar_text_results.hpp"
#include "pcfg_results.hpp"

namespace golden {

void grammars_results() {
  print("general_grammar", general_grammar());
  print("grammar_text", grammar_text());
}

}  // namespace golden
