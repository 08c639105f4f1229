// From rules with names to a grammar in numbers.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/status.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// Where something stands in a text: line and column (in bytes) count from 1, 0 means that there is no place to name; `file`
// says in which of several files.
struct text_place {
  std::uint32_t line = 0, column = 0, file = 0;
};

// What is wrong with a grammar, and where.
struct grammar_error {
  const char* reason = nullptr;  // nullptr: nothing; otherwise a string literal
  std::string subject;           // what it is about: a name, a number; may be empty
  text_place where;

  [[nodiscard]] bool ok() const { return reason == nullptr; }
  [[nodiscard]] std::string what() const { return subject.empty() ? reason : std::string(reason) + ": " + subject; }
};

// A sentence with its place: "line 3, column 7: an arrow was expected: ->". Empty for success.
inline std::string text(const grammar_error& error) {
  if (error.ok()) return {};
  std::string place;
  if (error.where.line > 0) place = "line " + std::to_string(error.where.line);
  if (error.where.column > 0) place += ", column " + std::to_string(error.where.column);
  return place.empty() ? error.what() : place + ": " + error.what();
}

// A name as a rule gives it. Words are marked by quotes, or not at all in a grammar that marks none.
struct written_name {
  std::string_view text;
  bool quoted = false;
  text_place where;
};

// What names are that are neither words nor left sides.
enum class undefined_symbols : std::uint8_t {
  are_errors,
  are_unproductive,  // nonterminals without rules: no derivation through them ever ends
};

// How rules become a grammar.
struct build_options {
  std::string start = {};  // empty: the left side of the first rule
  undefined_symbols undefined = undefined_symbols::are_errors;
  bool normalise = false;       // weights are counts or any positive numbers, and are divided by their sum
  double sum_tolerance = 1e-6;  // otherwise the probabilities of a left side may miss 1 by so much, and are kept as they are
};

namespace detail {

inline std::string decimal_text(double value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

}  // namespace detail

// Takes rules one by one and makes a grammar of them. Numbers depend on the order of the rules alone: nonterminals in the order
// in which they first stand on a left side (then those without rules, if they are let in), words in the order in which they
// first appear.
//
// Which names are words: the quoted ones; if nothing is quoted, those that are no left side. A quoted and an unquoted name are
// different symbols. Where words are quoted, an unquoted name without rules is undefined, and an ambiguous token if it is also
// a quoted word.
class builder {
 public:
  // A rule; nothing is kept of one that is refused. Probability or weight: positive and finite.
  grammar_error add(const written_name& left, std::span<const written_name> right, double weight) {
    if (left.quoted) return {"a quoted word cannot have rules", std::string(left.text), left.where};
    const bool usable = in_ieee_arithmetic([&] { return weight > 0 && weight - weight == 0; });
    if (!usable) return {"a probability or count must be positive", {}, left.where};
    rule added{.left = number_of(left),
               .first = static_cast<std::uint32_t>(right_.size()),
               .size = static_cast<std::uint32_t>(right.size()),
               .weight = weight,
               .where = left.where};
    for (const written_name& name : right) right_.push_back(number_of(name));
    if (std::uint32_t& number = names_[added.left].left_side; number == none) number = left_sides_++;
    rules_.push_back(added);
    return {};
  }

  [[nodiscard]] std::size_t rules() const { return rules_.size(); }
  [[nodiscard]] std::size_t names() const { return names_.size(); }

  // Calls visit(name, place) for each word, where none is quoted.
  template <class Visit>
  void visit_unquoted_words(const Visit& visit) const {
    for (const entry& name : names_)
      if (quoted_.empty() && name.left_side == none) visit(std::string_view(name.text), name.where);
  }

  // O(rules log rules).
  [[nodiscard]] result<pcfg, grammar_error> build(const build_options& options) const {
    draft work;
    if (rules_.empty()) return {{}, {"there is no rule", {}, {}}};
    if (grammar_error wrong = number_symbols(options, work); !wrong.ok()) return {{}, std::move(wrong)};
    fill_rules(work);
    if (grammar_error wrong = find_repetition(work); !wrong.ok()) return {{}, std::move(wrong)};
    grammar_error wrong = in_ieee_arithmetic([&] { return weigh(options, work); });
    if (!wrong.ok()) return {{}, std::move(wrong)};
    return {std::move(work.made), {}};
  }

 private:
  static constexpr std::uint32_t none = 0xffffffffu;

  struct entry {
    std::string text;
    bool quoted;
    std::uint32_t left_side;  // how many other left sides came before, or none
    text_place where;         // where it first appeared
  };
  struct rule {
    std::uint32_t left;
    std::uint32_t first, size;
    double weight;
    text_place where;
  };
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct draft {
    pcfg made;
    std::vector<std::uint32_t> numbers;  // of each name in the grammar
    std::vector<std::uint32_t> origin;   // which of rules_ a rule of the grammar is
  };
  using index = std::unordered_map<std::string, std::uint32_t, hash, std::equal_to<>>;

  std::uint32_t number_of(const written_name& name) {
    index& known = name.quoted ? quoted_ : unquoted_;
    if (const auto found = known.find(name.text); found != known.end()) return found->second;
    const auto number = static_cast<std::uint32_t>(names_.size());
    names_.push_back({std::string(name.text), name.quoted, none, name.where});
    known.emplace(name.text, number);
    return number;
  }

