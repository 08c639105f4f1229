#include "sentences.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <new>
#include <unordered_map>

#include "../common/program.hpp"

namespace tool {

namespace {

std::string name_of(const settings& s) { return s.sentences_path.empty() ? "standard input" : s.sentences_path; }

}  // namespace

std::string located(const settings& s, const sentence& at, const std::string& what) {
  return name_of(s) + ":" + std::to_string(at.line) + ": " + what;
}

failure read_sentences(const settings& s, const grammar::pcfg& g, bool masks,
                       const std::function<failure(const sentence&)>& use) {
  std::unordered_map<std::string, std::uint32_t> numbers;
  for (std::uint32_t w = 0; w < g.words(); ++w) numbers.emplace(g.names[g.nonterminals + w], w);
  if (masks && numbers.contains(s.mask))
    return s.grammar_path + ": an ambiguous token: the mask '" + s.mask + "' is a word of the grammar (--mask chooses another)";
  std::ifstream file;
  if (!s.sentences_path.empty()) file.open(s.sentences_path, std::ios::binary);
  std::istream& in = s.sentences_path.empty() ? std::cin : file;
  if (!in) return s.sentences_path + ": the file cannot be opened";
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    sentence next{number, {}, {}};
    constexpr const char* blanks = " \t\r";
    for (std::size_t at = 0, end = 0; (at = line.find_first_not_of(blanks, end)) != std::string::npos;) {
      end = std::min(line.find_first_of(blanks, at), line.size());
      const std::string token = line.substr(at, end - at);
      const auto found = numbers.find(token);
      const std::string place = name_of(s) + ":" + std::to_string(number) + ":" + std::to_string(at + 1) + ": ";
      if (found == numbers.end() && s.unknown == unknown_words::are_errors && !(masks && token == s.mask))
        return place + "the grammar does not have this word: " + token;
      if (next.tokens.size() == s.max_length) return place + "a sentence has more words than --max-length allows";
      next.tokens.push_back(token);
      next.words.push_back(found == numbers.end() ? g.words() : found->second);
    }
    if (number >> 32 != 0) return located(s, next, "a file has at most 4294967295 sentences");  // see their random streams
    try {
      if (failure wrong = use(next)) return wrong;
    } catch (const std::bad_alloc&) {
      return located(s, next, common::no_memory);
    }
  }
  if (in.bad() || !in.eof()) return name_of(s) + ": the file cannot be read";
  return {};
}

std::string text_of(const grammar::pcfg& g, std::span<const std::uint32_t> words) {
  std::string text;
  for (const std::uint32_t w : words) text += (text.empty() ? "" : " ") + g.names[g.nonterminals + w];
  return text;
}

}  // namespace tool
