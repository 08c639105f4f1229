#include <doctest/doctest.h>

#include <frond/nn/network_for.hpp>
#include <frond/nn/vector_denoiser.hpp>

#include <cstdint>

using namespace frond;

namespace {

// Whether a network fits both kinds of noise, with as many tokens as it should have.
template <class Make>
void check_fit(const Make& make, std::uint32_t length) {
  for (const std::uint32_t vocabulary : {2u, 9u}) {
    const diffusion::uniform uniform{vocabulary};
    const diffusion::absorbing absorbing{vocabulary};
    const auto one = make(uniform);
    const auto other = make(absorbing);
    REQUIRE(one.state().ok());
    REQUIRE(other.state().ok());
    CHECK(nn::check_denoiser(one.view(), uniform).ok());
    CHECK(nn::check_denoiser(other.view(), absorbing).ok());
    CHECK_FALSE(nn::check_denoiser(one.view(), absorbing).ok());
    CHECK(one.view().input_positions == length);
  }
}

}  // namespace

TEST_CASE("networks for a noise process fit it") {
  check_fit([](const auto& noise) { return nn::mlp_for(noise, 6, 16); }, 6);
  check_fit([](const auto& noise) { return nn::mlp_for(noise, 1, 4, 0); }, 1);
  check_fit([](const auto& noise) { return nn::tree_unet_for(noise, 2, 3, 8); }, 8);
  check_fit([](const auto& noise) { return nn::tree_unet_for(noise, 3, 2, 8); }, 9);
  const auto vectors = nn::vector_mlp_for(5, 16);
  REQUIRE(vectors.state().ok());
  CHECK(nn::check_vector_network(vectors.view(), 5).ok());
  const auto told = nn::vector_mlp_for(5, 16, 2, kernel::activation::gelu, 3);
  CHECK(nn::check_vector_network(told.view(), 5, 3).ok());
  CHECK_FALSE(nn::check_vector_network(told.view(), 5).ok());
  const diffusion::absorbing noise{4};
  for (const auto& network :
       {nn::mlp_for(noise, 8, 16, 1, kernel::activation::gelu, 3), nn::tree_unet_for(noise, 2, 3, 8, 3)}) {
    CHECK(nn::check_denoiser(network.view(), noise, 3).ok());
    CHECK_FALSE(nn::check_denoiser(network.view(), noise).ok());
  }
}

TEST_CASE("impossible sizes leave the reason") {
  const diffusion::uniform noise{4};
  CHECK_FALSE(nn::mlp_for(noise, 0, 16).state().ok());
  CHECK_FALSE(nn::mlp_for(noise, 4, 0).state().ok());
  CHECK_FALSE(nn::tree_unet_for(noise, 1, 3, 8).state().ok());
  CHECK_FALSE(nn::tree_unet_for(noise, 2, 0, 8).state().ok());
  CHECK_FALSE(nn::vector_mlp_for(0, 16).state().ok());
}
