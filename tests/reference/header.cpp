#include "header.hpp"

#include <cctype>
#include <cstddef>
#include <regex>

namespace reference {

namespace {

bool begins(const std::string& line, const char* start) { return line.rfind(start, 0) == 0; }

// The lines of a declaration from `at` on: up to the line in the first column that ends it.
std::size_t end_of(const std::vector<std::string>& lines, std::size_t at) {
  int round = 0, curly = 0;
  for (std::size_t i = at; i < lines.size(); ++i) {
    bool text = false;
    for (std::size_t k = 0; k < lines[i].size(); ++k) {
      const char c = lines[i][k];
      if (c == '"' && (k == 0 || lines[i][k - 1] != '\\')) text = !text;
      if (text) continue;
      if (c == '/' && k + 1 < lines[i].size() && lines[i][k + 1] == '/') break;
      if (c == '\'' && k + 2 < lines[i].size() && lines[i][k + 2] == '\'') k += 2;
      round += c == '(' ? 1 : c == ')' ? -1 : 0;
      curly += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (c == ';' && round == 0 && curly == 0) return i + 1;
    }
    const bool closes = round == 0 && curly == 0 && lines[i].find('}') != std::string::npos;
    if (closes && (i + 1 == lines.size() || lines[i + 1].empty() || !begins(lines[i + 1], "  "))) return i + 1;
  }
  return lines.size();
}

// What a declaration declares, or "" for what is none.
std::string name_of(const std::string& declaration) {
  std::string plain = std::regex_replace(declaration, std::regex("//[^\n]*"), "");
  while (begins(plain, "template")) {  // its parameters
    std::size_t at = plain.find('<');
    for (int depth = 0; at < plain.size(); ++at) {
      depth += plain[at] == '<' ? 1 : plain[at] == '>' ? -1 : 0;
      if (depth == 0) break;
    }
    plain = at + 1 < plain.size() ? plain.substr(plain.find_first_not_of(" \n", at + 1)) : "";
  }
  if (begins(plain, "requires(")) {
    std::size_t at = 8;
    for (int depth = 0; at < plain.size(); ++at) {
      depth += plain[at] == '(' ? 1 : plain[at] == ')' ? -1 : 0;
      if (depth == 0) break;
    }
    plain = plain.substr(plain.find_first_not_of(" \n", at + 1));
  }
  plain = std::regex_replace(plain,
                             std::regex("^requires[ (][^\n]*\n|^requires ?\\((?:[^()]|\\([^()]*\\))*\\) *|\\[\\[[a-z_]+\\]\\] "
                                        "|__attribute__\\(\\([^)]*\\)\\) |alignas\\([0-9]+\\) "),
                             "");
  std::smatch found;
  if (std::regex_search(plain, found, std::regex("^(?:struct|class|enum class|enum|concept|union) +([A-Za-z_0-9]+)\\b(?! *<)")))
    return found[1];
  if (std::regex_search(plain, found, std::regex("^using ([A-Za-z_0-9]+) ="))) return found[1];
  if (std::regex_search(plain, found, std::regex("^#define ([A-Z_0-9]+)"))) return found[1];
  if (std::regex_search(plain, found, std::regex("^(?:struct|class) +[A-Za-z_0-9]+ *<"))) return "";  // a specialisation
  if (begins(plain, "static_assert") || begins(plain, "using") || begins(plain, "namespace") || begins(plain, "#") ||
      begins(plain, "extern"))
    return "";
  if (std::regex_search(plain, found, std::regex("(operator *[^ (]+|[A-Za-z_0-9]+)(?:<[^()]*>)?\\("))) {
    const std::size_t equal = plain.find_first_of("={"), at = static_cast<std::size_t>(found.position(0));
    if (equal == std::string::npos || at < equal || begins(found[1], "operator")) return found[1];
  }
  if (std::regex_search(plain, found, std::regex("([A-Za-z_0-9]+)(?:<[^=]*>)?(?:\\[[^\\]]*\\])? *(?:=|\\{|;)")))
    return found[1];
  return "";
}

std::string joined(const std::vector<std::string>& lines, std::size_t first, std::size_t last) {
  std::string all;
  for (std::size_t i = first; i < last; ++i) all += lines[i] + (i + 1 < last ? "\n" : "");
  return all;
}

// A function's declaration without its body; a type's without its private part and bodies of its functions.
std::string without_bodies(const std::vector<std::string>& lines, std::size_t first, std::size_t last, bool type) {
  if (!type) {
    std::string all;
    int round = 0;
    for (std::size_t i = first; i < last; ++i) {
      for (std::size_t k = 0; k < lines[i].size(); ++k) {
        const char c = lines[i][k];
        round += c == '(' ? 1 : c == ')' ? -1 : 0;
        const bool list = k > 0 && (lines[i][k - 1] == '=' || lines[i].substr(0, k).find('=') != std::string::npos);
        if (c == '{' && round == 0 && !list && k > 0 && lines[i][k - 1] == ' ') return all + lines[i].substr(0, k - 1) + ";";
      }
      all += lines[i] + (i + 1 < last ? "\n" : "");
    }
    return all;
  }
  std::string all;
  bool hidden = false, body = false;
  int round = 0;
  for (std::size_t i = first; i < last; ++i) {
    const std::string& line = lines[i];
    if (body) {
      body = !begins(line, "  }");
      continue;
    }
    if (begins(line, " private:") || begins(line, " protected:")) hidden = true;
    if (begins(line, " public:")) hidden = false;
    if (i + 1 == last) hidden = false;
    std::string code = line.substr(0, line.find("//"));
    while (code.ends_with(" ") && !code.empty()) code.pop_back();
    if (begins(line, "      : ") && round == 0 && !hidden) {  // what a constructor initialises, and its body
      if (all.ends_with("\n")) all.pop_back();
      all += ";\n";
      while (i + 1 < last && !lines[i].ends_with("{}") && !lines[i].ends_with(" {")) ++i;
      body = lines[i].ends_with(" {");
      continue;
    }
    if (hidden) continue;
    for (const char c : code) round += c == '(' ? 1 : c == ')' ? -1 : 0;
    // The body of a function in several lines, which ends with a brace in the third column.
    body =
        i > first && !begins(lines[first], "enum") && round == 0 && code.ends_with(" {") && code.find(')') != std::string::npos;
    all += (body ? line.substr(0, line.size() - 2) + ";" : line) + (i + 1 < last ? "\n" : "");
  }
  return all;
}

bool is_type(const std::string& declaration) {
  return std::regex_search(declaration, std::regex("(^|\n|> )(struct|class|enum class|enum) [A-Za-z_0-9]+[^;()]*\\{"));
}

}  // namespace

header read_header(const std::vector<std::string>& lines) {
  header made;
  std::size_t i = 0;
  for (; i < lines.size() && begins(lines[i], "//"); ++i) made.comment += lines[i].substr(lines[i].size() > 2 ? 3 : 2) + "\n";
  std::string comment, shared;
  int detail = 0;
  for (; i < lines.size();) {
    const std::string& line = lines[i];
    if (begins(line, "namespace ") && line.find("detail {") != std::string::npos) ++detail;
    if (begins(line, "}") && line.ends_with("detail")) --detail;
    if (line.empty()) {
      comment.clear();
      shared.clear();
      ++i;
    } else if (begins(line, "//")) {
      comment += line.substr(line.size() > 2 ? 3 : 2) + "\n";
      ++i;
    } else if (begins(line, "#") || begins(line, "namespace") || begins(line, "}") || begins(line, "inline namespace")) {
      while (i < lines.size() && lines[i].ends_with("\\")) ++i;
      comment.clear();
      ++i;
    } else {
      const std::size_t end = end_of(lines, i);
      const std::string whole = joined(lines, i, end);
      const std::string name = detail > 0 ? "" : name_of(whole);
      const bool outside =
          whole.find("::" + name + "(") != std::string::npos && whole.find(" " + name + "(") == std::string::npos;
      if (comment.empty()) comment = shared;  // of the declaration right above
      const bool guide =
          std::regex_search(whole, std::regex("\\) *(\n *)?-> [A-Za-z_0-9]+(<[^;]*>)?;$")) && !begins(whole, "inline auto");
      if (!name.empty() && !outside && !guide) {
        const std::string shown = without_bodies(lines, i, end, is_type(whole));
        if (begins(whole, "template <>") && !made.entries.empty() && made.entries.back().name == name)
          made.entries.back().declaration += "\n" + shown;
        else
          made.entries.push_back({name, comment, shown});
      }
      shared = comment;
      comment.clear();
      i = end;
    }
  }
  return made;
}

std::string prose(const std::string& comment) {
  std::string out;
  bool code = false;
  std::size_t at = 0;
  while (at < comment.size()) {
    const std::size_t end = comment.find('\n', at);
    const std::string line = comment.substr(at, end - at);
    at = end + 1;
    const bool indented = line.rfind("  ", 0) == 0;
    if (indented != code) out += code ? "```\n\n" : (out.empty() ? "```text\n" : "\n```text\n");
    code = indented;
    if (code) {
      out += line + "\n";
      continue;
    }
    for (const char c : line) {
      if (c == '<' || c == '>' || c == '*' || c == '_' || c == '[' || c == ']') out += '\\';
      out += c;
    }
    out += "\n";
  }
  if (code) out += "```\n";
  return out;
}

}  // namespace reference
