#define FROND_ARITHMETIC FROND_ARITHMETIC_SEPARATE
#include "../math/forms.hpp"
#include "arithmetic.hpp"

ulp::arithmetic ulp::separate() { return {"separate", {"plain", test::evaluate_plain}, test::vector_forms()}; }
