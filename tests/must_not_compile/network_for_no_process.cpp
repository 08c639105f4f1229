// this is no noise process for symbols: see discrete_process in diffusion/process.hpp
#include <frond/frond.hpp>

using namespace frond;
struct noise {
  int n;
};
using net = nn::network<nn::input<1, 2>, nn::dense<2>>;
int main() {
  nn::parameters<net> w;
  nn::workspace<net> s;
  nn::network_denoiser m(nn::plan_of<net>(), noise{1}, w.values, s.values);
  (void)m;
}
