// Initial parameters from a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/math/scalar.hpp>
#include <frond/nn/layers.hpp>
#include <frond/nn/plan.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace nn {

// How weights are drawn; biases are zero in each. The last dense layer of the list is the readout.
//   he               every weight from N(0, 2 / fan-in): He et al., "Delving deep into rectifiers", ICCV 2015 (arXiv
//                    1502.01852)
//   he_zero_readout  the same, and the readout is zero: the untrained network answers with the uniform distribution
//   mean_field       the scaling of the maximal-update parametrisation (Yang and Hu, ICML 2021, arXiv 2011.14522), at
//                    initialisation only: hidden weights from N(0, 2 / fan-in), the readout from N(0, 1 / fan-in^2), so that
//                    outputs vanish as the width grows. Learning rates are not scaled with the width; that is the caller's part
enum class initialisation : std::uint8_t { he, he_zero_readout, mean_field };

namespace detail {

inline float weight_scale(initialisation kind, bool readout, std::uint32_t fan_in) {
  const float he = math::sqrt(2.0f / static_cast<float>(fan_in));
  if (!readout || kind == initialisation::he) return he;
  return kind == initialisation::he_zero_readout ? 0.0f : 1.0f / static_cast<float>(fan_in);
}

}  // namespace detail

// Writes every parameter of the plan. Weight w of layer i is a function of (key, i, w) alone: stream `weights`, index i. Fails
// where there are not as many parameters; then nothing is written.
template <class Layers = every_layer>
inline status initialise(const plan& p, initialisation kind, seed key, std::span<float> parameters) {
  if (const status fits = check_parameters(p, parameters.size()); !fits) return fits;
  if (const status known = check_layers<Layers>(p); !known) return known;
  std::size_t readout = p.layers.size();
  while (readout > 0 && p.layers[readout - 1].kind != layers::dense::kind) --readout;
  in_ieee_arithmetic([&] {
    for (std::size_t i = 0; i < p.layers.size(); ++i) {
      const layer& l = p.layers[i];
      const float scale = detail::weight_scale(kind, i + 1 == readout, l.inputs);
      Layers::visit(l.kind,
                    [&](auto which) { decltype(which)::initialise(l, i, scale, key, parameters.data() + l.parameters); });
    }
  });
  return {};
}

}}}  // namespace frond::nn

#include <frond/config/epilogue.hpp>
