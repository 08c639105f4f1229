// the sentences or the rules of this grammar do not fit into memory
#include <frond/grammar/rhm.hpp>

constexpr frond::grammar::rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 64};
frond::grammar::rhm<shape> grammar{frond::seed{1}};
