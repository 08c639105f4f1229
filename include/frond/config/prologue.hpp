// Opens every header of the library, after its includes; epilogue.hpp closes it. Deliberately without an include guard.
//
// Between the two no product is contracted into a sum, no sum is reordered and no zero loses its sign, whatever the user's
// flags, and nothing of that leaks into user code: GCC contracts across statements by default wherever the target has fused
// multiply-add, and a contracted sum rounds once where ours rounds twice. What cannot be had this way is refused by config.hpp
// where a macro tells of the flag, and else seen by kernel::self_check(): clang applies -freciprocal-math, -fassociative-math
// and -fno-signed-zeros to every unary minus, and where it has no float_control to all other operations too.
#if defined(__clang__)
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__) || defined(__powerpc__)
#pragma float_control(push)
#pragma float_control(precise, on)
#endif
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off", "no-associative-math", "signed-zeros")
#endif
