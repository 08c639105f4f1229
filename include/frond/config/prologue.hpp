// Opens every header of the library, after its includes; epilogue.hpp closes it. Deliberately without an include guard.
//
// Between the two no product is contracted into a sum, no sum is reordered and no zero loses its sign, whatever the user's
// flags, and nothing of that leaks into user code: GCC contracts across statements by default wherever the target has fused
// multiply-add, and a contracted sum rounds once where ours rounds twice. What cannot be had this way is refused by config.hpp
// where a macro tells of the flag, and else seen by kernel::self_check(): clang applies -freciprocal-math, -fassociative-math
// and -fno-signed-zeros to every unary minus, and where it has no float_control to all other operations too.
//
// And names that the headers use are not macros there, even if the program has included windows.h, Arduino.h, curses.h or
// another header that makes macros of them (tests/consumer/foreign_macros knows which). epilogue.hpp gives them back.
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

#pragma push_macro("abs")
#pragma push_macro("append")
#pragma push_macro("bit")
#pragma push_macro("border")
#pragma push_macro("check")
#pragma push_macro("clear")
#pragma push_macro("close")
#pragma push_macro("emit")
#pragma push_macro("erase")
#pragma push_macro("error")
#pragma push_macro("far")
#pragma push_macro("index")
#pragma push_macro("input")
#pragma push_macro("length")
#pragma push_macro("likely")
#pragma push_macro("max")
#pragma push_macro("min")
#pragma push_macro("move")
#pragma push_macro("open")
#pragma push_macro("output")
#pragma push_macro("read")
#pragma push_macro("round")
#pragma push_macro("select")
#pragma push_macro("send")
#pragma push_macro("small")
#pragma push_macro("swap")
#pragma push_macro("word")
#pragma push_macro("write")
#undef abs
#undef append
#undef bit
#undef border
#undef check
#undef clear
#undef close
#undef emit
#undef erase
#undef error
#undef far
#undef index
#undef input
#undef length
#undef likely
#undef max
#undef min
#undef move
#undef open
#undef output
#undef read
#undef round
#undef select
#undef send
#undef small
#undef swap
#undef word
#undef write
