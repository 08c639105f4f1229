#include <frond/frond.hpp>

int main() { return frond::rng::draws(frond::seed{1}, frond::rng::stream::user, 0).below(2) < 2 ? 0 : 1; }
