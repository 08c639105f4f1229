#include <doctest/doctest.h>

#include <frond/nn/network.hpp>
#include <frond/nn/plan.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "reference.hpp"

using namespace frond;
using nn::layer_kind;
using reference::net;

namespace {

// Memory in which every float knows which tensor it belongs to.
class labelled_memory {
 public:
  explicit labelled_memory(std::size_t size) : labels_(size, -1) {}

  void write(std::size_t first, std::size_t count, int label) {
    REQUIRE(first + count <= labels_.size());
    for (std::size_t i = 0; i < count; ++i) labels_[first + i] = label;
  }
  [[nodiscard]] bool holds(std::size_t first, std::size_t count, int label) const {
    for (std::size_t i = 0; i < count; ++i)
      if (first + i >= labels_.size() || labels_[first + i] != label) return false;
    return true;
  }

 private:
  std::vector<int> labels_;
};

struct range {
  std::size_t first, count;
};
bool apart(range a, range b) { return a.first + a.count <= b.first || b.first + b.count <= a.first; }

std::size_t input_floats(const nn::layer& l) { return std::size_t{l.positions} * l.inputs; }
std::size_t output_floats(const nn::layer& l) { return std::size_t{l.positions} * l.outputs; }

// Which earlier save each join takes, by the words of the list alone: brackets.
std::vector<std::size_t> partners(const nn::plan& p) {
  std::vector<std::size_t> partner(p.layers.size()), open;
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    if (p.layers[i].kind == layer_kind::save) open.push_back(i);
    if (p.layers[i].kind != layer_kind::join) continue;
    partner[i] = open.back();
    open.pop_back();
  }
  CHECK(open.empty());
  return partner;
}

// Follows inference through the scratch memory: every layer reads what the layers before it meant it to read, nothing overlaps
// that must not, and the output stands where the plan says. Label of layer i's output: 2 i; of its saved copy: 2 i + 1.
void check_scratch_forward(const nn::plan& p, std::size_t rows) {
  labelled_memory memory(p.scratch_size * rows);
  const auto partner = partners(p);
  int current = 1'000'000;
  memory.write(p.layers.front().scratch.input * rows, p.input_size() * rows, current);
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const nn::layer& l = p.layers[i];
    const range x{l.scratch.input * rows, input_floats(l) * rows}, y{l.scratch.output * rows, output_floats(l) * rows};
    REQUIRE(memory.holds(x.first, x.count, current));
    if (l.kind == layer_kind::save) {
      const range saved{l.scratch.saved * rows, x.count};
      REQUIRE(apart(x, saved));
      REQUIRE(x.first == y.first);
      memory.write(saved.first, saved.count, static_cast<int>(2 * i + 1));
      continue;
    }
    if (l.kind == layer_kind::join) {
      const range saved{l.scratch.saved * rows, y.count - x.count};
      REQUIRE(memory.holds(saved.first, saved.count, static_cast<int>(2 * partner[i] + 1)));
      REQUIRE(apart(y, saved));
    }
    if (l.kind == layer_kind::activate)
      REQUIRE(x.first == y.first);
    else
      REQUIRE(apart(x, y));
    current = static_cast<int>(2 * i);
    memory.write(y.first, y.count, current);
  }
  CHECK(memory.holds(p.scratch_output * rows, p.output_size() * rows, current));
}

// The same for gradients on the way back. Label of the gradient by layer i's input: 2 i; by its saved copy: 2 i + 1.
void check_scratch_backward(const nn::plan& p, std::size_t rows) {
  labelled_memory memory(p.scratch_size * rows);
  const auto partner = partners(p);
  int current = 1'000'000;
  memory.write(p.scratch_output * rows, p.output_size() * rows, current);
  for (std::size_t i = p.layers.size(); i-- > 0;) {
    const nn::layer& l = p.layers[i];
    const range dx{l.scratch.input * rows, input_floats(l) * rows}, dy{l.scratch.output * rows, output_floats(l) * rows};
    REQUIRE(memory.holds(dy.first, dy.count, current));
    if (l.kind == layer_kind::save) {
      REQUIRE(memory.holds(l.scratch.saved * rows, dx.count, static_cast<int>(2 * i + 1)));
      REQUIRE(apart(dx, {l.scratch.saved * rows, dx.count}));
    }
    if (l.kind == layer_kind::join) {
      const range saved{l.scratch.saved * rows, dy.count - dx.count};
      REQUIRE(apart(saved, dy));
      REQUIRE(apart(saved, dx));
      memory.write(saved.first, saved.count, static_cast<int>(2 * partner[i] + 1));
    }
    if (l.kind == layer_kind::dense || l.kind == layer_kind::join) REQUIRE(apart(dx, dy));
    current = static_cast<int>(2 * i);
    memory.write(dx.first, dx.count, current);
  }
}

