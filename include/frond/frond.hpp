// The device part of Frond: everything needed to generate data, train and sample, on a microcontroller or a PC.
#pragma once

#include <frond/config/config.hpp>
#include <frond/config/soft_double.hpp>
#include <frond/config/version.hpp>

#include <frond/core/checked.hpp>
#include <frond/core/concepts.hpp>
#include <frond/core/executor.hpp>
#include <frond/core/hash.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/minimum.hpp>
#include <frond/core/mul_add.hpp>
#include <frond/core/seed.hpp>
#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>

#include <frond/simd/library.hpp>
#include <frond/simd/target.hpp>

#include <frond/math/coefficients.hpp>
#include <frond/math/double.hpp>
#include <frond/math/float_format.hpp>
#include <frond/math/scalar.hpp>

#include <frond/rng/choices.hpp>
#include <frond/rng/draws.hpp>
#include <frond/rng/normal.hpp>
#include <frond/rng/permutation.hpp>
#include <frond/rng/philox.hpp>

#include <frond/kernel/activation_kind.hpp>
#include <frond/kernel/kernels.hpp>
#include <frond/kernel/operands.hpp>
#include <frond/kernel/pass.hpp>
#include <frond/kernel/plain.hpp>
#include <frond/kernel/self_check.hpp>

#include <frond/codec/record.hpp>

#include <frond/diffusion/fixed_stepper.hpp>
#include <frond/diffusion/gaussian.hpp>
#include <frond/diffusion/gaussian_sampler.hpp>
#include <frond/diffusion/gaussian_step.hpp>
#include <frond/diffusion/one_hot.hpp>
#include <frond/diffusion/parametrisation.hpp>
#include <frond/diffusion/prediction.hpp>
#include <frond/diffusion/process.hpp>
#include <frond/diffusion/reverse_step.hpp>
#include <frond/diffusion/sampler.hpp>
#include <frond/diffusion/schedule.hpp>
#include <frond/diffusion/stepper.hpp>

#include <frond/nn/fixed_denoiser.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/guided_denoiser.hpp>
#include <frond/nn/guided_vector_denoiser.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/label.hpp>
#include <frond/nn/layer.hpp>
#include <frond/nn/layers.hpp>
#include <frond/nn/layers/activate.hpp>
#include <frond/nn/layers/add.hpp>
#include <frond/nn/layers/concatenate.hpp>
#include <frond/nn/layers/dense.hpp>
#include <frond/nn/layers/layer_norm.hpp>
#include <frond/nn/layers/pointwise.hpp>
#include <frond/nn/layers/skip.hpp>
#include <frond/nn/network.hpp>
#include <frond/nn/network_denoiser.hpp>
#include <frond/nn/network_for.hpp>
#include <frond/nn/plan.hpp>
#include <frond/nn/plan_storage.hpp>
#include <frond/nn/tree_unet.hpp>
#include <frond/nn/vector_denoiser.hpp>

#include <frond/quantised/arithmetic.hpp>
#include <frond/quantised/denoiser.hpp>
#include <frond/quantised/network.hpp>

#include <frond/train/condition.hpp>
#include <frond/train/early_stopping.hpp>
#include <frond/train/evaluate.hpp>
#include <frond/train/fit.hpp>
#include <frond/train/levels.hpp>
#include <frond/train/optimiser.hpp>
#include <frond/train/problem.hpp>
#include <frond/train/trainer.hpp>
#include <frond/train/trainer_options.hpp>
#include <frond/train/vector_denoising.hpp>

#include <frond/grammar/code.hpp>
#include <frond/grammar/entropy.hpp>
#include <frond/grammar/hierarchy.hpp>
#include <frond/grammar/hierarchy_draw.hpp>
#include <frond/grammar/hierarchy_entropy.hpp>
#include <frond/grammar/hierarchy_parse.hpp>
#include <frond/grammar/hierarchy_shape.hpp>
#include <frond/grammar/parse.hpp>
#include <frond/grammar/redraw.hpp>
#include <frond/grammar/rhm.hpp>
#include <frond/grammar/rhm_shape.hpp>
#include <frond/grammar/rules.hpp>
#include <frond/grammar/sample_block.hpp>
#include <frond/grammar/sample_rules.hpp>

#include <frond/source/directions.hpp>
#include <frond/source/gaussian_source.hpp>
#include <frond/source/latents.hpp>
#include <frond/source/mixed_cumulant.hpp>
#include <frond/source/shuffled.hpp>
#include <frond/source/table.hpp>
#include <frond/source/wiener.hpp>

#include <frond/belief/hierarchy_denoiser.hpp>
#include <frond/belief/hierarchy_memory.hpp>
#include <frond/belief/hierarchy_tree.hpp>
#include <frond/belief/messages.hpp>
#include <frond/belief/patch_messages.hpp>
#include <frond/belief/tree.hpp>
#include <frond/belief/tree_batch.hpp>
#include <frond/belief/tree_denoiser.hpp>
#include <frond/belief/tree_gaussian.hpp>
#include <frond/belief/tree_kernel.hpp>
#include <frond/belief/tree_operands.hpp>
#include <frond/belief/tree_rows.hpp>
