// Belief propagation on sixteen trees at once, one in each lane: single steps, as in belief/messages.hpp and with the same
// bits. Pass text: compiled once per instruction set. A message is [vocabulary][16] numbers.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// The power of two that brings `largest` into [1/2, 1), within the range of normal numbers.
FROND_ALWAYS_INLINE vec scale_of(const vec& largest) {
  return from_bits(splat(0x7e800000u) - (bits(min(largest, splat(0x1p125f))) & 0x7f800000u));
}
// One in lanes that hold zero, else zero.
FROND_ALWAYS_INLINE vec where_zero(const vec& x) { return select(x == splat(0.0f), splat(1.0f), splat(0.0f)); }

// Multiplies a message by the scale of its largest entry; lanes without a positive one become ones.
FROND_ALWAYS_INLINE void rescale(float* message, const vec& largest, std::size_t vocabulary) {
  const vec scale = scale_of(largest), blank = where_zero(largest);
  for (float* const end = message + 16 * vocabulary; message != end; message += 16)
    store(message, mul_add(load(message), scale, blank));
}

// A message down that is zero everywhere becomes one that says nothing.
FROND_NOINLINE inline void fill_blank(float* down, float* largest, std::size_t vocabulary) {
  const vec blank = where_zero(load(largest));
  for (std::size_t a = 0; a < vocabulary; ++a) store(down + 16 * a, load(down + 16 * a) + blank);
  store(largest, load(largest) + blank);
}

// Four tokens of each sentence from `first` on, the first of them in the lowest byte.
FROND_ALWAYS_INLINE words load_four_tokens(const belief::noisy_tokens& seen, std::size_t tokens, std::size_t first) {
  std::uint32_t fours[lane_count] = {};
  const std::size_t count = tokens - first;
  for (std::size_t lane = 0; lane < seen.rows; ++lane) {
    const symbol* const from = seen.tokens + lane * tokens + first;
    if (count >= 4) {
      fours[lane] = static_cast<std::uint32_t>(from[0]) | static_cast<std::uint32_t>(from[1]) << 8 |
                    static_cast<std::uint32_t>(from[2]) << 16 | static_cast<std::uint32_t>(from[3]) << 24;
    } else {
      for (std::size_t i = 0; i < count; ++i) fours[lane] |= static_cast<std::uint32_t>(from[i]) << 8 * i;
    }
  }
  return load(fours);
}

// What the noisy tokens say on their own.
inline void tree_observe(const belief::tree_operands& t, const belief::noisy_tokens& seen) {
  const vec likeliest = load(seen.same), scale = scale_of(likeliest), blank = where_zero(likeliest);
  const vec same = mul_add(likeliest, scale, blank), other = mul_add(load(seen.other), scale, blank);
  const vec hidden = scale_of(splat(1.0f));
  const auto hidden_symbol = static_cast<std::uint32_t>(t.vocabulary);
  float* message = t.up + 16 * t.inner_nodes * t.vocabulary;
  words four_tokens = splat(0u);
  for (std::size_t token = 0; token < t.tokens; ++token, four_tokens = shift_right<8>(four_tokens)) {
    if (token % 4 == 0) four_tokens = load_four_tokens(seen, t.tokens, token);
    const words symbols = four_tokens & 0xffu;
    const vec elsewhere = select(nonzero(symbols ^ hidden_symbol), other, hidden);
    for (std::uint32_t a = 0; a < hidden_symbol; ++a, message += 16)
      store(message, select(nonzero(symbols ^ a), elsewhere, same));
  }
}

