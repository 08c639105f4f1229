#include "sentences.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <new>
#include <string_view>

#include <frond/lab/io/utf8.hpp>
#include <frond/lab/pcfg.hpp>

#include "../../common/program.hpp"

namespace tool {

namespace {

std::string name_of(const settings& s) { return s.sentences_path.empty() ? "standard input" : s.sentences_path; }

constexpr std::size_t max_line = std::size_t{1} << 24;
constexpr const char* blanks = " \t";

// The bytes up to the next end of a line, which is not kept, or to a NUL, which is; false where there is none left.
bool next_line(std::istream& in, std::string& line) {
  line.clear();
  for (char c = ' '; c != '\0' && line.size() <= max_line && in.get(c);) {
    if (c == '\n') return true;
    line += c;
  }
  return !line.empty();
}

// Where a line stops being text, and why; nullptr if it is all text.
const char* find_fault(std::string_view line, std::size_t& at) {
  for (at = 0; at < line.size(); ++at)
    if ((static_cast<unsigned char>(line[at]) < 32 && line[at] != '\t') || line[at] == 127) return "a control character";
  at = lab::io::find_invalid_utf8(line);
  return at < line.size() ? lab::io::invalid_utf8_reason : nullptr;
}

}  // namespace

std::string located(const settings& s, const sentence& at, const std::string& what) {
  return name_of(s) + ":" + std::to_string(at.line) + ": " + what;
}

failure read_sentences(const settings& s, const lab::pcfg::pcfg& g, bool masks, const sentence_user& use) {
  std::ifstream file;
  if (!s.sentences_path.empty()) file.open(s.sentences_path, std::ios::binary);
  std::istream& in = s.sentences_path.empty() ? std::cin : file;
  if (!in) return s.sentences_path + ": the file cannot be opened";
  return read_sentences(in, s, g, masks, use);
}

failure read_sentences(std::istream& in, const settings& s, const lab::pcfg::pcfg& g, bool masks, const sentence_user& use) {
  const lab::pcfg::vocabulary words(g);
  constexpr std::uint32_t unknown = lab::pcfg::vocabulary::unknown;
  if (masks && words.find(s.mask) != unknown)
    return s.grammar_path + ": an ambiguous token: the mask '" + s.mask + "' is a word of the grammar (--mask chooses another)";
  std::string text;
  for (std::size_t number = 1; next_line(in, text); ++number) {
    std::string_view line = text;
    if (number == 1 && line.starts_with(lab::io::byte_order_mark)) line.remove_prefix(lab::io::byte_order_mark.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto place = [&](std::size_t at) {
      return name_of(s) + ":" + std::to_string(number) + ":" + std::to_string(at + 1) + ": ";
    };
    if (line.size() > max_line) return place(max_line) + "a line is too long";
    std::size_t bad = line.find(lab::io::byte_order_mark);
    if (bad != std::string_view::npos) return place(bad) + lab::io::inner_mark_reason;
    if (const char* const fault = find_fault(line, bad); fault != nullptr)
      return place(bad) + fault + ": " + std::string(lab::io::hexadecimal(line[bad]).view());
    sentence next{number, {}, {}};
    for (std::size_t at = 0, end = 0; (at = line.find_first_not_of(blanks, end)) != std::string_view::npos;) {
      end = std::min(line.find_first_of(blanks, at), line.size());
      const std::string token(line.substr(at, end - at));
      const std::uint32_t found = words.find(token);
      if (found == unknown && s.unknown == unknown_words::are_errors && !(masks && token == s.mask))
        return place(at) + "the grammar does not have this word: " + token;
      if (next.tokens.size() == s.max_length) return place(at) + "a sentence has more words than --max-length allows";
      next.tokens.push_back(token);
      next.words.push_back(found == unknown ? g.words() : found);
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

std::string text_of(const lab::pcfg::pcfg& g, std::span<const std::uint32_t> words) {
  std::string text;
  for (const std::uint32_t w : words) text += (text.empty() ? "" : " ") + g.names[g.nonterminals + w];
  return text;
}

}  // namespace tool
