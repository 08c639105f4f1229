// this is no source of data: see discrete_source and continuous_source in core/concepts.hpp
#include <frond/frond.hpp>
using namespace frond;
struct words {
  int n;
};
int main() {
  train::data_set set{words{3}, seed{1}, 0, 100};
  (void)set;
}
