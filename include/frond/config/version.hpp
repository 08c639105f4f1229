// The library's version, and the version of its bits.
#pragma once

#define FROND_VERSION_MAJOR 0
#define FROND_VERSION_MINOR 2
#define FROND_VERSION_PATCH 0
#define FROND_VERSION_STRING "0.2.0"

// Data, noise, samples and trained weights are a pure function of inputs and seed. A change that moves one of those bits
// raises this number, with a line in the changelog that says why; nothing else may move a golden hash.
#define FROND_BITS_VERSION 3
