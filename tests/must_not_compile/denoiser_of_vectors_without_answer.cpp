// this is no denoiser of vectors: see continuous_denoiser in core/concepts.hpp
#include <frond/frond.hpp>
using namespace frond;
struct model {
  int n;
};
int main() {
  model m{1};
  float out[4], mem[100];
  diffusion::gaussian g;
  (void)diffusion::sample(g, m, seed{1}, {}, mem, out);
}
