// For a PC, data as vectors: Gaussian mixtures, the denoiser of a data set, the tied autoencoder.
#pragma once

#include <frond/lab/vectors/autoencoder.hpp>
#include <frond/lab/vectors/autoencoder_trainer.hpp>
#include <frond/lab/vectors/empirical.hpp>
#include <frond/lab/vectors/gaussian_mixture.hpp>
#include <frond/lab/vectors/neuron.hpp>
