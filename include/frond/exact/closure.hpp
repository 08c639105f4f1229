// Cycles: which vertices of a graph lie on a common one, and the sum over all paths among them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::exact {

// Edges in a list by where they start: those of vertex x are target[first[x]] .. target[first[x + 1] - 1].
struct directed_graph {
  std::vector<std::uint32_t> first, target;

  [[nodiscard]] std::size_t vertices() const { return first.size() - 1; }
};

// From pairs (from, to), which keep their order.
inline directed_graph make_graph(std::size_t vertices, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& edges) {
  directed_graph graph;
  graph.first.assign(vertices + 1, 0);
  for (const auto& [from, to] : edges) ++graph.first[from + 1];
  for (std::size_t x = 0; x < vertices; ++x) graph.first[x + 1] += graph.first[x];
  graph.target.resize(edges.size());
  std::vector<std::uint32_t> next(graph.first.begin(), graph.first.end() - 1);
  for (const auto& [from, to] : edges) graph.target[next[from]++] = to;
  return graph;
}

// All vertices, those of one strongly connected component together, in an order in which no edge leads back to an earlier one.
struct strong_components {
  std::vector<std::uint32_t> order;  // [vertices]
  std::vector<std::uint32_t> first;  // [components + 1], into order
  std::vector<std::uint8_t> cyclic;  // [components]: whether an edge stays inside

  [[nodiscard]] std::size_t size() const { return cyclic.size(); }
};

// Tarjan, "Depth-first search and linear graph algorithms", 1972, with a stack of its own. O(vertices + edges).
inline strong_components find_components(const directed_graph& graph) {
  constexpr std::uint32_t unseen = 0;
  const std::size_t vertices = graph.vertices();
  std::vector<std::uint32_t> number(vertices, unseen), low(vertices, 0), open, next(vertices, 0);
  std::vector<std::uint32_t> path;
  std::vector<std::uint8_t> is_open(vertices, 0);
  strong_components found;
  std::uint32_t seen = 0;
  const auto enter = [&](std::uint32_t x) {
    number[x] = low[x] = ++seen;
    next[x] = graph.first[x];
    is_open[x] = 1;
    open.push_back(x);
    path.push_back(x);
  };
  for (std::uint32_t root = 0; root < vertices; ++root) {
    if (number[root] != unseen) continue;
    enter(root);
    while (!path.empty()) {
      const std::uint32_t x = path.back();
      if (next[x] < graph.first[x + 1]) {
        const std::uint32_t y = graph.target[next[x]++];
        if (number[y] == unseen)
          enter(y);
        else if (is_open[y])
          low[x] = std::min(low[x], number[y]);
        continue;
      }
      path.pop_back();
      if (!path.empty()) low[path.back()] = std::min(low[path.back()], low[x]);
      if (low[x] != number[x]) continue;
      found.first.push_back(static_cast<std::uint32_t>(found.order.size()));
      std::uint32_t member;
      do {
        member = open.back();
        open.pop_back();
        is_open[member] = 0;
        found.order.push_back(member);
      } while (member != x);
    }
  }
  // Found were the ends first: turn everything round.
  std::reverse(found.order.begin(), found.order.end());
  found.first.push_back(static_cast<std::uint32_t>(vertices));
  for (std::uint32_t& at : found.first) at = static_cast<std::uint32_t>(vertices) - at;
  std::reverse(found.first.begin(), found.first.end());
  for (std::size_t c = 0; c + 1 < found.first.size(); ++c) {
    const auto begin = found.order.begin() + found.first[c], end = found.order.begin() + found.first[c + 1];
    std::sort(begin, end);
    const auto targets = graph.target.begin();
    const bool loop = end - begin > 1 || std::find(targets + graph.first[*begin], targets + graph.first[*begin + 1], *begin) !=
                                             targets + graph.first[*begin + 1];
    found.cyclic.push_back(loop);
  }
  return found;
}

// Replaces matrix [size][size] by 1 + matrix + matrix^2 + ... (Lehmann, "Algebraic structures for transitive closure", 1977;
// for real numbers it is Gauss-Jordan elimination, and nothing is ever subtracted but a pivot from one). False where the sum is
// not finite. O(size^3).
template <class Semiring>
bool close_paths(std::vector<typename Semiring::value>& matrix, std::size_t size) {
  using value = typename Semiring::value;
  for (std::size_t k = 0; k < size; ++k) {
    value around{};
    if (!Semiring::star(matrix[k * size + k], around)) return false;
    for (std::size_t i = 0; i < size; ++i) {
      if (i == k || Semiring::is_zero(matrix[i * size + k])) continue;
      value to_k{};
      Semiring::add_product(to_k, matrix[i * size + k], around);
      for (std::size_t j = 0; j < size; ++j)
        if (j != k) Semiring::add_product(matrix[i * size + j], to_k, matrix[k * size + j]);
      matrix[i * size + k] = to_k;
    }
    for (std::size_t j = 0; j < size; ++j) {
      if (j == k) continue;
      value from_k{};
      Semiring::add_product(from_k, around, matrix[k * size + j]);
      matrix[k * size + j] = from_k;
    }
    matrix[k * size + k] = around;
  }
  return true;
}

}  // namespace frond::inline FROND_ABI::exact

#include <frond/config/epilogue.hpp>
