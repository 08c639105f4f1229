// What the demo shows: a table, sentences with their trees, and the same table as a file.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <frond/lab/evaluation.hpp>
#include <frond/lab/hierarchy.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/statistics.hpp>

#include "setup.hpp"

namespace demo {

// Everything that is measured on one set of sentences.
struct score {
  lab::hierarchy::level_accuracy levels[shape.depth];
  lab::evaluation::copy_fractions copies;
  double excess = 0, excess_error = 0;  // nats a token over the exact denoiser
};

inline score measure(const grammar::rhm_view& rules, std::span<const symbol> sentences, std::span<const symbol> training) {
  score s;
  lab::hierarchy::rule_accuracy accuracy(rules);
  accuracy.add(sentences);
  for (std::uint32_t l = 1; l <= shape.depth; ++l) s.levels[l - 1] = accuracy.level(l);
  s.copies = lab::evaluation::count_copies(sentences, training, length);
  return s;
}

struct table_row {
  std::string quantity;
  double learned, learned_error, exact, exact_error, chance;
};

// `exact_loss` is the Bayes-optimal cross-entropy, so chance pays ln 8 less that.
inline std::vector<table_row> make_table(const score& learned, const score& exact, double exact_loss) {
  const auto row = [](const std::string& name, const lab::statistics::fraction& a, const lab::statistics::fraction& b,
                      double chance) { return table_row{name, a.value, a.standard_error, b.value, b.standard_error, chance}; };
  std::vector<table_row> rows;
  for (std::uint32_t l = 1; l <= shape.depth; ++l) {
    const std::string level = std::to_string(l);
    const lab::hierarchy::chance_accuracy chance = lab::hierarchy::chance(shape, l);
    const auto &a = learned.levels[l - 1], &b = exact.levels[l - 1];
    rows.push_back(row("strict_" + level, a.strict, b.strict, chance.strict));
    rows.push_back(row("node_" + level, a.node, b.node, chance.node));
    rows.push_back(row("cond_" + level, a.cond, b.cond, chance.cond));
  }
  const double nothing = std::nan("");
  const double share = static_cast<double>(training_sentences) / static_cast<double>(shape.sentence_count().value);
  rows.push_back(row("copies", learned.copies.copied, exact.copies.copied, share));
  rows.push_back({"unique", learned.copies.unique, nothing, exact.copies.unique, nothing, nothing});
  rows.push_back({"excess_loss", learned.excess, learned.excess_error, 0, 0,
                  math::log(static_cast<double>(shape.vocabulary)) - exact_loss});
  return rows;
}

inline void print_table(const std::vector<table_row>& rows) {
  std::printf("\n%-12s %18s %18s %9s\n", "", "learned", "exact", "chance");
  for (const table_row& r : rows) {
    const auto with_error = [](double value, double error) {
      char text[32];
      std::snprintf(text, sizeof text, error > 0 ? "%.4f +- %.4f" : "%.4f          ", value, error);
      return std::string(text);
    };
    std::printf("%-12s %18s %18s %9s\n", r.quantity.c_str(), with_error(r.learned, r.learned_error).c_str(),
                with_error(r.exact, r.exact_error).c_str(),
                std::isnan(r.chance) ? "" : lab::io::cell(std::round(r.chance * 1e4) / 1e4).c_str());
  }
  std::printf(
      "strict: whole sentences right up to a level; node: nodes right; cond: nodes right whose children are.\n"
      "chance: what random tokens reach; copies: what an honest draw of sentences would repeat by chance.\n");
}

inline status write_table(const std::string& path, const std::vector<table_row>& rows) {
  lab::io::csv table({"quantity", "learned", "learned_error", "exact", "exact_error", "chance"});
  for (const table_row& r : rows) {
    table << r.quantity << r.learned << r.learned_error << r.exact << r.exact_error << r.chance;
    table.end_row();
  }
  return table.write(path);
}

// A sentence under its tree. A node that breaks the rules, or stands above one that does, is shown as a cross.
inline void print_tree(const grammar::rhm_view& rules, std::span<const symbol> sentence, bool colour) {
  std::vector<symbol> tree(shape.nodes());
  grammar::parse(rules, sentence, tree);
  for (std::uint32_t level = shape.depth + 1; level-- > 0;) {
    const std::size_t nodes = shape.level_nodes(level), width = 3 * (length / nodes);
    std::printf(level == 0 ? "  tokens  " : "  level %u ", level);
    for (std::size_t i = 0; i < nodes; ++i) {
      const symbol s = tree[shape.tree_offset(level) + i];
      const bool broken = s == grammar::unparsed;
      const auto left = static_cast<int>(width / 2), right = static_cast<int>(width - width / 2 - 1);
      std::printf("%*s%s%c%s%*s", left, "", colour && broken ? "\033[31m" : "", broken ? 'x' : 'a' + s,
                  colour && broken ? "\033[0m" : "", right, "");
    }
    std::printf("\n");
  }
}

}  // namespace demo
