#include <doctest/doctest.h>

#include <frond/nn/network.hpp>
#include <frond/nn/plan.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "nets.hpp"
#include "reference.hpp"

using namespace frond;
namespace layers = nn::layers;
using reference::net;

namespace {

// Sizes of every layer, followed by hand.
void check_sizes(const net& n, const nn::plan& p) {
  std::uint32_t positions = n.positions, channels = n.channels;
  std::size_t parameters = 0, at = 0;
  std::uint64_t operations = 0;
  std::vector<std::uint32_t> saved;
  for (const auto& w : n.words) {
    if (w.kind == reference::word::space_to_depth || w.kind == reference::word::depth_to_space) {
      const bool merge = w.kind == reference::word::space_to_depth;
      positions = merge ? positions / w.number : positions * w.number;
      channels = merge ? channels * w.number : channels / w.number;
      continue;
    }
    REQUIRE(at < p.layers.size());
    const nn::layer& l = p.layers[at++];
    CHECK(l.positions == positions);
    CHECK(l.inputs == channels);
    if (w.kind == reference::word::dense) {
      CHECK(l.kind == layers::dense::kind);
      CHECK(l.parameters == parameters);
      CHECK(l.weight_count() == std::size_t{channels} * w.number);
      parameters += std::size_t{channels} * w.number + w.number;
      operations += 2ull * positions * channels * w.number;
      channels = w.number;
    } else if (w.kind == reference::word::activate) {
      CHECK(l.kind == layers::activate::kind);
      CHECK(l.function == w.function);
    } else if (w.kind == reference::word::skip) {
      CHECK(l.kind == layers::skip::kind);
      saved.push_back(channels);
    } else if (w.kind == reference::word::layer_norm) {
      CHECK(l.kind == layers::layer_norm::kind);
      CHECK(l.parameters == parameters);
      parameters += 2 * std::size_t{channels};
    } else if (w.kind == reference::word::add) {
      CHECK(l.kind == layers::add::kind);
      saved.pop_back();
    } else {
      CHECK(l.kind == layers::concatenate::kind);
      channels += saved.back();
      saved.pop_back();
    }
    CHECK(l.outputs == channels);
  }
  CHECK(at == p.layers.size());
  CHECK(p.input_positions == n.positions);
  CHECK(p.input_channels == n.channels);
  CHECK(p.input_size() == std::size_t{n.positions} * n.channels);
  CHECK(p.output_positions == positions);
  CHECK(p.output_channels == channels);
  CHECK(p.output_size() == std::size_t{positions} * channels);
  CHECK(p.parameter_count == parameters);
  CHECK(forward_operations(p) == operations);
}

std::string reason_of(const net& n) {
  const auto built = reference::build(n);
  return built.state().ok() ? "" : built.state().reason;
}

}  // namespace

TEST_CASE("sizes follow from the list") {
  for (const net& n : reference::nets(kernel::activation::gelu)) {
    const auto built = reference::build(n);
    REQUIRE(built.state().ok());
    check_sizes(n, built.view());
  }
  for (std::uint32_t key = 0; key < 400; ++key) {
    CAPTURE(key);
    const net n = reference::random_net(key);
    const auto built = reference::build(n);
    REQUIRE(built.state().ok());
    check_sizes(n, built.view());
  }
}

