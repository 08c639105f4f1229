// Opens every header of the library, after its includes; epilogue.hpp closes it. Deliberately without an include guard.
//
// Between the two no product is contracted into a sum, whatever the user's flags, and nothing of that leaks into user code:
// GCC contracts across statements by default wherever the target has fused multiply-add, and a contracted sum rounds once
// where ours rounds twice.
#if defined(__clang__)
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__) || defined(__powerpc__)
#pragma float_control(push)
#endif
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off")
#endif
