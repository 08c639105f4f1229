#include <doctest/doctest.h>

#include <frond/lab/parallel/peak.hpp>

#include <cmath>
#include <cstdint>

using namespace frond;

// No figure is right everywhere; but a peak is finite and positive, and a turn has two operations a lane in each of twelve
// sums.
TEST_CASE("the peak is a positive number of operations, counted by lanes") {
  const double peak = lab::parallel::peak_operations_per_second();
  CHECK(peak > 1e6);
  CHECK(std::isfinite(peak));
  CHECK(lab::parallel::operations_per_turn() == 24.0 * static_cast<double>(simd::lanes(simd::active_instruction_set())));
  unsigned char bytes[4096] = {};
  CHECK(lab::parallel::memset_bytes_per_second(bytes) > 1e6);
}
