// Which parts of a sentence change together when it goes into noise and back. Sclocchi, Favero, Levi and Wyart, "Probing the
// latent hierarchical structure of data via diffusion models", ICLR 2025 (arXiv 2410.13770).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frond/core/symbol.hpp>
#include <frond/grammar/rhm_shape.hpp>
#include <frond/lab/statistics/curve.hpp>
#include <frond/lab/statistics/jackknife.hpp>
#include <frond/math/double.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::hierarchy {

// The changes of one datum over its trajectories, in integers: the order of the trajectories does not matter.
class change_counter {
 public:
  explicit change_counter(const grammar::rhm_shape& shape)
      : shape_(shape), sums_(shape.nodes()), tokens_(shape.nodes()), changed_(shape.depth + 1), squares_(shape.depth + 1) {}

  // One trajectory: the trees [nodes] before and after, laid out as in grammar::sample_tree; O(nodes). A symbol that is none
  // (grammar::unparsed) counts as a symbol of its own.
  void add(std::span<const symbol> before, std::span<const symbol> after) {
    FROND_CHECK_SIZE(before.size() == shape_.nodes() && after.size() == shape_.nodes(), "trees are compared node by node");
    for (std::uint32_t level = 0; level <= shape_.depth; ++level) {
      const std::size_t first = shape_.tree_offset(level), last = first + shape_.level_nodes(level);
      for (std::size_t node = first; node < last; ++node) {
        const bool changed = before[node] != after[node];
        changed_[level] += changed;
        sums_[node] = level > 0 ? children(sums_, node) : changed ? 1 : -1;
        squares_[level] += sums_[node] * sums_[node];
        if (level == 0) tokens_[node] += sums_[node];
      }
    }
    ++trajectories_;
  }

  // row [change_counter::width(shape)]: how many trajectories; how often nodes of level 0, 1, ... changed; and for each level,
  // trajectories^2 times the covariances of the spins of all pairs of tokens (a token with itself included) whose lowest common
  // ancestor is at that level or below. Then the counter starts anew.
  void write(std::span<std::int64_t> row) {
    FROND_CHECK_SIZE(row.size() == width(shape_), "a row has a number for the trajectories and two for each level");
    row[0] = trajectories_;
    for (std::uint32_t level = 0; level <= shape_.depth; ++level) {
      const std::size_t first = shape_.tree_offset(level), last = first + shape_.level_nodes(level);
      std::int64_t squares_of_sums = 0;
      for (std::size_t node = first; node < last; ++node) {
        if (level > 0) tokens_[node] = children(tokens_, node);
        squares_of_sums += tokens_[node] * tokens_[node];
      }
      row[1 + level] = changed_[level];
      row[2 + shape_.depth + level] = trajectories_ * squares_[level] - squares_of_sums;
    }
    trajectories_ = 0;
    for (auto* counts : {&tokens_, &changed_, &squares_}) std::fill(counts->begin(), counts->end(), 0);
  }

  static std::size_t width(const grammar::rhm_shape& shape) { return 3 + 2 * std::size_t{shape.depth}; }

 private:
  [[nodiscard]] std::int64_t children(const std::vector<std::int64_t>& values, std::size_t node) const {
    std::int64_t sum = 0;
    for (std::size_t j = 1; j <= shape_.branching; ++j) sum += values[node * shape_.branching + j];
    return sum;
  }

  grammar::rhm_shape shape_;
  std::int64_t trajectories_ = 0;
  std::vector<std::int64_t> sums_;               // [nodes]: of the spins below a node, in this trajectory
  std::vector<std::int64_t> tokens_;             // [nodes]: the same summed over trajectories
  std::vector<std::int64_t> changed_, squares_;  // [level]
};

// Many data, each with its trajectories. The spin of a token is +1 where it changed and -1 where it did not;
// C_ij = <spin_i spin_j> - <spin_i> <spin_j> over the trajectories of a datum, then averaged over the data. Errors are
// jackknife errors over the data. What is divided by the variance of the spins is no number if no token ever changed.
class change_table {
 public:
  change_table(const grammar::rhm_shape& shape, std::size_t data) : shape_(shape), rows_(data * width()) {}

  // Where change_counter::write() puts a datum.
  [[nodiscard]] std::span<std::int64_t> row(std::size_t datum) { return std::span(rows_).subspan(datum * width(), width()); }
  [[nodiscard]] std::span<const std::int64_t> rows() const { return rows_; }

