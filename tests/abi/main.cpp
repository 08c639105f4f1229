// Each unit goes on where another one stopped, on the same object. Every pair must end in the same bits.
#include "unit.hpp"

#include <cstdio>
#include <iterator>

#include "units.hpp"

#define DECLARE(name) extern const abi::unit name;
UNITS(DECLARE)
#define POINT_TO(name) &name,
const abi::unit* const units[] = {UNITS(POINT_TO)};

int main() {
  const frond::seed key{11};
  std::uint64_t expected = 0;
  int different = 0;
  for (const abi::unit* first : units) {
    const auto about = first->describe();
    std::printf("%-60s %s %s\n", first->flags, about.backend, frond::simd::name(about.instructions));
    for (const abi::unit* second : units) {
      static abi::state s;
      s = {};
      frond::nn::initialise(frond::nn::plan_of<abi::net>(), frond::nn::initialisation::he, key, s.weights.values);
      first->train(key, s);
      second->train(key, s);
      const std::uint64_t found = first->sample(key, s);
      if (expected == 0) expected = found;
      if (found == expected && second->sample(key, s) == expected && second->state_size() == sizeof s) continue;
      ++different;
      std::printf("  then %s: %016llx instead of %016llx\n", second->flags, static_cast<unsigned long long>(found),
                  static_cast<unsigned long long>(expected));
    }
  }
  std::printf("%d of %zu pairs differ\n", different, std::size(units) * std::size(units));
  return different == 0 ? 0 : 1;
}