// What noisy one-hot vectors say. The likeliest symbol has one, so the scale of every message is 1/2.
inline void tree_observe_one_hot(const belief::tree_operands& t, const belief::noisy_vectors& seen) {
  const std::size_t size = t.tokens * t.vocabulary;
  const vec least = splat(diffusion::least_likelihood<float>), half = splat(0.5f);
  float sharpness_of[lane_count];
  for (std::size_t lane = 0; lane < 16; ++lane) sharpness_of[lane] = seen.sharpness[lane < seen.rows ? lane : 0];
  const vec sharpness = load(sharpness_of);
  float* message = t.up + 16 * t.inner_nodes * t.vocabulary;
  for (std::size_t token = 0; token < t.tokens; ++token) {
    vec largest = splat(-std::numeric_limits<float>::infinity());
    for (std::size_t first = 0; first < t.vocabulary; first += 16) {
      const std::size_t left = t.vocabulary - first, count = left < 16 ? left : 16;
      const float* const from = seen.values + token * t.vocabulary + first;
      words square[lane_count];
      for (std::size_t lane = 0; lane < 16; ++lane)
        square[lane] = bits(load_lanes(from + (lane < seen.rows ? lane : 0) * size, left));
      transpose(square);
      for (std::size_t a = 0; a < count; ++a) {
        largest = max(largest, from_bits(square[a]));
        store(message + 16 * (first + a), from_bits(square[a]));
      }
    }
    for (float* const end = message + 16 * t.vocabulary; message != end; message += 16)
      store(message, max(exp_below_zero((load(message) - largest) * sharpness), least) * half);
  }
}

// What one token says, from any likelihoods [16][vocabulary].
inline void tree_observe_any(const belief::tree_operands& t, std::size_t token, const float* likelihoods) {
  float* const message = t.up + 16 * (t.inner_nodes + token) * t.vocabulary;
  vec largest = splat(0.0f);
  for (std::size_t first = 0; first < t.vocabulary; first += 16) {
    const std::size_t count = t.vocabulary - first < 16 ? t.vocabulary - first : 16;
    words square[lane_count];
    for (std::size_t lane = 0; lane < 16; ++lane)
      square[lane] = bits(load_some(likelihoods + lane * t.vocabulary + first, count));
    transpose(square);
    for (std::size_t a = 0; a < count; ++a) {
      largest = max(largest, from_bits(square[a]));
      store(message + 16 * (first + a), from_bits(square[a]));
    }
  }
  rescale(message, largest, t.vocabulary);
}

// Where beliefs go: to [rows][tokens][vocabulary], or, without such a place, over the messages up of the tokens.
struct belief_target {
  std::size_t rows, row_size;
  float* out;
};

// Where next to nothing satisfies both directions, only what comes from below counts.
FROND_NOINLINE inline void believe_subtree(const float* up, vec& total, std::size_t vocabulary, float* products) {
  const mask contradicts = total < splat(0x1p-126f);
  vec alone = splat(0.0f);
  for (std::size_t a = 0; a < vocabulary; ++a) {
    const vec below = load(up + 16 * a);
    alone = alone + below;
    store(products + 16 * a, select(contradicts, below, load(products + 16 * a)));
  }
  total = select(contradicts, alone, total);
}

// 1 / x, or the next larger number where x times the first would round to less than one.
FROND_ALWAYS_INLINE vec reciprocal(const vec& x) {
  const vec one = splat(1.0f), nearest = one / x;
  return select(nearest * x < one, from_bits(bits(nearest) + 1u), nearest);
}

// The beliefs in the symbols of one token, given up * down for each and the sum of them [16].
FROND_NOINLINE inline void believe(std::size_t vocabulary, std::size_t token, float* up, float* products, const float* sum,
                                   const belief_target& target) {
  vec total = load(sum);
  if (any_zero(bits(select(total < splat(0x1p-126f), splat(0.0f), total)))) believe_subtree(up, total, vocabulary, products);
  const vec share = reciprocal(total), one = splat(1.0f);
  if (!target.out) {
    for (std::size_t a = 0; a < vocabulary; ++a) store(up + 16 * a, min(load(products + 16 * a) * share, one));
    return;
  }
  float* out = target.out + token * vocabulary;
  for (std::size_t first = 0; first < vocabulary; first += 16, out += 16) {
    const std::size_t count = vocabulary - first < 16 ? vocabulary - first : 16;
    words square[lane_count];
    FROND_UNROLL(16) for (std::size_t a = 0; a < 16; ++a) {
      const vec product = load(products + 16 * (first + (a < count ? a : 0)));
      square[a] = bits(min(product * share, one));
    }
    transpose_here(square);
    for (std::size_t row = 0; row < target.rows; ++row) store_lanes(out + row * target.row_size, from_bits(square[row]), count);
  }
}

}}}  // namespace frond::FROND_PASS
