// Layer norm and its gradients. Pass text: compiled once per instruction set. Sums over a row are those of reduction-inl.hpp,
// sums over rows run in order of the rows.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// visit(column, count) for every sixteen columns, or what is left of them.
template <class Visit>
FROND_ALWAYS_INLINE void each_sixteen(std::size_t columns, const Visit& visit) {
  std::size_t i = 0;
  for (; i + 16 <= columns; i += 16) visit(i, std::size_t{16});
  if (i < columns) visit(i, columns - i);
}
// What is x less `mean`, and +0 beyond the last column.
FROND_ALWAYS_INLINE vec centred(const float* x, const vec& mean, std::size_t count) {
  const vec difference = load_lanes(x, count) - mean;
  return count >= 16 ? difference : select(lanes_below(count), difference, splat(0.0f));
}

inline void layer_norm(const kernel::layer_norm_operands& n) {
  const auto columns = static_cast<float>(n.columns);
  const float* x = n.x;
  float* y = n.y;
  for (std::size_t row = 0; row < n.rows; ++row, x += n.columns, y += n.columns) {
    const float mean = sum(x, n.columns) / columns;
    vec squares = splat(0.0f);
    each_sixteen(n.columns, [&](std::size_t i, std::size_t count) {
      const vec difference = centred(x + i, splat(mean), count);
      squares = mul_add(difference, difference, squares);
    });
    const float scale = 1.0f / math::sqrt(sum_lanes(squares) / columns + n.epsilon);
    each_sixteen(n.columns, [&](std::size_t i, std::size_t count) {
      const vec normal = centred(x + i, splat(mean), count) * splat(scale);
      store_lanes(y + i, mul_add(normal, load_lanes(n.gain + i, count), load_lanes(n.shift + i, count)), count);
    });
    n.mean[row] = mean;
    n.scale[row] = scale;
  }
}

inline void layer_norm_backward(const kernel::layer_norm_gradients& n) {
  const auto columns = static_cast<float>(n.columns);
  const float *x = n.x, *dy = n.dy;
  float* dx = n.dx;
  for (std::size_t row = 0; row < n.rows; ++row, x += n.columns, dy += n.columns, dx += n.columns) {
    const vec mean = splat(n.mean[row]), scale = splat(n.scale[row]);
    vec slopes = splat(0.0f), moments = splat(0.0f);
    each_sixteen(n.columns, [&](std::size_t i, std::size_t count) {
      const vec gradient = load_lanes(dy + i, count), normal = centred(x + i, mean, count) * scale;
      const vec slope = gradient * load_lanes(n.gain + i, count);
      slopes = slopes + slope;
      moments = mul_add(slope, normal, moments);
      store_lanes(n.d_gain + i, mul_add(gradient, normal, load_lanes(n.d_gain + i, count)), count);
      store_lanes(n.d_shift + i, load_lanes(n.d_shift + i, count) + gradient, count);
    });
    const vec mean_slope = splat(sum_lanes(slopes) / columns), minus_moment = splat(sum_lanes(moments) / -columns);
    each_sixteen(n.columns, [&](std::size_t i, std::size_t count) {
      const vec normal = centred(x + i, mean, count) * scale;
      const vec slope = load_lanes(dy + i, count) * load_lanes(n.gain + i, count);
      store_lanes(dx + i, mul_add(normal, minus_moment, slope - mean_slope) * scale, count);
    });
  }
}

}}}  // namespace frond::FROND_PASS
