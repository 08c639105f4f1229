#include <algorithm>
#include <cctype>
#include <cstddef>
#include <regex>

#include "header.hpp"

namespace reference {

std::vector<std::string> sentences_of(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) {
    // A comment, but not one inside a literal.
    std::size_t end = 0;
    for (bool text = false; end < line.size(); ++end) {
      if (line[end] == '"' && (end == 0 || line[end - 1] != '\\')) text = !text;
      if (!text && line.compare(end, 2, "//") == 0) break;
    }
    all += line.substr(0, end) + "\n";
  }
  all = std::regex_replace(all, std::regex("\"\\s*\n\\s*\""), "");  // literals that follow one another are one
  std::vector<std::string> found;
  static const std::regex literal("\"((?:[^\"\\\\\n]|\\\\.)*)\"");
  for (std::sregex_iterator at(all.begin(), all.end(), literal), end; at != end; ++at) {
    const std::string sentence = (*at)[1];
    const bool words = std::count(sentence.begin(), sentence.end(), ' ') >= 2 &&
                       (std::isalpha(static_cast<unsigned char>(sentence.front())) != 0 || sentence.front() == '{') &&
                       sentence.back() != ' ';
    const bool other =
        sentence.find('%') != std::string::npos || sentence.find("2> ") != std::string::npos ||
        sentence.find("> /dev") != std::string::npos ||
        std::regex_search(sentence,
                          std::regex("^(//|GCC |clang |cd |command |vmrs|vmsr|stmxcsr|push |vsqrt|sxtb16 |smmulr|ssat)")) ||
        sentence.rfind("  ", 0) == 0;
    if (words && !other && std::find(found.begin(), found.end(), sentence) == found.end()) found.push_back(sentence);
  }
  return found;
}

}  // namespace reference
