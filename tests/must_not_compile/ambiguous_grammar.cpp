// too many rules: more than vocabulary^(branching - 1) make a grammar ambiguous
#include <frond/grammar/rhm.hpp>

constexpr frond::grammar::rhm_shape shape{.vocabulary = 4, .rules = 5, .branching = 2, .depth = 2};
frond::grammar::rhm<shape> grammar{frond::seed{1}};
