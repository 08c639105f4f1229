#include <doctest/doctest.h>

#include <frond/lab/model/grammar_sentences.hpp>

#include "../io/temporary.hpp"

#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace frond;

namespace {

// Sentences of n words "a" end in "b" with probability .6^(n - 1) .4 for n >= 1; two derivations for those that begin with "c".
constexpr const char* grammar = "S -> 'a' S [.6] | 'b' [.2] | 'c' S [.1] | C [.1]\nC -> 'c' 'b' [1]";

}  // namespace

TEST_CASE("sentences of a length have the grammar's distribution, its denoiser and its words") {
  auto made = lab::model::sentences_of(lab::pcfg::read_grammar(grammar).value, 3);
  REQUIRE(made.ok());
  const lab::model::grammar_sentences sentences = std::move(made.value);
  // By hand: x y b with x, y in {a: .6, c: .1} then b: .2; and x c b through C: .1.
  const std::map<std::string, double> weights{
      {"a a b", .6 * .6 * .2}, {"a c b", .6 * (.1 * .2 + .1)}, {"c a b", .1 * .6 * .2}, {"c c b", .1 * (.1 * .2 + .1)}};
  double total = 0;
  for (const auto& [text, weight] : weights) total += weight;
  CHECK(sentences.probability() == doctest::Approx(total).epsilon(1e-12));

  const auto source = sentences.source();
  std::map<std::string, double> counts;
  std::vector<symbol> sentence(3);
  constexpr int data = 20000;
  for (int i = 0; i < data; ++i) {
    source.sample(seed{1}, static_cast<std::uint64_t>(i), sentence);
    counts[sentences.text(sentence)] += 1;
  }
  double chi_square = 0;
  for (const auto& [text, weight] : weights) {
    const double expected = data * weight / total;
    chi_square += std::pow(counts[text] - expected, 2) / expected;
  }
  CHECK(counts.size() == weights.size());
  CHECK(chi_square < 16.27);  // three degrees of freedom, level .001

  for (const auto& [text, weight] : weights)
    CHECK(std::exp(sentences.log_probability(sentences.words().encode(text).value)) == doctest::Approx(weight).epsilon(1e-12));
  CHECK(std::isinf(sentences.log_probability(sentences.words().encode("b b b").value)));
  CHECK(std::isinf(sentences.log_probability(sentences.words().encode("a _ b").value)));

  // Two masks: the posterior of the first is a sum over the sentences that are left.
  const auto noisy = sentences.words().encode("_ c _");
  REQUIRE(noisy.ok());
  auto model = sentences.denoiser(diffusion::absorbing{3});
  std::vector<float> posterior(9);
  REQUIRE(model.predict(noisy.value, std::vector<float>{0.5f}, posterior).ok());
  const double a = weights.at("a c b"), c = weights.at("c c b");
  CHECK(static_cast<double>(posterior[sentences.words().find("a")]) == doctest::Approx(a / (a + c)).epsilon(1e-6));
  CHECK(static_cast<double>(posterior[6 + sentences.words().find("b")]) == doctest::Approx(1.0).epsilon(1e-6));
}

TEST_CASE("a grammar without such a sentence, too many words, a file that is none: one sentence each") {
  const auto reason_of = [](const auto& made) { return lab::pcfg::text(made.state); };
  CHECK(reason_of(lab::model::sentences_of(lab::pcfg::read_grammar("S -> 'a' 'b' [1]").value, 3)) ==
        "the grammar has no sentence of this length: 3");
  std::string many = "S ->";
  for (int i = 0; i < 256; ++i) many += (i == 0 ? " 'w" : " | 'w") + std::to_string(i) + "' [.00390625]";
  CHECK(reason_of(lab::model::sentences_of(lab::pcfg::read_grammar(many).value, 1)) ==
        "a vocabulary has at most 255 words, this grammar has: 256");
  const temporary_folder folder;
  CHECK(reason_of(lab::model::load_sentences(folder / "none", 3)) == "the file cannot be opened");
  put(folder / "bad", {'S', ' ', '-', '>', '\n'});
  CHECK_FALSE(lab::model::load_sentences(folder / "bad", 3).ok());
}
