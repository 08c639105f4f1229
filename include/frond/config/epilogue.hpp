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

#pragma pop_macro("abs")
#pragma pop_macro("append")
#pragma pop_macro("bit")
#pragma pop_macro("border")
#pragma pop_macro("check")
#pragma pop_macro("clear")
#pragma pop_macro("close")
#pragma pop_macro("emit")
#pragma pop_macro("erase")
#pragma pop_macro("error")
#pragma pop_macro("far")
#pragma pop_macro("index")
#pragma pop_macro("input")
#pragma pop_macro("length")
#pragma pop_macro("likely")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("move")
#pragma pop_macro("open")
#pragma pop_macro("output")
#pragma pop_macro("read")
#pragma pop_macro("round")
#pragma pop_macro("select")
#pragma pop_macro("send")
#pragma pop_macro("small")
#pragma pop_macro("swap")
#pragma pop_macro("word")
#pragma pop_macro("write")
