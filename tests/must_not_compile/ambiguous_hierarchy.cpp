// the sizes of a hierarchy are memory_of(shape).value of a shape that check() accepts
#include <frond/grammar/hierarchy_draw.hpp>

constexpr frond::grammar::hierarchy_level levels[] = {{.symbols = 4, .rules = 5, .branching = 2}};
constexpr frond::grammar::hierarchy_shape shape{.tokens = 4, .levels = levels};
const frond::grammar::hierarchy<frond::grammar::memory_of(shape).value> grammar(shape, frond::seed{1});
