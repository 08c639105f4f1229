// The words of a grammar as text and as numbers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <frond/core/status.hpp>
#include <frond/core/symbol.hpp>
#include <frond/lab/pcfg/pcfg.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::pcfg {

// Word w of a grammar is symbol w of its sentences. Independent of the grammar once it is made.
class vocabulary {
 public:
  static constexpr std::uint32_t unknown = 0xffffffffu;

  vocabulary() = default;
  explicit vocabulary(const pcfg& g) : words_(g.names.begin() + g.nonterminals, g.names.end()) {
    for (std::uint32_t w = 0; w < size(); ++w) numbers_.emplace(words_[w], w);
  }

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(words_.size()); }
  [[nodiscard]] const std::string& word(std::uint32_t number) const { return words_[number]; }
  // The number of a word, or `unknown`.
  [[nodiscard]] std::uint32_t find(std::string_view word) const {
    const auto found = numbers_.find(word);
    return found == numbers_.end() ? unknown : found->second;
  }

  // Words with blanks between them; what is no word of the grammar, such as a mask, becomes '_'. Padding is left out.
  template <class Number>
  [[nodiscard]] std::string text(std::span<const Number> numbers) const {
    std::string out;
    for (const std::uint32_t w : numbers) {
      if (w >= size() && sizeof(Number) == 1 && w == padding) continue;
      if (!out.empty()) out += ' ';
      out += w < size() ? std::string_view(words_[w]) : std::string_view("_");
    }
    return out;
  }
  // Words with blanks between them as symbols; `_`, if it is no word, becomes the mask. Fails with the number of the first
  // word, counted from 1, that the grammar does not have, and for a grammar of more than 255 words.
  [[nodiscard]] result<std::vector<symbol>> encode(std::string_view sentence) const {
    result<std::vector<symbol>> made;
    if (size() > max_vocabulary) return {{}, {"the grammar has {} words, a vocabulary at most 255", size()}};
    constexpr std::string_view blanks = " \t\r\n";
    for (std::size_t at = 0, end = 0; (at = sentence.find_first_not_of(blanks, end)) != std::string_view::npos;) {
      end = std::min(sentence.find_first_of(blanks, at), sentence.size());
      const std::string_view token = sentence.substr(at, end - at);
      const std::uint32_t number = find(token);
      if (number == unknown && token != "_") return {{}, {"word {} is not in the grammar", made.value.size() + 1}};
      made.value.push_back(static_cast<symbol>(number == unknown ? size() : number));
    }
    return made;
  }

 private:
  struct hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  std::vector<std::string> words_;
  std::unordered_map<std::string, std::uint32_t, hash, std::equal_to<>> numbers_;
};

}}}  // namespace frond::lab::pcfg

#include <frond/config/epilogue.hpp>