TEST_CASE("impossible lists leave the reason") {
  using namespace reference;
  CHECK(reason_of({0, 3, {dense(2)}}) == "a network needs at least one position and one channel");
  CHECK(reason_of({3, 0, {dense(2)}}) == "a network needs at least one position and one channel");
  CHECK(reason_of({3, 3, {dense(0)}}) == "a dense layer needs at least one output");
  CHECK(reason_of({3, 3, {}}) == "a network needs at least one layer");
  CHECK(reason_of({3, 3, {space_to_depth(3)}}) == "a network needs at least one layer");
  CHECK(reason_of({3, 3, {space_to_depth(2), dense(1)}}) == "positions do not divide into groups of this size");
  CHECK(reason_of({3, 3, {space_to_depth(0), dense(1)}}) == "positions do not divide into groups of this size");
  CHECK(reason_of({3, 3, {space_to_depth(6), dense(1)}}) == "positions do not divide into groups of this size");
  CHECK(reason_of({3, 3, {depth_to_space(2), dense(1)}}) == "channels do not divide into so many positions");
  CHECK(reason_of({3, 3, {depth_to_space(0), dense(1)}}) == "channels do not divide into so many positions");
  CHECK(reason_of({3, 3, {dense(4), concatenate}}) == "a concatenation needs a skip before it");
  CHECK(reason_of({3, 3, {skip, dense(4), concatenate, concatenate}}) == "a concatenation needs a skip before it");
  CHECK(reason_of({4, 3, {skip, space_to_depth(2), dense(4), concatenate}}) ==
        "a concatenation needs a skip with as many positions");
  CHECK(reason_of({3, 3, {skip, dense(4)}}) == "the tensor of a skip connection is never used");
  CHECK(reason_of({3, 3, {dense(4), add}}) == "an addition needs a skip before it");
  CHECK(reason_of({3, 3, {skip, dense(4), add}}) == "an addition needs a skip with as many positions and channels");
  CHECK(reason_of({4, 3, {skip, space_to_depth(2), dense(3), add}}) ==
        "an addition needs a skip with as many positions and channels");
  CHECK(reason_of({3, 3, std::vector<word>(33, skip)}) == "too many skip connections are open at a time");
  CHECK(reason_of({3, 3, std::vector<word>(65, dense(2))}) == "the network has more layers than its storage holds");
  CHECK(reason_of({3, 3, std::vector<word>(64, dense(2))}).empty());
}

TEST_CASE("sizes that overflow are refused") {
  using namespace reference;
  const std::string too_large = "the network is too large for the memory that can be addressed";
  constexpr std::uint32_t k = 1024, m = k * k, most = std::numeric_limits<std::uint32_t>::max();
  CHECK(reason_of({most, most, {dense(1)}}) == too_large);
  CHECK(reason_of({64 * k, 64 * k, {space_to_depth(64 * k), dense(1)}}) == too_large);    // 2^32 channels
  CHECK(reason_of({64 * k, 64 * k, {depth_to_space(64 * k), dense(1)}}) == too_large);    // 2^32 positions
  CHECK(reason_of({1, 1, {dense(2048 * m), skip, concatenate, dense(1)}}) == too_large);  // 2^32 channels after it
  CHECK(reason_of({1, 1, {dense(most), dense(most)}}) == too_large);                      // nearly 2^64 weights
  CHECK(reason_of({most, 1, {dense(most)}}) == too_large);                                // nearly 2^64 floats in a tensor
  CHECK(reason_of({64 * k, 1, {dense(64 * k), depth_to_space(64), dense(64 * k)}})
            .empty());  // 2^36 x 2^6 floats are still addressable
}

TEST_CASE("a finished network stays as it is") {
  auto built = reference::build({3, 3, {reference::dense(4)}});
  const std::uint64_t hash = built.view().shape_hash();
  built.finish();
  CHECK(built.state().ok());
  CHECK(built.view().shape_hash() == hash);
  built.add(nn::layers::dense{3});
  CHECK(built.state().reason == std::string("a finished network takes no more layers"));
  CHECK(built.size() == 1);
}

TEST_CASE("the first reason stays, with the number of layers before it") {
  const auto built =
      reference::build({3, 3, {reference::dense(4), reference::skip, reference::depth_to_space(3), reference::dense(0)}});
  CHECK(built.state().reason == std::string("channels do not divide into so many positions"));
  CHECK(built.state().position == 2);
  CHECK(built.size() == 2);
}

TEST_CASE("the shape hash tells networks apart") {
  std::vector<std::uint64_t> hashes;
  for (const auto f : reference::activations)
    for (const net& n : reference::nets(f)) hashes.push_back(reference::build(n).view().shape_hash());
  const std::size_t count = hashes.size() / 4;
  for (std::size_t i = 0; i < hashes.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      // Lists without an activation of their own (a single layer, the two U-Nets, the shallow perceptron) repeat.
      const std::size_t which = i % count;
      const bool same_list = which == j % count && (which < 2 || which == 10 || which == 11 || which == 13 || which == 14);
      CHECK((hashes[i] == hashes[j]) == same_list);
    }
}
