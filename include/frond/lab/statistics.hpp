// For a PC, statistics: errors by the jackknife, curves, fractions, k-means, partitions.
#pragma once

#include <frond/lab/statistics/chi_square.hpp>
#include <frond/lab/statistics/curve.hpp>
#include <frond/lab/statistics/fraction.hpp>
#include <frond/lab/statistics/jackknife.hpp>
#include <frond/lab/statistics/joint_counts.hpp>
#include <frond/lab/statistics/k_means.hpp>
#include <frond/lab/statistics/partition.hpp>