  grammar_error number_symbols(const build_options& options, draft& work) const {
    std::vector<std::uint32_t> order(left_sides_), words;
    for (std::uint32_t i = 0; i < names_.size(); ++i) {
      const entry& name = names_[i];
      if (name.left_side != none)
        order[name.left_side] = i;
      else if (name.quoted || quoted_.empty())
        words.push_back(i);
      else if (quoted_.contains(name.text))
        return {"an ambiguous token: a quoted word elsewhere, here neither quoted nor with rules", name.text, name.where};
      else if (options.undefined == undefined_symbols::are_errors)
        return {"an undefined symbol: neither a quoted word nor with rules", name.text, name.where};
      else
        order.push_back(i);
    }
    work.made.nonterminals = static_cast<std::uint32_t>(order.size());
    order.insert(order.end(), words.begin(), words.end());
    work.numbers.assign(names_.size(), none);
    for (std::uint32_t number = 0; number < order.size(); ++number) {
      work.numbers[order[number]] = number;
      work.made.names.push_back(names_[order[number]].text);
    }
    if (options.start.empty()) return {};
    const auto start = unquoted_.find(options.start);
    if (start == unquoted_.end() || names_[start->second].left_side == none)
      return {"the start symbol has no rules", options.start, {}};
    work.made.start = work.numbers[start->second];
    return {};
  }

  // Rules and right sides, grouped by left side; probabilities are still weights.
  void fill_rules(draft& work) const {
    pcfg& made = work.made;
    made.first_rule.assign(made.nonterminals + 1, 0);
    for (const rule& from : rules_) ++made.first_rule[work.numbers[from.left] + 1];
    for (std::uint32_t i = 0; i < made.nonterminals; ++i) made.first_rule[i + 1] += made.first_rule[i];
    made.rules.resize(rules_.size());
    work.origin.resize(rules_.size());
    std::vector<std::uint32_t> next = made.first_rule;
    for (std::uint32_t i = 0; i < rules_.size(); ++i) {
      const rule& from = rules_[i];
      const std::uint32_t left = work.numbers[from.left], to = next[left]++;
      made.rules[to] = {.left = left, .first = from.first, .size = from.size, .probability = from.weight};
      work.origin[to] = i;
    }
    made.right.reserve(right_.size());
    for (const std::uint32_t name : right_) made.right.push_back(work.numbers[name]);
  }

  [[nodiscard]] grammar_error find_repetition(const draft& work) const {
    const pcfg& made = work.made;
    const auto side = [&](std::uint32_t i) { return made.right_side(made.rules[i]); };
    const auto before = [&](std::uint32_t a, std::uint32_t b) {
      const auto x = side(a), y = side(b);
      if (x.size() != y.size()) return x.size() < y.size();
      const auto differ = std::mismatch(x.begin(), x.end(), y.begin());
      return differ.first != x.end() ? *differ.first < *differ.second : a < b;
    };
    std::vector<std::uint32_t> order;
    for (std::uint32_t left = 0; left < made.nonterminals; ++left) {
      order.clear();
      for (std::uint32_t i = made.first_rule[left]; i < made.first_rule[left + 1]; ++i) order.push_back(i);
      std::sort(order.begin(), order.end(), before);
      for (std::size_t i = 1; i < order.size(); ++i) {
        const auto one = side(order[i - 1]), other = side(order[i]);
        if (std::equal(one.begin(), one.end(), other.begin(), other.end()))
          return {"a rule stands here a second time", made.names[left], rules_[work.origin[order[i]]].where};
      }
    }
    return {};
  }

  grammar_error weigh(const build_options& options, draft& work) const {
    pcfg& made = work.made;
    for (std::uint32_t left = 0; left < made.nonterminals; ++left) {
      const std::uint32_t first = made.first_rule[left], end = made.first_rule[left + 1];
      if (first == end) continue;
      const text_place where = rules_[work.origin[first]].where;
      const auto total = [&] {
        double sum = 0;
        for (std::uint32_t i = first; i < end; ++i) sum += made.rules[i].probability;
        return sum;
      };
      double sum = total();
      // A sum too large for a double: all weights are made smaller, which changes no ratio above 1e-600.
      if (options.normalise && sum - sum != 0) {
        for (std::uint32_t i = first; i < end; ++i) made.rules[i].probability *= 0x1p-32;
        sum = total();
      }
      if (!options.normalise && !(sum - 1 <= options.sum_tolerance && 1 - sum <= options.sum_tolerance))
        return {"the probabilities of a left side do not sum to one", made.names[left] + ", " + detail::decimal_text(sum),
                where};
      for (std::uint32_t i = first; options.normalise && i < end; ++i)
        if (made.rules[i].probability /= sum; !(made.rules[i].probability > 0))
          return {"the counts of a left side are too far apart", made.names[left], where};
    }
    return {};
  }

  std::vector<entry> names_;
  std::vector<rule> rules_;
  std::vector<std::uint32_t> right_;
  index quoted_, unquoted_;
  std::uint32_t left_sides_ = 0;
};

}}}  // namespace frond::lab::pcfg

#include <frond/config/epilogue.hpp>
