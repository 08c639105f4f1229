// What runs on a device, in fixed memory: every use of the heap is a trap here.
#include <frond/frond.hpp>

#include <cstddef>
#include <new>

void* operator new(std::size_t) { __builtin_trap(); }
void* operator new[](std::size_t) { __builtin_trap(); }
void operator delete(void*) noexcept { __builtin_trap(); }
void operator delete[](void*) noexcept { __builtin_trap(); }
void operator delete(void*, std::size_t) noexcept { __builtin_trap(); }
void operator delete[](void*, std::size_t) noexcept { __builtin_trap(); }

namespace {

bool draws_numbers() {
  frond::random::draws draws(frond::seed{1}, frond::random::stream::user, 0);
  return draws.below(10) < 10;
}

}  // namespace

// The exit code is the number of the first part that failed.
int main() {
  if (!draws_numbers()) return 1;
  return 0;
}
