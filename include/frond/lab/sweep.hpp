// For a PC, measurements as many runs: a journal, progress, protocols, pictures.
#pragma once

#include <frond/lab/sweep/gnuplot.hpp>
#include <frond/lab/sweep/journal.hpp>
#include <frond/lab/sweep/progress.hpp>
#include <frond/lab/sweep/protocol.hpp>
#include <frond/lab/sweep/sweep.hpp>
