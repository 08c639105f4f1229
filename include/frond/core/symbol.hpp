// The alphabet: what a token, a latent variable and a class label are.
#pragma once

#include <cstddef>
#include <cstdint>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI {

// One byte, so that a data set of sentences is as small as text and a rule table fits a vector register.
using symbol = std::uint8_t;

// The largest vocabulary: one value stays free for the mask of absorbing diffusion, which is always `vocabulary` itself.
inline constexpr std::uint32_t max_vocabulary = 255;

// Where a sentence that is shorter than its room has no token. It is never noisy, a network sees it as a position without a
// symbol, and it counts in no loss.
inline constexpr symbol padding = 255;

}}  // namespace frond

#include <frond/config/epilogue.hpp>
