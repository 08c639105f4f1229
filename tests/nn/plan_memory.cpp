#include <doctest/doctest.h>

#include <frond/nn/plan.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nets.hpp"
#include "reference.hpp"

using namespace frond;
namespace layers = nn::layers;
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

// Which earlier skip each concatenation or addition takes, by the words of the list alone: brackets.
std::vector<std::size_t> skip_of_each(const nn::plan& p) {
  std::vector<std::size_t> partner(p.layers.size()), open;
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    if (p.layers[i].kind == layers::skip::kind) open.push_back(i);
    if (p.layers[i].kind != layers::concatenate::kind && p.layers[i].kind != layers::add::kind) continue;
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
  const auto partner = skip_of_each(p);
  int current = 1'000'000;
  memory.write(p.layers.front().scratch.input * rows, p.input_size() * rows, current);
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const nn::layer& l = p.layers[i];
    const range x{l.scratch.input * rows, input_floats(l) * rows}, y{l.scratch.output * rows, output_floats(l) * rows};
    REQUIRE(memory.holds(x.first, x.count, current));
    if (l.kind == layers::skip::kind) {
      const range saved{l.scratch.saved * rows, x.count};
      REQUIRE(apart(x, saved));
      REQUIRE(x.first == y.first);
      memory.write(saved.first, saved.count, static_cast<int>(2 * i + 1));
      continue;
    }
    if (l.kind == layers::concatenate::kind) {
      const range saved{l.scratch.saved * rows, y.count - x.count};
      REQUIRE(memory.holds(saved.first, saved.count, static_cast<int>(2 * partner[i] + 1)));
      REQUIRE(apart(y, saved));
    }
    if (l.kind == layers::add::kind) {
      const range saved{l.scratch.saved * rows, y.count};
      REQUIRE(memory.holds(saved.first, saved.count, static_cast<int>(2 * partner[i] + 1)));
      REQUIRE(apart(y, saved));
    }
    if (l.kind == layers::activate::kind || l.kind == layers::add::kind || l.kind == layers::layer_norm::kind)
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
  const auto partner = skip_of_each(p);
  int current = 1'000'000;
  memory.write(p.scratch_output * rows, p.output_size() * rows, current);
  for (std::size_t i = p.layers.size(); i-- > 0;) {
    const nn::layer& l = p.layers[i];
    const range dx{l.scratch.input * rows, input_floats(l) * rows}, dy{l.scratch.output * rows, output_floats(l) * rows};
    REQUIRE(memory.holds(dy.first, dy.count, current));
    if (l.kind == layers::skip::kind) {
      REQUIRE(memory.holds(l.scratch.saved * rows, dx.count, static_cast<int>(2 * i + 1)));
      REQUIRE(apart(dx, {l.scratch.saved * rows, dx.count}));
    }
    if (l.kind == layers::concatenate::kind) {
      const range saved{l.scratch.saved * rows, dy.count - dx.count};
      REQUIRE(apart(saved, dy));
      REQUIRE(apart(saved, dx));
      memory.write(saved.first, saved.count, static_cast<int>(2 * partner[i] + 1));
    }
    if (l.kind == layers::add::kind) {
      const range saved{l.scratch.saved * rows, dy.count};
      REQUIRE(apart(saved, dy));
      memory.write(saved.first, saved.count, static_cast<int>(2 * partner[i] + 1));
    }
    if (l.kind == layers::dense::kind || l.kind == layers::concatenate::kind) REQUIRE(apart(dx, dy));
    current = static_cast<int>(2 * i);
    memory.write(dx.first, dx.count, current);
  }
}

// On the tape every tensor has a place of its own, and each layer reads the one that the list says. The slopes of an activation
// overwrite its input, unless that is the row's input or a saved tensor: then they have a place of their own too.
void check_tape(const nn::plan& p) {
  std::vector<range> tensors{{0, p.input_size()}}, kept;
  std::vector<std::size_t> tensor_after(p.layers.size());
  std::size_t current = 0;
  const auto partner = skip_of_each(p);
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const nn::layer& l = p.layers[i];
    CHECK(l.tape.input == tensors[current].first);
    CHECK(input_floats(l) == tensors[current].count);
    if (l.kind == layers::concatenate::kind) {
      CHECK(l.tape.saved == tensors[tensor_after[partner[i]]].first);
      CHECK(output_floats(l) - input_floats(l) == tensors[tensor_after[partner[i]]].count);
    }
    if (l.kind == layers::add::kind) {
      CHECK(l.tape.saved == tensors[tensor_after[partner[i]]].first);
      CHECK(output_floats(l) == tensors[tensor_after[partner[i]]].count);
    }
    if (l.kind == layers::layer_norm::kind) kept.push_back({l.tape.saved, 2 * std::size_t{l.positions}});
    if (l.kind == layers::activate::kind) {
      if (i == 0 || p.layers[i - 1].kind == layers::skip::kind)
        kept.push_back({l.tape.saved, output_floats(l)});
      else
        CHECK(l.tape.saved == l.tape.input);
    }
    if (l.kind != layers::skip::kind) {
      tensors.push_back({l.tape.output, output_floats(l)});
      current = tensors.size() - 1;
    }
    tensor_after[i] = current;
    CHECK(l.tape.output == tensors[current].first);
  }
  CHECK(p.tape_output == tensors[current].first);
  tensors.insert(tensors.end(), kept.begin(), kept.end());
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

}  // namespace

TEST_CASE("tensors never stand in each other's way") {
  for (const net& n : reference::nets(kernel::activation::gelu)) {
    const auto built = reference::build(n);
    check_places(built.view());
  }
}

TEST_CASE("tensors of any list never overlap in memory while both are needed") {
  std::size_t concatenations = 0, additions = 0;
  for (std::uint32_t key = 0; key < 400; ++key) {
    CAPTURE(key);
    const auto built = reference::build(reference::random_net(key));
    REQUIRE(built.state().ok());
    check_places(built.view());
    for (const nn::layer& l : built.view().layers) {
      concatenations += l.kind == layers::concatenate::kind;
      additions += l.kind == layers::add::kind;
    }
  }
  CHECK(concatenations > 200);
  CHECK(additions > 50);
}

TEST_CASE("after its concatenation a skip connection leaves its place to the next one") {
  using namespace reference;
  const auto once = build({3, 5, {skip, dense(7), concatenate, dense(5)}});
  const auto twice = build({3, 5, {skip, dense(7), concatenate, dense(5), skip, dense(7), concatenate, dense(5)}});
  CHECK(once.view().scratch_size == 16 + 2 * 48);
  CHECK(twice.view().scratch_size == once.view().scratch_size);
}
