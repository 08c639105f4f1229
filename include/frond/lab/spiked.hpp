// For a PC, planted directions: exact denoisers, Hermite series, the information exponent, learning on the sphere.
#pragma once

#include <frond/lab/spiked/denoiser.hpp>
#include <frond/lab/spiked/exact_chain.hpp>
#include <frond/lab/spiked/hermite.hpp>
#include <frond/lab/spiked/hermite_moments.hpp>
#include <frond/lab/spiked/information_exponent.hpp>
#include <frond/lab/spiked/latent_distribution.hpp>
#include <frond/lab/spiked/loss.hpp>
#include <frond/lab/spiked/plane.hpp>
#include <frond/lab/spiked/population_loss.hpp>
#include <frond/lab/spiked/sphere_kernel.hpp>
#include <frond/lab/spiked/sphere_runs.hpp>
#include <frond/lab/spiked/sphere_sgd.hpp>
