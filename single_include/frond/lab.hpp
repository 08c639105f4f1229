// Frond 0.1.0, bits 1. MIT License. Copyright (c) 2026 The Frond authors.
// Generated from include/frond/lab.hpp by single_include/amalgamate.cmake; change the headers there instead.
#ifndef FROND_SINGLE_LAB_HPP
#define FROND_SINGLE_LAB_HPP

#include "frond.hpp"

// Opens every header of the library, after its includes; epilogue.hpp closes it. Deliberately without an include guard.
//
// Between the two no product is contracted into a sum, whatever the user's flags, and nothing of that leaks into user code:
// GCC contracts across statements by default wherever the target has fused multiply-add, and a contracted sum rounds once
// where ours rounds twice.
#if defined(__clang__)
#pragma float_control(push)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off")
#endif

// =============================================================================================================
// frond/lab.hpp
// =============================================================================================================

// All of Frond for a PC: the device part, and what needs files, threads or memory from the heap.

// Closes what prologue.hpp opened. Deliberately without an include guard.
#if defined(__clang__)
#pragma float_control(pop)
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif

#endif  // FROND_SINGLE_LAB_HPP
