// Projected gradient descent of one neuron, one run in each lane; plain::sphere_sgd is the plain form and says what it does.
// Pass text: compiled once per instruction set.

namespace frond { inline namespace FROND_ABI { namespace FROND_PASS {

// The length of a step is a long chain of operations that waits for one scalar product. So the numbers of the next step are
// drawn meanwhile, and one pass over the weights moves them and takes their product with these.
#if FROND_PASS_LANES == 16
inline constexpr std::size_t sphere_batches = 2;
#else
inline constexpr std::size_t sphere_batches = 1;
#endif

template <std::size_t Blocks>
FROND_ALWAYS_INLINE void draw_normals(const lane_addresses& from, std::uint32_t position, float* to) {
  words word[4][Blocks];
  random_blocks(from, position, word);
  FROND_UNROLL(4) for (std::size_t i = 0; i < Blocks; ++i) {
    normal_of_words::apply(word[0][i], word[1][i], word[2][i], word[3][i]);
    FROND_UNROLL(4) for (std::size_t j = 0; j < 4; ++j) store(to + 16 * (4 * i + j), from_bits(word[j][i]));
  }
}

struct sphere_draw {
  vec clean_u, clean_v, noisy_u, noisy_v, residual;
};
FROND_ALWAYS_INLINE sphere_draw draw_pair(const lab::spiked::sphere_sgd_operands& o, const lane_addresses& from) {
  words word[4][2];
  random_blocks(from, 0, word);
  normal_of_words::apply(word[0][0], word[1][0], word[2][0], word[3][0]);
  normal_of_words::apply(word[0][1], word[1][1]);
  uniform_of_words::apply(word[2][1]);
  const vec lambda = from_bits(word[0][0]);
  const vec likely = select(splat(0.0f) < lambda, splat(o.high_if_positive), splat(o.high_if_not));
  const vec latent = select(from_bits(word[2][1]) < likely, splat(o.high), splat(o.low));
  const vec a = splat(math::sqrt(o.alpha_bar)), b = splat(math::sqrt(1.0f - o.alpha_bar));
  sphere_draw draw;
  draw.clean_u = mul_add(splat(o.spike), lambda, from_bits(word[1][0]));
  draw.clean_v = mul_add(splat(o.signal), latent, splat(o.rest) * from_bits(word[3][0]));
  draw.noisy_u = mul_add(a, draw.clean_u, b * from_bits(word[2][0]));
  draw.noisy_v = mul_add(a, draw.clean_v, b * from_bits(word[0][1]));
  draw.residual = from_bits(word[1][1]);
  return draw;
}

// All numbers of one step; those of the directions besides u and v go to `normals`, zero beyond the last.
FROND_NOINLINE inline sphere_draw draw_step(const lab::spiked::sphere_sgd_operands& o, const words& step, float* normals) {
  const lane_addresses from(o.key, rng::stream::online, step, load(o.run));
  const std::size_t others = o.dimension - 2, blocks = (others + 3) / 4;
  std::size_t block = 0;
  for (; block + sphere_batches <= blocks; block += sphere_batches)
    draw_normals<sphere_batches>(from, static_cast<std::uint32_t>(2 + block), normals + 64 * block);
#if FROND_PASS_LANES == 16
  if (block < blocks) draw_normals<1>(from, static_cast<std::uint32_t>(2 + block), normals + 64 * block);
#endif
  for (std::size_t i = others; i < 4 * blocks; ++i) store(normals + 16 * i, splat(0.0f));
  return draw_pair(o, from);
}

struct four_sums {
  vec part[4];
};
FROND_ALWAYS_INLINE four_sums no_sums() { return {{splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)}}; }
FROND_ALWAYS_INLINE vec total(const four_sums& s) { return (s.part[0] + s.part[1]) + (s.part[2] + s.part[3]); }

struct sphere_point {
  vec inverse, u, v, others;
};
FROND_ALWAYS_INLINE sphere_point locate(const vec& u, const vec& v, const vec& others) {
  const vec inverse = splat(1.0f) / sqrt(mul_add(u, u, mul_add(v, v, others)));
  return {inverse, u * inverse, v * inverse, others * (inverse * inverse)};
}

struct sphere_move {
  vec keep_uv, add_u, add_v, keep, noise;
};
FROND_ALWAYS_INLINE sphere_move find_move(const lab::spiked::sphere_sgd_operands& o, const sphere_point& w,
                                          const sphere_draw& x, const vec& normal_product) {
  const float a = math::sqrt(o.alpha_bar);
  const vec lost = splat(1.0f - o.alpha_bar), rate = splat(o.rate), skip = splat(-o.skip), excess = splat(a - o.skip);
  const vec noisy_others = normal_product * w.inverse;
  const vec y = mul_add(w.u, x.noisy_u, mul_add(w.v, x.noisy_v, noisy_others));
  const value_and_slope f = activate(o.unit.kind, splat(o.unit.gain) * (y + splat(o.unit.shift)));
  const vec sigma = splat(o.unit.amplitude) * f.value, slope = splat(o.unit.amplitude * o.unit.gain) * f.slope;
  const vec rest_u = mul_add(skip, x.noisy_u, x.clean_u), rest_v = mul_add(skip, x.noisy_v, x.clean_v);
  const vec residual = sqrt(w.others * lost) * x.residual;
  const vec rest = mul_add(w.u, rest_u, mul_add(w.v, rest_v, mul_add(excess, noisy_others, residual)));
  const vec pull = (rest - sigma) * slope;
  const vec tau = mul_add(excess, sigma, pull);
  const vec rho = sqrt(mul_add(sigma * sigma, lost, tau * tau));
  const vec along = mul_add(sigma, rest, pull * y);
  const vec replaced = mul_add(sigma, residual, (tau - rho) * noisy_others);
  const vec turn = select(splat(0.0f) < w.others, replaced / w.others, splat(0.0f));
  sphere_move move;
  move.keep_uv = mul_add(splat(-o.rate), along, splat(1.0f));
  move.add_u = rate * mul_add(sigma, rest_u, pull * x.noisy_u);
  move.add_v = rate * mul_add(sigma, rest_v, pull * x.noisy_v);
  move.keep = w.inverse * mul_add(rate, turn, move.keep_uv);
  move.noise = rate * rho;
  return move;
}

// The first step after which |overlap| is beyond the threshold, once and for all.
FROND_ALWAYS_INLINE words note_passage(const words& passage, const words& step, float threshold, const vec& overlap) {
  const vec now = select(splat(threshold) < abs(overlap), from_bits(step), from_bits(splat(0u)));
  return bits(select(nonzero(passage), from_bits(passage), now));
}

inline void sphere_sgd(const lab::spiked::sphere_sgd_operands& o, std::size_t steps) {
  if (steps == 0) return;
  const std::size_t blocks = (o.dimension - 2 + 3) / 4;
  float *const rows = o.weights + 32, *normals = o.memory, *next = o.memory + 64 * blocks;
  vec u = load(o.weights), v = load(o.weights + 16);
  words step = load(o.step), passage_u = load(o.passage_u), passage_v = load(o.passage_v);
  sphere_draw draw = draw_step(o, step, normals);
  four_sums squares = no_sums(), products = no_sums();
  for (std::size_t i = 0; i < 4 * blocks; ++i) {
    const vec w = load(rows + 16 * i);
    squares.part[i % 4] = mul_add(w, w, squares.part[i % 4]);
    products.part[i % 4] = mul_add(w, load(normals + 16 * i), products.part[i % 4]);
  }
  sphere_point w = locate(u, v, total(squares));
  for (; steps > 0; --steps) {
    const sphere_move move = find_move(o, w, draw, total(products));
    step = step + 1u;
    draw = draw_step(o, step, next);
    u = mul_add(w.u, move.keep_uv, move.add_u);
    v = mul_add(w.v, move.keep_uv, move.add_v);
    squares = no_sums();
    products = no_sums();
    for (std::size_t i = 0; i < 64 * blocks; i += 64) {
      FROND_UNROLL(4) for (std::size_t j = 0; j < 4; ++j) {
        const std::size_t at = i + 16 * j;
        const vec moved = mul_add(load(rows + at), move.keep, load(normals + at) * move.noise);
        store(rows + at, moved);
        squares.part[j] = mul_add(moved, moved, squares.part[j]);
        products.part[j] = mul_add(moved, load(next + at), products.part[j]);
      }
    }
    w = locate(u, v, total(squares));
    passage_u = note_passage(passage_u, step, o.threshold_u, w.u);
    passage_v = note_passage(passage_v, step, o.threshold_v, w.v);
    float* const used = normals;
    normals = next;
    next = used;
  }
  store(o.weights, u);
  store(o.weights + 16, v);
  store(o.step, step);
  store(o.overlap_u, w.u);
  store(o.overlap_v, w.v);
  store(o.passage_u, passage_u);
  store(o.passage_v, passage_v);
}

}}}  // namespace frond::FROND_PASS
