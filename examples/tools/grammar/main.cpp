// A person with a grammar file and no C++ gets sentences, probabilities, parses and denoised sentences.
#include <cstdio>
#include <string>

#include <frond/lab/pcfg.hpp>

#include "../../common/program.hpp"
#include "commands.hpp"
#include "settings.hpp"

namespace {

using namespace tool;

// "FILE:line:column: reason", as far as there is a line and a column; `kind` stands before the reason.
std::string message(const settings& s, const lab::pcfg::grammar_error& error, const char* kind = "") {
  std::string text = error.where.file == 0 ? s.grammar_path : s.lexicon_path;
  for (const std::uint32_t number : {error.where.line, error.where.column})
    if (number > 0) text.append(":").append(std::to_string(number));
  return text.append(": ").append(kind).append(error.what());
}

void print_warnings(const settings& s, const lab::pcfg::grammar_warnings& warnings) {
  for (const lab::pcfg::grammar_error& warning : warnings.list)
    std::fprintf(stderr, "%s\n", message(s, warning, "warning: ").c_str());
  if (warnings.more > 0) std::fprintf(stderr, "%s: warning: %zu more warnings\n", s.grammar_path.c_str(), warnings.more);
}

failure run(const settings& s) {
  const lab::pcfg::grammar_text_result made = lab::pcfg::load_grammar(s.grammar_path, s.text, s.lexicon_path);
  print_warnings(s, made.warnings);
  if (!made.ok()) return message(s, made.state);
  if (s.command == "sample") return sample(s, made.value);
  if (s.command == "parse") return parse(s, made.value);
  if (s.command == "denoise") return denoise(s, made.value);
  std::string out;
  failure wrong = check(s, made, out);
  if (!wrong) common::write_output(out);
  return wrong;
}

}  // namespace

int main(int argc, char** argv) {
  common::guard_program("frond-grammar");
  const settings s = read_settings(argc, argv);
  const failure wrong = run(s);
  if (!wrong) return 0;
  std::fflush(stdout);  // what was made before the error stands before it
  std::fprintf(stderr, "%s\n", wrong->c_str());
  return 1;
}
