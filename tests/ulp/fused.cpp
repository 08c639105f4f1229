#define FROND_ARITHMETIC FROND_ARITHMETIC_FUSED
#include "../math/forms.hpp"
#include "arithmetic.hpp"

ulp::arithmetic ulp::fused() { return {"fused", {"plain", test::evaluate_plain}, test::vector_forms()}; }
