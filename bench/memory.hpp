// Memory for benchmarks: floats aligned as in the library's own types, and grammars whose shape is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/grammar/rhm.hpp>
#include <frond/grammar/sample_block.hpp>
#include <frond/rng/draws.hpp>

// The library's own inline namespace, because a program may hold builds of it that differ in their arithmetic.
namespace bench::inline FROND_ABI {

// Zeros at the start of a cache line.
class aligned_floats {
 public:
  explicit aligned_floats(std::size_t size) : lines_(size / 16 + 1), size_(size) {}

  [[nodiscard]] float* data() { return lines_.front().values; }
  operator std::span<float>() { return {data(), size_}; }
  operator std::span<const float>() { return {data(), size_}; }

 private:
  struct alignas(64) line {
    float values[16] = {};
  };
  std::vector<line> lines_;
  std::size_t size_;
};

// Floats uniform on [-1, 1).
inline aligned_floats random_floats(std::size_t size) {
  aligned_floats floats(size);
  frond::rng::draws draw(frond::seed{1}, frond::rng::stream::user, 0);
  for (float& value : std::span<float>(floats)) value = 2.0f * draw.uniform() - 1.0f;
  return floats;
}

// The tables of a grammar of a valid shape.
class drawn_grammar {
 public:
  explicit drawn_grammar(const frond::grammar::rhm_shape& shape)
      : rules_(shape.rules_size()), order_(shape.order_size()),
        view_(frond::grammar::draw_rhm(shape, frond::seed{7}, rules_, order_).value) {}
  drawn_grammar(const drawn_grammar&) = delete;
  drawn_grammar& operator=(const drawn_grammar&) = delete;

  [[nodiscard]] const frond::grammar::rhm_view& view() const { return view_; }

  // Sentences 0 ... count - 1, [count][length].
  [[nodiscard]] std::vector<frond::symbol> sentences(std::size_t count) const {
    std::vector<frond::symbol> symbols(count * view_.length());
    frond::grammar::sample_block(view_, frond::seed{1}, 0, symbols);
    return symbols;
  }

 private:
  std::vector<frond::symbol> rules_;
  std::vector<std::uint16_t> order_;
  frond::grammar::rhm_view view_;
};

}  // namespace bench::inline FROND_ABI
