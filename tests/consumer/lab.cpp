#include <frond/lab.hpp>

int main() { return frond::random::draws(frond::seed{1}, frond::random::stream::user, 0).below(2) < 2 ? 0 : 1; }
