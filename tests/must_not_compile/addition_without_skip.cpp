// this list of layers is no network: positions must divide into space_to_depth
#include <frond/frond.hpp>
using namespace frond;
using net = nn::network<nn::input<1, 2>, nn::dense<2>, nn::add>;
int main() { return (int)nn::plan_of<net>().parameter_count; }
