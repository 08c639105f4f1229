// Draws from many distributions. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// The drawn symbols of sixteen rows. Sums never fall, so the index that the threshold falls to is the last one with a positive
// weight before which the sum has not passed it.
FROND_ALWAYS_INLINE words draw_rows(const vec* weights, std::size_t classes, const vec& uniform) {
  vec total = splat(0.0f);
  for (std::size_t i = 0; i < classes; ++i) total = total + weights[i];
  const vec threshold = uniform * total, zero = splat(0.0f);
  vec sum = zero, drawn = from_bits(splat(0u));
  for (std::size_t i = 0; i < classes; ++i) {
    const vec here = from_bits(splat(static_cast<std::uint32_t>(i)));
    drawn = select(threshold < sum, drawn, select(zero < weights[i], here, drawn));
    sum = sum + weights[i];
  }
  return bits(drawn);
}

inline symbol draw_row(const float* weights, std::size_t classes, float uniform) {
  float total = 0.0f;
  for (std::size_t i = 0; i < classes; ++i) total = total + weights[i];
  const float threshold = uniform * total;
  float sum = 0.0f;
  symbol drawn = 0;
  for (std::size_t i = 0; i < classes && !(threshold < sum); ++i) {
    if (0.0f < weights[i]) drawn = static_cast<symbol>(i);
    sum = sum + weights[i];
  }
  return drawn;
}

inline void categorical(const float* weights, const float* uniforms, std::size_t rows, std::size_t classes, symbol* drawn) {
  if (is_short(classes)) {
    for (; rows >= 16; rows -= 16, weights += 16 * classes, uniforms += 16, drawn += 16) {
      vec column[short_row];
      load_rows(weights, classes, rows * classes, column);
      std::uint32_t symbols[lane_count];
      store(symbols, draw_rows(column, classes, load(uniforms)));
      for (std::size_t row = 0; row < 16; ++row) drawn[row] = static_cast<symbol>(symbols[row]);
    }
  }
  for (; rows > 0; --rows, weights += classes) *drawn++ = draw_row(weights, classes, *uniforms++);
}

}}}  // namespace frond::FROND_PASS
