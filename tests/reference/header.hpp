// A header as its public declarations, found by its layout: clang-format leaves every declaration of a namespace in the first
// column.
#pragma once

#include <string>
#include <vector>

namespace reference {

struct entry {
  std::string name, comment, declaration;  // a type's declaration has its public part, comments included
};

struct header {
  std::string path, comment;
  std::vector<entry> entries;
  std::vector<std::string> sentences;
};

header read_header(const std::vector<std::string>& lines);

// The sentences that a header can say: its string literals of three words or more, without those of the processor's language.
std::vector<std::string> sentences_of(const std::vector<std::string>& lines);

// A comment as Markdown: text flows, lines that are indented more become code.
std::string prose(const std::string& comment);

}  // namespace reference
