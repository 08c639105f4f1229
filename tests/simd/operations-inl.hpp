// Every operation of the facade, applied to sixteen numbers. Included once per pass, as the kernels are.

namespace test::FROND_PASS {

namespace pass = frond::FROND_PASS;

inline void apply(const operands& x, outcome& y) {
  const pass::vec a = pass::load(x.a), b = pass::load(x.b), c = pass::load(x.c);
  const pass::words w = pass::load(x.w), v = pass::load(x.v);
  pass::store(y.sum, a + b);
  pass::store(y.difference, a - b);
  pass::store(y.product, a * b);
  pass::store(y.quotient, a / b);
  pass::store(y.mul_add, pass::mul_add(a, b, c));
  pass::store(y.sqrt, pass::sqrt(a));
  pass::store(y.smaller, pass::min(a, b));
  pass::store(y.larger, pass::max(a, b));
  pass::store(y.selected_less, pass::select(a < b, a, c));
  pass::store(y.selected_equal, pass::select(a == b, b, c));
  pass::store(y.selected_nonzero, pass::select(pass::nonzero(w & 1u), a, b));
  pass::store(y.from_bits, pass::from_bits(pass::bits(a) ^ 0x80000000u));
  pass::store(y.converted, pass::to_float(pass::arithmetic_shift_right<8>(w)));
  pass::store(y.added, (w + v) + 0x9e3779b9u);
  pass::store(y.subtracted, (w - v) - 0x9e3779b9u);
  pass::store(y.mixed, ((w | v) ^ (w & 0x0f0f0f0fu)) ^ v);
  pass::store(y.shifted, pass::shift_left<5>(w) + pass::shift_right<7>(v));
  const pass::wide_words wide = pass::multiply_wide(w, x.factor);
  pass::store(y.low, wide.low);
  pass::store(y.high, wide.high);
  pass::store(y.numbers, pass::lane_numbers() + pass::splat(x.factor));
  pass::store(y.splat, pass::splat(x.b[3]));
  y.total = pass::sum_lanes(a);
  for (std::size_t count = 0; count <= 16; ++count) {
    pass::store(y.some[count], pass::load_some(x.a, count));
    pass::store_some(y.stored[count], a, count);
  }
}

}  // namespace test::FROND_PASS
