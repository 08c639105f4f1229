// this is no training problem: see problem in train/problem.hpp
#include <frond/frond.hpp>
using namespace frond;
struct task {
  int n;
};
using net = nn::network<nn::input<1, 2>, nn::dense<2>>;
int main() {
  nn::parameters<net> w;
  float mem[1000];
  train::trainer t(nn::plan_of<net>(), task{1}, train::trainer_options{}, w.values, mem);
  (void)t;
}
