// Feeds texts that nobody has written with care to the reader of grammars: libFuzzer runs it, see CMakeLists.txt here.
#include <frond/lab/pcfg/properties.hpp>
#include <frond/lab/pcfg/sample.hpp>
#include <frond/lab/pcfg/text.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

namespace lab = frond::lab;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

// What a grammar promises to whoever works with it.
void check(const lab::pcfg::pcfg& g, const lab::pcfg::grammar_text_options& options) {
  require(g.nonterminals > 0 && g.nonterminals <= g.symbols() && g.start < g.nonterminals);
  require(g.first_rule.size() == g.nonterminals + 1 && g.first_rule.front() == 0 && g.first_rule.back() == g.rules.size());
  for (std::uint32_t left = 0; left < g.nonterminals; ++left) {
    double sum = 0;
    for (const lab::pcfg::weighted_rule& rule : g.rules_of(left)) {
      require(rule.left == left && rule.probability > 0);
      for (const std::uint32_t symbol : g.right_side(rule)) require(symbol < g.symbols());
      sum += rule.probability;
    }
    const bool may_be_empty = options.undefined == lab::pcfg::undefined_symbols::are_unproductive;
    require(g.rules_of(left).empty() ? may_be_empty && left != g.start : sum > 0.999998 && sum < 1.000002);
  }
  const auto found = lab::pcfg::properties_of(g);
  if (!found) return;
  for (const double ends : found.value.ends) require(ends >= 0 && ends <= 1);
  for (const double length : found.value.length) require(length >= 0);
  lab::pcfg::derivation derived;
  static_cast<void>(lab::pcfg::sampler(g).sample(frond::seed{1}, 0, {.words = 50, .rules = 500}, derived));
  require(derived.words.size() <= 50 && derived.nodes.size() <= 500);
}

}  // namespace

// A byte chooses the options, another one cuts the text into pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  const lab::pcfg::grammar_text_options options{
      .form = static_cast<lab::pcfg::grammar_form>(data[0] % 8),
      .undefined = data[0] & 64 ? lab::pcfg::undefined_symbols::are_unproductive : lab::pcfg::undefined_symbols::are_errors,
      .normalise = (data[0] & 128) != 0,
      .max_line = 300};
  const lab::pcfg::grammar_text_result whole = lab::pcfg::read_grammar(text, options);
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  const auto is_place = [&](const lab::pcfg::text_place& at) { return at.line <= lines && at.column <= options.max_line + 1; };
  if (whole.ok()) {
    check(whole.value, options);
    require(whole.form != lab::pcfg::grammar_form::detected);
    require(options.form == lab::pcfg::grammar_form::detected || options.form == whole.form);
  } else {
    require(is_place(whole.state.where));
  }
  require(whole.warnings.list.size() <= lab::pcfg::grammar_warnings::most);
  for (const lab::pcfg::grammar_error& warning : whole.warnings.list)
    require(warning.where.line > 0 && is_place(warning.where));
  lab::pcfg::grammar_text_reader reader(options);
  for (std::size_t at = 0; at < text.size(); at += data[1] + 1u) reader.feed(text.substr(at, data[1] + 1u));
  const lab::pcfg::grammar_text_result pieces = reader.finish();
  require(pieces.ok() == whole.ok() && pieces.state.where.line == whole.state.where.line);
  require(pieces.state.where.column == whole.state.where.column && pieces.value.right == whole.value.right);
  require(pieces.form == whole.form && pieces.warnings.list.size() == whole.warnings.list.size());
  return 0;
}
