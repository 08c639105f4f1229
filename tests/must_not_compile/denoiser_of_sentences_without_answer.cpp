// this is no denoiser of sentences: see discrete_denoiser in core/concepts.hpp
#include <frond/frond.hpp>
using namespace frond;
struct model {
  int n;
};
int main() {
  model m{1};
  symbol out[4];
  float mem[100];
  diffusion::uniform u{4};
  (void)diffusion::sample(u, m, seed{1}, {}, mem, out);
}
