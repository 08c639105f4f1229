// this is no noise process for symbols: see discrete_process in diffusion/process.hpp
#include <frond/frond.hpp>

using namespace frond;
struct noise {
  int n;
};
constexpr grammar::rhm_shape shape{.vocabulary = 4, .rules = 2, .branching = 2, .depth = 2};
int main() {
  static grammar::rhm<shape> g(seed{1});
  train::data_set set{g.view(), seed{1}, 0, 100};
  train::denoising p{set, noise{1}, diffusion::schedule{}, seed{2}};
  (void)p;
}
