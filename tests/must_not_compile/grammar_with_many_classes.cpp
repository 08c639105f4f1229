// a grammar cannot have more classes than symbols
#include <frond/grammar/rhm.hpp>

constexpr frond::grammar::rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2, .classes = 5};
frond::grammar::rhm<shape> grammar{frond::seed{1}};
