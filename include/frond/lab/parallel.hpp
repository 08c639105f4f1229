// For a PC, a pool of threads.
#pragma once

#include <frond/lab/parallel/peak.hpp>
#include <frond/lab/parallel/thread_pool.hpp>
