// For a PC, numbers and graphs: exact decimals, strong components, non-negative matrices, quadrature, the normal distribution.
#pragma once

#include <frond/lab/numerics/decimal.hpp>
#include <frond/lab/numerics/nonnegative_matrix.hpp>
#include <frond/lab/numerics/normal_distribution.hpp>
#include <frond/lab/numerics/quadrature.hpp>
#include <frond/lab/numerics/strong_components.hpp>
