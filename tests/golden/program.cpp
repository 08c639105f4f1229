// The whole golden program.
#include "golden.cpp"
#include "grammars.cpp"
#include "lab.cpp"
#include "online.cpp"
#include "papers.cpp"
#include "spikes.cpp"