  // More data with as many trajectories each, of a grammar with the same branching and depth.
  void append(const change_table& other) {
    FROND_ASSERT(other.shape_.branching == shape_.branching && other.width() == width(),
                 "only a table of the same branching and width can be appended");
    rows_.insert(rows_.end(), other.rows_.begin(), other.rows_.end());
  }

  // The fraction of the nodes of a level that changed: of the root, how often the class did.
  [[nodiscard]] lab::statistics::estimate change(std::uint32_t level) const {
    return over_data([&](const sums& of) { return of.changed(level) / (of.trajectories() * nodes(level)); });
  }

  // C(r) / C(0): the mean of C_ij over the pairs of tokens with their lowest common ancestor at `level` >= 1, which are
  // r = branching^level - 1 apart in the distance of the tree, divided by the mean of C_ii.
  [[nodiscard]] lab::statistics::estimate correlation(std::uint32_t level) const {
    FROND_ASSERT(level >= 1 && level <= shape_.depth, "two tokens have their common ancestor above them");
    return over_data([&](const sums& of) { return of.shell(level) / (tokens_meeting_at(level) * of.within(0)); });
  }

  // chi = sum_ij C_ij / sum_i C_ii: how many tokens change as one.
  [[nodiscard]] lab::statistics::estimate susceptibility() const {
    return over_data([&](const sums& of) { return of.within(shape_.depth) / of.within(0); });
  }

 private:
  // The sums of the columns over data.
  struct sums {
    std::span<const std::int64_t> columns;
    std::uint32_t depth;

    [[nodiscard]] double trajectories() const { return static_cast<double>(columns[0]); }
    [[nodiscard]] double changed(std::uint32_t level) const { return static_cast<double>(columns[1 + level]); }
    [[nodiscard]] double within(std::uint32_t level) const { return static_cast<double>(columns[2 + depth + level]); }
    [[nodiscard]] double shell(std::uint32_t level) const { return within(level) - within(level - 1); }
  };

  template <class Statistic>
  [[nodiscard]] lab::statistics::estimate over_data(const Statistic& statistic) const {
    return lab::statistics::jackknife(rows(), width(), [&](std::span<const std::int64_t> columns) {
      return statistic(sums{columns, shape_.depth});
    });
  }

  [[nodiscard]] double nodes(std::uint32_t level) const { return static_cast<double>(shape_.level_nodes(level)); }
  // How many tokens have their lowest common ancestor with a given token at this level.
  [[nodiscard]] double tokens_meeting_at(std::uint32_t level) const {
    return nodes(shape_.depth - level) - nodes(shape_.depth - level + 1);
  }
  [[nodiscard]] std::size_t width() const { return change_counter::width(shape_); }

  grammar::rhm_shape shape_;
  std::vector<std::int64_t> rows_;  // [datum][width()]
};

// The distance xi at which C(r) has fallen to half of what it is at the critical point: branching^level for the level, a real
// number, at which their quotient is one half. That is read off where C(r) is large; moments of C(r) would be those of the
// noise in its tail. Unknown if the quotient never gets there.
//   here, critical  change_table::correlation(1), (2), ... of two tables
inline lab::statistics::estimate correlation_length(std::span<const lab::statistics::estimate> here,
                                                    std::span<const lab::statistics::estimate> critical,
                                                    std::uint32_t branching) {
  FROND_CHECK_SIZE(here.size() == critical.size(), "two curves are compared level by level");
  std::vector<double> levels;
  std::vector<lab::statistics::estimate> quotients;
  for (std::size_t i = 0; i < here.size(); ++i) {
    const double quotient = here[i].value / critical[i].value;
    const double a = here[i].standard_error / critical[i].value;
    const double b = quotient * critical[i].standard_error / critical[i].value;
    levels.push_back(static_cast<double>(i + 1));
    quotients.push_back({quotient, __builtin_sqrt(a * a + b * b)});
  }
  const lab::statistics::estimate level = lab::statistics::crossing(levels, quotients, 0.5);
  const double log_branching = math::log(static_cast<double>(branching)), length = math::exp(level.value * log_branching);
  return {length, length * log_branching * level.standard_error};
}

}}}  // namespace frond::lab::hierarchy

#include <frond/config/epilogue.hpp>
