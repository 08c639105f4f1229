// What a toolchain must compile and link before the golden program is tried with it: parts of it may not be installed.
#include <cstdio>
#include <vector>

int main() { std::puts("here"); }
