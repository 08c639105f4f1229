// All of Frond for a PC: the device part, and what needs files, threads or memory from the heap.
#pragma once

#include <frond/frond.hpp>

#include <frond/parallel/thread_pool.hpp>
