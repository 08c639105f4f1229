// For a PC, how good a model is: cross-entropy, copies of its training set, what its layers know.
#pragma once

#include <frond/lab/evaluation/copies.hpp>
#include <frond/lab/evaluation/cross_entropy.hpp>
#include <frond/lab/evaluation/network_features.hpp>
#include <frond/lab/evaluation/variational_bound.hpp>
