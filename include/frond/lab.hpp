// All of Frond for a PC: the device part, and what needs files, threads or memory from the heap.
#pragma once

#include <frond/frond.hpp>

#include <frond/lab/chart.hpp>
#include <frond/lab/evaluation.hpp>
#include <frond/lab/hierarchy.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/model.hpp>
#include <frond/lab/numerics.hpp>
#include <frond/lab/parallel.hpp>
#include <frond/lab/pcfg.hpp>
#include <frond/lab/quantise.hpp>
#include <frond/lab/spiked.hpp>
#include <frond/lab/statistics.hpp>
#include <frond/lab/sweep.hpp>
#include <frond/lab/text.hpp>
#include <frond/lab/vectors.hpp>
