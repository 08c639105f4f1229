// a grammar needs at least one rule for each symbol
#include <frond/grammar/rhm.hpp>

constexpr frond::grammar::rhm_shape shape{.vocabulary = 4, .rules = 0, .branching = 2, .depth = 2};
frond::grammar::rhm<shape> grammar{frond::seed{1}};