// On the tape every tensor has a place of its own, and each layer reads the one that the list says.
void check_tape(const nn::plan& p) {
  std::vector<range> tensors{{0, p.input_size()}};
  std::vector<std::size_t> tensor_after(p.layers.size());
  std::size_t current = 0;
  const auto partner = partners(p);
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const nn::layer& l = p.layers[i];
    CHECK(l.tape.input == tensors[current].first);
    CHECK(input_floats(l) == tensors[current].count);
    if (l.kind == layer_kind::join) {
      CHECK(l.tape.saved == tensors[tensor_after[partner[i]]].first);
      CHECK(output_floats(l) - input_floats(l) == tensors[tensor_after[partner[i]]].count);
    }
    if (l.kind != layer_kind::save) {
      tensors.push_back({l.tape.output, output_floats(l)});
      current = tensors.size() - 1;
    }
    tensor_after[i] = current;
    CHECK(l.tape.output == tensors[current].first);
  }
  CHECK(p.tape_output == tensors[current].first);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    CHECK(tensors[i].first % 16 == 0);
    CHECK(tensors[i].first + tensors[i].count <= p.tape_size);
    for (std::size_t j = 0; j < i; ++j) CHECK(apart(tensors[i], tensors[j]));
  }
}

void check_places(const nn::plan& p) {
  check_tape(p);
  for (const std::size_t rows : {std::size_t{1}, std::size_t{3}}) {
    check_scratch_forward(p, rows);
    check_scratch_backward(p, rows);
  }
}

