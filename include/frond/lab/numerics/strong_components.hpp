// Which vertices of a graph lie on common cycles.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::numerics {

// Edges in a list by where they start: those of vertex x are target[first[x]] .. target[first[x + 1] - 1].
struct directed_graph {
  std::vector<std::uint32_t> first, target;

  [[nodiscard]] std::size_t vertices() const { return first.size() - 1; }
  [[nodiscard]] std::span<const std::uint32_t> targets_of(std::uint32_t x) const {
    return std::span(target).subspan(first[x], first[x + 1] - first[x]);
  }
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

// All vertices, those of one strongly connected component together and in order of their numbers, the components in an order in
// which no edge leads back to an earlier one.
struct strong_components {
  std::vector<std::uint32_t> order;  // [vertices]
  std::vector<std::uint32_t> first;  // [components + 1], into order
  std::vector<std::uint8_t> cyclic;  // [components]: whether an edge stays inside

  [[nodiscard]] std::size_t size() const { return cyclic.size(); }
  [[nodiscard]] std::span<const std::uint32_t> operator[](std::size_t i) const {
    return std::span(order).subspan(first[i], first[i + 1] - first[i]);
  }
};

namespace detail {

// Tarjan, "Depth-first search and linear graph algorithms", 1972, with a stack of its own.
class component_search {
 public:
  explicit component_search(const directed_graph& graph)
      : graph_(graph), number_(graph.vertices()), low_(graph.vertices()), next_(graph.first.begin(), graph.first.end() - 1) {}

  strong_components run() {
    const auto vertices = static_cast<std::uint32_t>(graph_.vertices());
    for (std::uint32_t root = 0; root < vertices; ++root)
      if (number_[root] == unseen) search(root);
    // Found were the ends first: turn everything round.
    std::reverse(found_.order.begin(), found_.order.end());
    found_.first.push_back(vertices);
    for (std::uint32_t& at : found_.first) at = vertices - at;
    std::reverse(found_.first.begin(), found_.first.end());
    for (std::size_t i = 0; i + 1 < found_.first.size(); ++i) {
      std::uint32_t *const begin = &found_.order[found_.first[i]], *const end = found_.order.data() + found_.first[i + 1];
      std::sort(begin, end);
      const auto targets = graph_.targets_of(*begin);
      found_.cyclic.push_back(end - begin > 1 || std::find(targets.begin(), targets.end(), *begin) != targets.end());
    }
    return std::move(found_);
  }

 private:
  static constexpr std::uint32_t unseen = 0, closed = 0xffffffffu;

  void enter(std::uint32_t x) {
    number_[x] = low_[x] = ++seen_;
    open_.push_back(x);
    path_.push_back(x);
  }
  void search(std::uint32_t root) {
    enter(root);
    while (!path_.empty()) {
      const std::uint32_t x = path_.back();
      if (next_[x] == graph_.first[x + 1]) {
        path_.pop_back();
        if (!path_.empty()) low_[path_.back()] = std::min(low_[path_.back()], low_[x]);
        if (low_[x] == number_[x]) close(x);
      } else if (const std::uint32_t y = graph_.target[next_[x]++]; number_[y] == unseen) {
        enter(y);
      } else {
        low_[x] = std::min(low_[x], number_[y]);  // no change where y is closed, whose number is the largest
      }
    }
  }
  void close(std::uint32_t x) {  // the component of x: all that is open above it
    found_.first.push_back(static_cast<std::uint32_t>(found_.order.size()));
    std::uint32_t member = 0;
    do {
      member = open_.back();
      open_.pop_back();
      number_[member] = closed;
      found_.order.push_back(member);
    } while (member != x);
  }

  const directed_graph& graph_;
  std::vector<std::uint32_t> number_, low_, next_, open_, path_;
  std::uint32_t seen_ = 0;
  strong_components found_;
};

}  // namespace detail

// O(vertices + edges).
inline strong_components find_components(const directed_graph& graph) { return detail::component_search(graph).run(); }

}}}  // namespace frond::lab::numerics

#include <frond/config/epilogue.hpp>
