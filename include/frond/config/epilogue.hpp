// Closes what prologue.hpp opened. Deliberately without an include guard.
#if defined(__clang__)
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__) || defined(__powerpc__)
#pragma float_control(pop)
#else
// clang 14 cannot push and pop on other targets, and says so in every header: back to what the command line asks for.
#pragma STDC FP_CONTRACT DEFAULT
#endif
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