// Sizes of every layer, followed by hand.
void check_sizes(const net& n, const nn::plan& p) {
  std::uint32_t positions = n.positions, channels = n.channels;
  std::size_t parameters = 0, at = 0;
  std::uint64_t operations = 0;
  std::vector<std::uint32_t> saved;
  for (const auto& w : n.words) {
    if (w.kind == reference::word::merge || w.kind == reference::word::split) {
      const bool merge = w.kind == reference::word::merge;
      positions = merge ? positions / w.number : positions * w.number;
      channels = merge ? channels * w.number : channels / w.number;
      continue;
    }
    REQUIRE(at < p.layers.size());
    const nn::layer& l = p.layers[at++];
    CHECK(l.positions == positions);
    CHECK(l.inputs == channels);
    if (w.kind == reference::word::dense) {
      CHECK(l.kind == layer_kind::dense);
      CHECK(l.parameters == parameters);
      CHECK(l.weight_count() == std::size_t{channels} * w.number);
      parameters += std::size_t{channels} * w.number + w.number;
      operations += 2ull * positions * channels * w.number;
      channels = w.number;
    } else if (w.kind == reference::word::activate) {
      CHECK(l.kind == layer_kind::activate);
      CHECK(l.function == w.function);
    } else if (w.kind == reference::word::save) {
      CHECK(l.kind == layer_kind::save);
      saved.push_back(channels);
    } else {
      CHECK(l.kind == layer_kind::join);
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

// A valid list of up to twenty words.
net random_net(std::uint32_t key) {
  reference::noise draw(key);
  net n{1 + draw.below(12), 1 + draw.below(20), {}};
  std::uint32_t positions = n.positions, channels = n.channels;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> open;
  const auto close = [&] {
    if (open.empty() || open.back().first != positions) return;
    n.words.push_back(reference::join);
    channels += open.back().second;
    open.pop_back();
  };
  for (std::uint32_t left = 3 + draw.below(18); left > 0; --left) {
    const std::uint32_t count = 1 + draw.below(4);
    switch (draw.below(6)) {
      case 0: n.words.push_back(reference::activate(reference::activations[draw.below(4)])); break;
      case 1: n.words.push_back(reference::save), open.push_back({positions, channels}); break;
      case 2: close(); break;
      case 3:
        if (positions % count == 0) n.words.push_back(reference::merge(count)), positions /= count, channels *= count;
        break;
      case 4:
        if (channels % count == 0) n.words.push_back(reference::split(count)), positions *= count, channels /= count;
        break;
      default: channels = 1 + draw.below(24), n.words.push_back(reference::dense(channels)); break;
    }
  }
  while (!open.empty()) {  // back to the positions of what is still saved: all of them into one, then apart
    n.words.insert(n.words.end(),
                   {reference::merge(positions), reference::dense(open.back().first * 3), reference::split(open.back().first)});
    positions = open.back().first, channels = 3;
    close();
  }
  n.words.push_back(reference::dense(channels = 1 + draw.below(24)));
  return n;
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
    check_places(built.view());
  }
}

TEST_CASE("tensors never stand in each other's way") {
  std::size_t joins = 0;
  for (std::uint32_t key = 0; key < 400; ++key) {
    CAPTURE(key);
    const net n = random_net(key);
    const auto built = reference::build(n);
    REQUIRE(built.state().ok());
    check_sizes(n, built.view());
    check_places(built.view());
    for (const nn::layer& l : built.view().layers) joins += l.kind == layer_kind::join;
  }
  CHECK(joins > 200);
}

TEST_CASE("impossible lists leave the reason") {
  using namespace reference;
  CHECK(reason_of({0, 3, {dense(2)}}) == "a network needs at least one position and one channel");
  CHECK(reason_of({3, 0, {dense(2)}}) == "a network needs at least one position and one channel");
  CHECK(reason_of({3, 3, {dense(0)}}) == "a dense layer needs at least one output");
  CHECK(reason_of({3, 3, {}}) == "a network needs at least one layer");
  CHECK(reason_of({3, 3, {merge(3)}}) == "a network needs at least one layer");
  CHECK(reason_of({3, 3, {merge(2), dense(1)}}) == "positions do not divide into groups to merge");
  CHECK(reason_of({3, 3, {merge(0), dense(1)}}) == "positions do not divide into groups to merge");
  CHECK(reason_of({3, 3, {merge(6), dense(1)}}) == "positions do not divide into groups to merge");
  CHECK(reason_of({3, 3, {split(2), dense(1)}}) == "channels do not divide into positions to split");
  CHECK(reason_of({3, 3, {split(0), dense(1)}}) == "channels do not divide into positions to split");
  CHECK(reason_of({3, 3, {dense(4), join}}) == "a join needs a saved tensor");
  CHECK(reason_of({3, 3, {save, dense(4), join, join}}) == "a join needs a saved tensor");
  CHECK(reason_of({4, 3, {save, merge(2), dense(4), join}}) == "a join needs a saved tensor with as many positions");
  CHECK(reason_of({3, 3, {save, dense(4)}}) == "a saved tensor is never joined");
  CHECK(reason_of({3, 3, std::vector<word>(33, save)}) == "too many tensors are saved at a time");
  CHECK(reason_of({3, 3, std::vector<word>(65, dense(2))}) == "the network has more layers than its storage holds");
  CHECK(reason_of({3, 3, std::vector<word>(64, dense(2))}).empty());
}

TEST_CASE("sizes that overflow are refused") {
  using namespace reference;
  const std::string too_large = "the network is too large for the memory that can be addressed";
  constexpr std::uint32_t k = 1024, m = k * k, most = std::numeric_limits<std::uint32_t>::max();
  CHECK(reason_of({most, most, {dense(1)}}) == too_large);
  CHECK(reason_of({64 * k, 64 * k, {merge(64 * k), dense(1)}}) == too_large);        // 2^32 channels
  CHECK(reason_of({64 * k, 64 * k, {split(64 * k), dense(1)}}) == too_large);        // 2^32 positions
  CHECK(reason_of({1, 1, {dense(2048 * m), save, join, dense(1)}}) == too_large);    // 2^32 channels joined
  CHECK(reason_of({1, 1, {dense(most), dense(most)}}) == too_large);                 // nearly 2^64 weights
  CHECK(reason_of({most, 1, {dense(most)}}) == too_large);                           // nearly 2^64 floats in a tensor
  CHECK(reason_of({64 * k, 1, {dense(64 * k), split(64), dense(64 * k)}}).empty());  // 2^36 x 2^6 floats are still addressable
}

TEST_CASE("a finished network stays as it is") {
  auto built = reference::build({3, 3, {reference::dense(4)}});
  const std::uint64_t hash = built.view().shape_hash();
  built.finish();
  CHECK(built.state().ok());
  CHECK(built.view().shape_hash() == hash);
  built.dense(3);
  CHECK(built.state().reason == std::string("a finished network takes no more layers"));
  CHECK(built.size() == 1);
}

TEST_CASE("the first reason stays, with the number of layers before it") {
  const auto built = reference::build({3, 3, {reference::dense(4), reference::save, reference::split(3), reference::dense(0)}});
  CHECK(built.state().reason == std::string("channels do not divide into positions to split"));
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
      // Lists without an activation of their own (a single dense layer, the two U-Nets, the shallow perceptron) repeat.
      const std::size_t which = i % count;
      const bool same_list = which == j % count && (which < 2 || which == 10 || which == 11 || which == 13);
      CHECK((hashes[i] == hashes[j]) == same_list);
    }
}
