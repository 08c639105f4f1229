// Makes docs/reference/ and the page of messages from the headers: frond_reference INCLUDE CURES OUTPUT. One page for each
// folder, with every public name, its declaration and its comment; and every sentence that the library can say, with what to
// do. Fails with the names that have no comment and the headers whose sentences have no cure.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "header.hpp"

namespace {

using reference::entry;
using reference::header;

// Folders in the order of the house; a folder that is not among them is an error.
const std::vector<std::string> folders{
    "config",         "core",      "simd",      "math",         "rng",          "kernel",
    "codec",          "diffusion", "nn",        "nn/layers",    "quantised",    "train",
    "grammar",        "belief",    "source",    "lab/numerics", "lab/parallel", "lab/io",
    "lab/statistics", "lab/pcfg",  "lab/chart", "lab/vectors",  "lab/spiked",   "lab/hierarchy",
    "lab/evaluation", "lab/sweep", "lab/text",  "lab/quantise", "lab/model"};

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// An overload without a comment of its own has that of the first one; a plain form is that of the kernel.
void complete(header& h) {
  for (entry& e : h.entries) {
    if (e.comment.empty() && h.path.ends_with("/plain.hpp")) e.comment = "The plain form of the kernel of this name.\n";
    for (const entry& other : h.entries)
      if (e.comment.empty() && other.name == e.name) e.comment = other.comment;
  }
}

std::vector<header> headers_of(const std::filesystem::path& include, const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& file : std::filesystem::directory_iterator(include / folder)) {
    const std::string name = file.path().filename().string();
    const bool own = name == "prologue.hpp" || name == "epilogue.hpp" || name == "soft_double.hpp";  // of the library alone
    if (name.ends_with(".hpp") && !name.ends_with("-inl.hpp") && !own) paths.push_back(file.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<header> all;
  for (const auto& path : paths) {
    const std::vector<std::string> lines = lines_of(path);
    all.push_back(reference::read_header(lines));
    all.back().sentences = reference::sentences_of(lines);
    all.back().path = folder + "/" + path.filename().string();
    complete(all.back());
  }
  return all;
}

std::string page_name(std::string folder) {
  std::replace(folder.begin(), folder.end(), '/', '-');
  return folder + ".md";
}

void write_entry(std::string& page, const entry& e, const std::string& heading) {
  page += heading + " `" + e.name + "`\n\n";
  if (!e.comment.empty()) page += reference::prose(e.comment) + "\n";
  page += "```text\n" + e.declaration + "\n```\n\n";
}

std::string page_of(const std::string& folder, const std::vector<header>& headers) {
  std::string page = "# " + folder + "\n\nMade from the comments of `include/frond/" + folder + "` by tests/reference.\n\n";
  for (const header& h : headers) {
    if (h.entries.empty() && h.comment.empty()) continue;
    page += "## " + h.path + "\n\n" + reference::prose(h.comment) + "\n";
    for (const entry& e : h.entries) write_entry(page, e, "###");
  }
  return page;
}

// False where a header's sentences have no cure.
bool write_messages(std::string& page, const header& h, const std::map<std::string, std::string>& cures) {
  if (h.sentences.empty()) return true;
  const auto cure = cures.find(h.path);
  if (cure == cures.end()) return std::fprintf(stderr, "%s: its sentences have no cure\n", h.path.c_str()), false;
  page += "## " + h.path + "\n\n" + cure->second + "\n\n";
  for (const std::string& sentence : h.sentences) page += "- `" + sentence + "`\n";
  page += "\n";
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("usage: frond_reference INCLUDE CURES OUTPUT\n", stderr), 2;
  const std::filesystem::path include = argv[1], output = argv[3];
  std::map<std::string, std::string> cures;  // by header
  for (const std::string& line : lines_of(argv[2])) cures[line.substr(0, line.find('|'))] = line.substr(line.find('|') + 1);
  std::string messages =
      "# Messages\n\nEvery sentence that the library can say, by the header that says it, with what to do. `{}` stands for a "
      "number. A status has "
      "the sentence and up to three numbers; `text(state)` puts them together. A wrong size or a broken invariant stops the "
      "program with "
      "the sentence on standard error. A static assertion is a compiler's first error.\n\n";
  std::filesystem::create_directories(output);
  std::string index =
      "# Reference\n\nEvery public name, by folder. [Where is what](../contributing.md) says what each folder is for.\n\n";
  std::size_t names = 0, silent = 0;
  for (const std::string& folder : folders) {
    const std::vector<header> headers = headers_of(include, folder);
    for (const header& h : headers) silent += !write_messages(messages, h, cures);
    std::ofstream(output / page_name(folder)) << page_of(folder, headers);
    index += "- [" + folder + "](" + page_name(folder) + "):";
    std::string last;
    for (const header& h : headers)
      for (const entry& e : h.entries) {
        ++names;
        if (e.comment.empty()) {
          ++silent;
          std::fprintf(stderr, "%s: %s has no comment\n", h.path.c_str(), e.name.c_str());
        }
        if (e.name != last) index += " `" + e.name + "`";
        last = e.name;
      }
    index += "\n";
  }
  std::ofstream(output / "README.md") << index;
  std::ofstream(output / "messages.md") << messages;
  std::printf("%zu names\n", names);
  return silent == 0 ? 0 : 1;
}
