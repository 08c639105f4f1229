// The parts of one build, each in a file of its own.
#pragma once

#include "ours.hpp"

namespace peers::PEERS_BUILD {

const kernels& own_kernels();
std::unique_ptr<network> make_network(const net& shape, const training_data& data, std::size_t workers);
std::unique_ptr<sampler> make_sampler(const net& shape, const sampling_shape& sampling);
std::unique_ptr<hierarchy> make_hierarchy(std::uint32_t depth);

}  // namespace peers::PEERS_BUILD
