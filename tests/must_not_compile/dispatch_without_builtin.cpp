// Only FROND_BACKEND_BUILTIN chooses the instruction set at run time
// flags: -DFROND_BACKEND=FROND_BACKEND_SCALAR -DFROND_DISPATCH=1
#include <frond/frond.hpp>
