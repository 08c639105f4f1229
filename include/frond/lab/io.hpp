// For a PC, files: weights, checkpoints, tables, UTF-8.
#pragma once

#include <frond/lab/io/checkpoint.hpp>
#include <frond/lab/io/csv.hpp>
#include <frond/lab/io/file.hpp>
#include <frond/lab/io/numbers.hpp>
#include <frond/lab/io/utf8.hpp>
#include <frond/lab/io/weights.hpp>
