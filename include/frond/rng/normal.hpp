// Standard normal numbers, each with an address of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <frond/math/scalar.hpp>
#include <frond/rng/draws.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace rng {

// Two independent standard normal numbers.
struct normal_pair {
  float first, second;
};

// Two independent standard normals from two random words (Box and Muller, "A note on the generation of random normal
// deviates", 1958): a radius from one word, an angle from the other. The radius takes its word's top 24 bits, so no number lies
// beyond sqrt(48 ln 2) = 5.768; the exact distribution puts 8.0e-9 of its mass there, once in 125 million draws.
inline normal_pair box_muller(std::uint32_t radius_word, std::uint32_t angle_word) {
  const float radius = math::sqrt(-2.0f * math::log_of_normal(unit_interval_open_zero(radius_word)));
  const math::sine_cosine angle = math::sin_cos_within_turn(unit_interval(angle_word));
  return {radius * angle.cosine, radius * angle.sine};
}

// The four normals of one address: two words each make a pair, in order.
inline std::array<float, 4> normals_at(seed key, stream purpose, std::uint64_t index, std::uint32_t position) {
  const block words = words_at(key, purpose, index, position);
  const normal_pair low = box_muller(words[0], words[1]), high = box_muller(words[2], words[3]);
  return {low.first, low.second, high.first, high.second};
}

// Element `element` < 2^34 of the array of normals at (seed, stream, index): number element mod 4 of position element / 4, so
// any part of the array is filled without the rest.
inline float normal_at(seed key, stream purpose, std::uint64_t index, std::uint64_t element) {
  FROND_ASSERT(element < std::uint64_t{1} << 34, "an array of normals has at most 2^34 elements");
  return normals_at(key, purpose, index, static_cast<std::uint32_t>(element / 4))[element % 4];
}

}}}  // namespace frond::rng

#include <frond/config/epilogue.hpp>
