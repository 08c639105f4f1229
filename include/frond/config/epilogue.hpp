// Closes what prologue.hpp opened. Deliberately without an include guard.
#if defined(__clang__)
#pragma float_control(pop)
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
