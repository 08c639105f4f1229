// Which sentences a grammar has at each length, whatever their probabilities and however many derivations they have.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include <frond/core/status.hpp>
#include <frond/lab/chart/normal_form.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::chart {

// A sentence, and a set of them in ascending order.
using word_string = std::vector<std::uint32_t>;
using sentence_set = std::vector<word_string>;

namespace detail {

// Of two strings of one length. (Vectors of integers have an order of their own, but on big-endian machines that of GCC 12's
// library looks at a quarter of the bytes only.)
struct earlier_string {
  bool operator()(const word_string& a, const word_string& b) const {
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] != b[i]) return a[i] < b[i];
    return false;
  }
};

// Sets of strings by item and length, from short to long.
class sentence_set_builder {
 public:
  sentence_set_builder(const normal_form& form, std::size_t longest, std::size_t most_strings)
      : form_(form), sets_((longest + 1) * form.items), most_strings_(most_strings) {}

  // False where more strings are needed than allowed.
  [[nodiscard]] bool fill(std::size_t length) {
    if (length == 1)
      for (std::uint32_t w = 0; w < form_.words; ++w) set(w, 1) = {{w}};
    for (std::uint32_t item = form_.words; item < form_.items; ++item)
      if (form_.is_prefix(item) && !join(item, length)) return false;
    return close(length);
  }

  [[nodiscard]] const sentence_set& of(std::uint32_t item, std::size_t length) const {
    return sets_[length * form_.items + item];
  }

 private:
  sentence_set& set(std::uint32_t item, std::size_t length) { return sets_[length * form_.items + item]; }

  // What a prefix and its last symbol make together, both not empty.
  bool join(std::uint32_t item, std::size_t length) {
    sentence_set all;
    for (std::size_t left = 1; left < length; ++left) {
      const sentence_set &before = of(form_.parent[item], left), &after = of(form_.last[item], length - left);
      if (!after.empty() && before.size() > (most_strings_ - std::min(all.size(), most_strings_)) / after.size()) return false;
      for (const word_string& a : before)
        for (const word_string& b : after) {
          all.push_back(a);
          all.back().insert(all.back().end(), b.begin(), b.end());
        }
    }
    return unite(set(item, length), all);
  }

  // Unary steps, round after round on a cycle until no set grows.
  bool close(std::size_t length) {
    const auto take = [&](const normal_form::unary_step& step) {
      sentence_set copy = of(step.from, length);
      return unite(set(step.target, length), copy);
    };
    std::size_t next = 0;
    for (std::uint32_t item = 0; item < form_.items; ++item) {
      if (next < form_.components.size() && form_.components[next].first == item) {
        const normal_form::component& cycle = form_.components[next++];
        for (std::size_t before = SIZE_MAX; before != strings_;) {
          before = strings_;
          for (std::uint32_t s = cycle.first_step; s < cycle.last_step; ++s)
            if (!take(form_.inner_steps[s])) return false;
        }
      }
      for (std::uint32_t s = form_.first_step[item]; s < form_.first_step[item + 1]; ++s)
        if (!take(form_.steps[s])) return false;
    }
    return true;
  }

  bool unite(sentence_set& into, sentence_set& more) {
    std::sort(more.begin(), more.end(), earlier_string{});
    more.erase(std::unique(more.begin(), more.end()), more.end());
    strings_ -= into.size();
    sentence_set both;
    both.reserve(into.size() + more.size());
    std::set_union(into.begin(), into.end(), more.begin(), more.end(), std::back_inserter(both), earlier_string{});
    into = std::move(both);
    strings_ += into.size();
    return strings_ <= most_strings_;
  }

  const normal_form& form_;
  std::vector<sentence_set> sets_;  // [longest + 1][items]
  std::size_t strings_ = 0, most_strings_;
};

}  // namespace detail

// The different sentences of length 0 .. longest: element n is the set of those with n words. Sets of all items are built and
// kept on the way; where they together, or the pieces of one before they are compared, would be more than most_strings strings,
// it is refused, with the length as position. An ambiguous grammar has no shorter exact way that is known for all grammars: to
// tell apart the strings of two nonterminals is undecidable in general.
inline result<std::vector<sentence_set>> distinct_sentences(const normal_form& form, std::size_t longest,
                                                            std::size_t most_strings = std::size_t{1} << 20) {
  std::vector<sentence_set> found(longest + 1);
  if (form.nullable[form.start]) found[0] = {{}};
  detail::sentence_set_builder sets(form, longest, most_strings);
  for (std::size_t length = 1; length <= longest; ++length) {
    if (!sets.fill(length)) return {{}, {"there are too many sentences to tell apart", length}};
    found[length] = sets.of(form.start, length);
  }
  return {std::move(found), {}};
}

}}}  // namespace frond::lab::chart

#include <frond/config/epilogue.hpp>
