// A noise process of one's own: a token is kept, or drawn anew with the frequencies of the symbols, q(k | a) = alpha_bar [k =
// a] + (1 - alpha_bar) pi(k). With its reverse step it works with every source, network, exact denoiser and sampler.
#include <cstdio>
#include <frond/lab.hpp>
using namespace frond;

constexpr float pi[8] = {0.3f, 0.2f, 0.1f, 0.1f, 0.1f, 0.1f, 0.05f, 0.05f};

static symbol drawn(float u) {
  symbol k = 0;
  for (float sum = pi[0]; k < 7 && u >= sum; sum += pi[++k]) {
  }
  return k;
}

// P(k at the cleaner time s | x at the noisier time t): the sum over clean symbols y of posterior(y) q(k | x, y), where
// q(k | x, y) = q(x | k) q(k | y) / q(x | y).
struct frequency_step {
  float at_t, at_s;

  void distribution(symbol x, std::span<const float> posterior, std::span<float> out) const {
    const float kept = at_s > 0 ? at_t / at_s : 0, other = (1 - at_t) * pi[x], same = at_t + other;
    const auto weight = [&](std::size_t y) {
      return other > 0 ? posterior[y] / (y == x ? same : other) : y == x ? 1.0f : 0.0f;
    };
    float all = 0;
    for (std::size_t y = 0; y < 8; ++y) all += weight(y);
    for (std::size_t k = 0; k < 8; ++k)
      out[k] = ((k == x ? kept : 0) + (1 - kept) * pi[x]) * (at_s * weight(k) + (1 - at_s) * pi[k] * all);
  }
  symbol draw(symbol x, std::span<const float> posterior, float u) const {
    float out[8];
    distribution(x, posterior, out);
    symbol k = 0;
    for (float sum = out[0]; k < 7 && u >= sum; sum += out[++k]) {
    }
    return k;
  }
};

struct frequency_noise {
  static constexpr std::uint32_t vocabulary = 8;
  static std::uint32_t input_symbols() { return vocabulary; }
  static void corrupt(seed key, std::uint64_t index, float alpha_bar, std::span<const symbol> clean, std::span<symbol> noisy) {
    rng::draws draw(key, rng::stream::noise, index);
    for (std::size_t i = 0; i < clean.size(); ++i) {
      const bool keep = draw.uniform() < alpha_bar;
      const symbol anew = drawn(draw.uniform());
      noisy[i] = keep ? clean[i] : anew;
    }
  }
  static void start(seed key, std::uint64_t index, std::span<symbol> noisy) {
    rng::draws draw(key, rng::stream::start, index);
    for (symbol& token : noisy) token = drawn(draw.uniform());
  }
  template <class Real>
  static void likelihood(symbol noisy, Real alpha_bar, std::span<Real> out) {
    for (std::size_t a = 0; a < 8; ++a)
      out[a] = (a == noisy ? alpha_bar : Real{0}) + (1 - alpha_bar) * static_cast<Real>(pi[noisy]);
  }
  static frequency_step step(float at_t, float at_s, diffusion::reverse_form) { return {at_t, at_s}; }
};
static_assert(diffusion::discrete_process<frequency_noise>);

int main() {
  const lab::model::random_grammar rules({.vocabulary = 8, .rules = 2, .branching = 2, .depth = 3}, seed{7});
  const auto data = lab::model::split(rules.view(), frequency_noise{}, {.steps = 50}, {}, seed{1});
  lab::model::learner student(nn::tree_unet_for(frequency_noise{}, 2, 3, 32), data, {.fit = {.max_steps = 1000}}, seed{4});
  if (const status done = student.train(lab::model::print_point); !done) return std::puts(text(done).c_str()), 1;
  std::vector<float> beliefs(belief::tree_memory_size<float>(rules.view().shape).value);
  belief::tree_denoiser exact(rules.view(), frequency_noise{}, beliefs);
  const auto losses = student.compare(exact, 500);
  std::printf("cross-entropy: learned %.4f, exact %.4f nats a token\n", losses.model, losses.reference);
}
