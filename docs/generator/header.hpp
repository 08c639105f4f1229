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
};

header read_header(const std::vector<std::string>& lines);

// A comment as Markdown: text flows, lines that are indented more become code.
std::string prose(const std::string& comment);

}  // namespace reference
