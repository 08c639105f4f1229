// For a PC, exact inference with general grammars: inside, outside, derivations, counts, denoisers.
#pragma once

#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/chart_cells.hpp>
#include <frond/lab/chart/closure.hpp>
#include <frond/lab/chart/count.hpp>
#include <frond/lab/chart/denoiser.hpp>
#include <frond/lab/chart/derivation.hpp>
#include <frond/lab/chart/epsilon.hpp>
#include <frond/lab/chart/length_chart.hpp>
#include <frond/lab/chart/make_normal_form.hpp>
#include <frond/lab/chart/normal_form.hpp>
#include <frond/lab/chart/outside.hpp>
#include <frond/lab/chart/posterior.hpp>
#include <frond/lab/chart/semiring.hpp>
#include <frond/lab/chart/sentence_sets.hpp>
#include <frond/lab/chart/weighted_form.hpp>
