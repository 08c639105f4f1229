// Sums, and the softmax family built on them. Pass text: compiled once per instruction set.
//
// A sum over one array keeps sixteen partial sums that start at +0, element i in partial i mod 16, and adds them by the fixed
// tree of sum_lanes. Sums over the rows of a matrix run in order of the rows.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

inline float sum(const float* x, std::size_t count) {
  vec partial = splat(0.0f);
  for (std::size_t i = 0; i < count; i += 16) partial = partial + load_lanes(x + i, count - i);
  return sum_lanes(partial);
}

inline float sum_of_squares(const float* x, std::size_t count) {
  vec partial = splat(0.0f);
  for (std::size_t i = 0; i < count; i += 16) {
    const vec a = load_lanes(x + i, count - i);
    partial = mul_add(a, a, partial);
  }
  return sum_lanes(partial);
}

// Four sums, so that one addition need not wait for the other: group i / 16 of sixteen elements in sum i / 16 mod 4.
inline bool squares_are_finite(const float* x, std::size_t count) {
  vec partial[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
  for (; count >= 64; count -= 64, x += 64) {
    FROND_UNROLL(4) for (std::size_t j = 0; j < 4; ++j) {
      const vec a = load(x + 16 * j);
      partial[j] = mul_add(a, a, partial[j]);
    }
  }
  for (std::size_t i = 0; i < count; i += 16) {
    const vec a = load_lanes(x + i, count - i);
    partial[i / 16] = mul_add(a, a, partial[i / 16]);
  }
  bool finite = true;
  for (const vec& each : partial) finite = finite && math::is_finite(sum_lanes(each));
  return finite;
}

inline void add_column_sums(const float* x, std::size_t rows, std::size_t columns, float* sums) {
  for (std::size_t j = 0; j < columns; j += 16) {
    vec total = load_lanes(sums + j, columns - j);
    for (std::size_t i = 0; i < rows; ++i) total = total + load_lanes(x + i * columns + j, columns - j);
    store_lanes(sums + j, total, columns - j);
  }
}

// Lanes beyond `count` hold -infinity, so that they never win a maximum and add exp(-inf) = +0 to a sum.
FROND_ALWAYS_INLINE vec load_logits(const float* from, std::size_t count) {
  if (count >= 16) return load(from);
  return select(lanes_below(count), load_some(from, count), splat(-std::numeric_limits<float>::infinity()));
}
FROND_NOINLINE inline float largest(const float* x, std::size_t count) {
  vec best = load_logits(x, count);
  for (std::size_t i = 16; i < count; i += 16) best = max(best, load_logits(x + i, count - i));
  return largest_lane(best);
}

// probabilities[i] = exp(logits[i] - top), not yet divided by their sum, which is returned. In place is fine.
FROND_NOINLINE inline float exponentiate(const float* logits, float top, float* probabilities, std::size_t count) {
  vec partial = splat(0.0f);
  for (std::size_t i = 0; i < count; i += 16) {
    const vec e = exp_below_zero(load_logits(logits + i, count - i) - splat(top));
    partial = partial + e;
    store_lanes(probabilities + i, e, count - i);
  }
  return sum_lanes(partial);
}

// The exponentials of sixteen rows, not yet divided by their sums, which are returned. column [classes]
FROND_NOINLINE inline vec exponentiate_rows(vec* column, std::size_t classes, const vec& top) {
  for (std::size_t i = 0; i < classes; ++i) column[i] = exp_below_zero(column[i] - top);
  return sum_of_rows(column, classes);
}

// Rows of exactly sixteen need no turning over: each is a vector. One row alone is a long chain of operations; three short
// loops over a few rows keep more of them in flight. In place is fine.
FROND_NOINLINE inline void softmax_of_sixteen(const float* logits, std::size_t rows, float* probabilities) {
  constexpr std::size_t group = 16;
  for (std::size_t first = 0; first < rows; first += group, logits += 16 * group, probabilities += 16 * group) {
    const std::size_t count = rows - first < group ? rows - first : group;
    float number[group];
    for (std::size_t row = 0; row < count; ++row) number[row] = largest_lane(load(logits + 16 * row));
    for (std::size_t row = 0; row < count; ++row)
      store(probabilities + 16 * row, exp_below_zero(load(logits + 16 * row) - splat(number[row])));
    for (std::size_t row = 0; row < count; ++row) number[row] = sum_lanes(load(probabilities + 16 * row));
    for (std::size_t row = 0; row < count; ++row)
      store(probabilities + 16 * row, load(probabilities + 16 * row) * splat(1.0f / number[row]));
  }
}

inline void softmax(const float* logits, std::size_t rows, std::size_t classes, float* probabilities) {
  if (classes == 16) return softmax_of_sixteen(logits, rows, probabilities);
  if (is_short(classes)) {
    for (; rows >= 16; rows -= 16, logits += 16 * classes, probabilities += 16 * classes) {
      vec column[short_row];
      load_rows(logits, classes, rows * classes, column);
      const vec total = exponentiate_rows(column, classes, largest_of_rows(column, classes));
      const vec inverse = splat(1.0f) / total;
      for (std::size_t i = 0; i < classes; ++i) column[i] = column[i] * inverse;
      store_rows(probabilities, classes, column);
    }
  }
  for (; rows > 0; --rows, logits += classes, probabilities += classes) {
    const vec inverse = splat(1.0f / exponentiate(logits, largest(logits, classes), probabilities, classes));
    for (std::size_t i = 0; i < classes; i += 16)
      store_lanes(probabilities + i, load_logits(probabilities + i, classes - i) * inverse, classes - i);
  }
}

inline void softmax_cross_entropy(const float* logits, const symbol* targets, std::size_t rows, std::size_t classes,
                                  float scale, float* gradient, float* losses) {
  if (is_short(classes)) {
    for (; rows >= 16; rows -= 16, logits += 16 * classes, gradient += 16 * classes, targets += 16, losses += 16) {
      float target_logits[lane_count];
      for (std::size_t row = 0; row < 16; ++row) target_logits[row] = logits[row * classes + targets[row]];
      vec column[short_row];
      load_rows(logits, classes, rows * classes, column);
      const vec top = largest_of_rows(column, classes), total = exponentiate_rows(column, classes, top);
      const vec factor = splat(scale) / total;
      for (std::size_t i = 0; i < classes; ++i) column[i] = column[i] * factor;
      store_rows(gradient, classes, column);
      for (std::size_t row = 0; row < 16; ++row) {
        float& at_target = gradient[row * classes + targets[row]];
        at_target = at_target - scale;
      }
      store(losses, log(total) - (load(target_logits) - top));
    }
  }
  for (std::size_t row = 0; row < rows; ++row, logits += classes, gradient += classes) {
    const std::size_t target = targets[row];
    const float top = largest(logits, classes), target_logit = logits[target];
    const float total = exponentiate(logits, top, gradient, classes);
    const vec factor = splat(scale / total);
    for (std::size_t i = 0; i < classes; i += 16)
      store_lanes(gradient + i, load_logits(gradient + i, classes - i) * factor, classes - i);
    gradient[target] = gradient[target] - scale;
    losses[row] = math::log(total) - (target_logit - top);
  }
}

inline void squared_error(const float* outputs, const float* targets, std::size_t rows, std::size_t columns, float scale,
                          float* gradient, float* losses) {
  const vec twice = splat(2.0f * scale);
  for (std::size_t row = 0; row < rows; ++row, outputs += columns, targets += columns, gradient += columns) {
    vec partial = splat(0.0f);
    for (std::size_t i = 0; i < columns; i += 16) {
      const std::size_t count = columns - i < 16 ? columns - i : 16;
      const vec difference = load_some(outputs + i, count) - load_some(targets + i, count);
      partial = mul_add(difference, difference, partial);
      store_some(gradient + i, difference * twice, count);
    }
    losses[row] = sum_lanes(partial);
  }
}

}}}  // namespace frond::FROND_PASS
