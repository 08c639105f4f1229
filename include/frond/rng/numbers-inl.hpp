// Numbers made of four vectors of random words, the words of one block standing one below the other, in place: sixteen blocks
// at once. Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

struct uniform_of_words {
  FROND_ALWAYS_INLINE static void apply(words& a) { a = bits(to_float(shift_right<8>(a)) * splat(0x1p-24f)); }
  FROND_ALWAYS_INLINE static void apply(words& a, words& b, words& c, words& d) {
    apply(a);
    apply(b);
    apply(c);
    apply(d);
  }
};

struct normal_of_words {
  // rng::box_muller
  FROND_ALWAYS_INLINE static void apply(words& radius_word, words& angle_word) {
    const vec distance = to_float(shift_right<8>(radius_word) + 1u) * splat(0x1p-24f);
    const vec radius = sqrt(splat(-2.0f) * log_scaled(distance, splat(0.0f)));
    const sine_cosine angle = sin_cos_within_turn(to_float(shift_right<8>(angle_word)) * splat(0x1p-24f));
    radius_word = bits(radius * angle.cosine);
    angle_word = bits(radius * angle.sine);
  }
  FROND_ALWAYS_INLINE static void apply(words& a, words& b, words& c, words& d) {
    apply(a, b);
    apply(c, d);
  }
};

}}}  // namespace frond::FROND_PASS
