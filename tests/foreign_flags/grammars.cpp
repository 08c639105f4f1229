// Entries that deal with general grammars: charts and their denoisers, with rules so unlikely that values are denormal.
#include "entries.hpp"

#include <frond/diffusion/process.hpp>
#include <frond/lab/chart/chart.hpp>
#include <frond/lab/chart/denoiser.hpp>
#include <frond/lab/chart/derivation.hpp>
#include <frond/lab/chart/length_chart.hpp>
#include <frond/lab/chart/outside.hpp>
#include <frond/lab/numerics/decimal.hpp>
#include <frond/lab/pcfg/properties.hpp>
#include <frond/lab/pcfg/sample.hpp>
#include <frond/lab/pcfg/text.hpp>

namespace entries {

namespace {

using namespace frond;
using modes::check;
using modes::hash_of;

// Empty right sides, a unary cycle, and what hardly ever happens.
lab::pcfg::pcfg read() {
  return lab::pcfg::read_grammar(
             ".3 S -> A S b A\n.45 S -> B\n.24999999 S ->\n1e-310 S -> A A A\n1e-8 S -> B B c B\n.6 A -> a\n.25 A -> S c\n.15 "
             "A -> B A\n.2 B -> "
             "S\n"
             ".7 B -> a b\n.1 B ->\n")
      .value;
}
const lab::pcfg::pcfg rules = read();
using sums = lab::chart::sum_product<float>;
const auto weights = lab::chart::weigh<sums>(rules);
const auto wide = lab::chart::weigh<lab::chart::sum_product<double>>(rules);
constexpr std::size_t length = 6, words = 3;

std::vector<float> unequal_likelihoods() {
  std::vector<float> out;
  for (std::size_t i = 0; i < length * words; ++i) out.push_back(i % 4 == 0 ? 1.0f : i % 4 == 1 ? 1e-30f : 1e-38f);
  return out;
}
const std::vector<float> likelihoods = unequal_likelihoods();

void add_derivation(hasher& h, const lab::pcfg::derivation& tree) {
  for (const auto& node : tree.nodes) h.add(node.rule);
  for (const std::uint32_t word : tree.words) h.add(word);
}

void charts() {
  check("lab/chart/weighted_form.hpp weigh", [] {
    const auto again = lab::chart::weigh<sums>(rules);
    return hash_of(again.value.closure) ^ hash_of(again.value.empty) ^ hash_of(again.value.step);
  });
  check("lab/chart/weighted_form.hpp weigh", [] {
    const auto again = lab::chart::weigh<lab::chart::sum_product<double>>(lab::chart::make_normal_form(rules));
    return hash_of(again.value.closure) ^ hash_of(again.value.empty) ^ hash_of(again.value.step);
  });
  lab::chart::chart chart(weights.value);
  const auto filled = [&] {
    chart.inside_weights(likelihoods, length);
    return hash_of(chart.cells().scaled_value);
  };
  check("lab/chart/chart.hpp inside_weights", filled);
  check("lab/chart/chart.hpp inside", [&] {
    const std::uint32_t sentence[] = {0, 1, 0, 1, 1, 0};
    const status done = chart.inside(sentence);
    return hash_of(chart.cells().scaled_value) ^ std::uint64_t{done.ok()};
  });
  filled();
  check("lab/chart/chart.hpp probability", [&] { return hash_of(std::vector{chart.probability()}); });
  lab::chart::outside outside(chart);
  check("lab/chart/outside.hpp pass", [&] {
    outside.pass();
    return hash_of(std::vector<double>(outside.rule_uses().begin(), outside.rule_uses().end()));
  });
  check("lab/chart/outside.hpp word_distribution", [&] {
    std::vector<float> distribution(words);
    hasher h;
    for (std::size_t i = 0; i < length; ++i) {
      outside.word_distribution(i, distribution);
      h.add(std::span<const float>(distribution));
      h.add(outside.word_probability(i, 1));
    }
    return h.value();
  });
  check("lab/chart/derivation.hpp sample_derivation", [&] {
    hasher h;
    lab::pcfg::derivation drawn;
    for (std::uint64_t i = 0; i < 50; ++i)
      if (lab::chart::sample_derivation(chart, seed{5}, i, drawn).ok()) add_derivation(h, drawn);
    return h.value();
  });
  const auto best_weights = lab::chart::weigh<lab::chart::max_product<float>>(rules);
  check("lab/chart/derivation.hpp best_derivation", [&] {
    lab::chart::chart best(best_weights.value);
    best.inside_weights(likelihoods, length);
    hasher h;
    lab::pcfg::derivation found;
    if (lab::chart::best_derivation(best, found).ok()) add_derivation(h, found);
    return h.value();
  });
  const auto of_length = [](const auto& each) {
    const lab::chart::length_chart lengths(wide.value, length);
    const lab::chart::length_source source(lengths, length);
    hasher h;
    for (std::uint64_t i = 0; i < 20; ++i) each(h, source, i);
    return h.value();
  };
  check("lab/chart/length_chart.hpp probability",
        [&] { return hash_of(std::vector{lab::chart::length_chart(wide.value, length).probability(length)}); });
  check("lab/chart/length_chart.hpp sample", [&] {
    return of_length([](hasher& h, const lab::chart::length_source& source, std::uint64_t i) {
      lab::pcfg::derivation derived;
      if (source.sample(seed{6}, i, derived).ok()) add_derivation(h, derived);
    });
  });
  check("lab/chart/length_chart.hpp sample", [&] {
    return of_length([](hasher& h, const lab::chart::length_source& source, std::uint64_t i) {
      std::vector<symbol> sentence(length);
      source.sample(seed{6}, i, sentence);
      h.add(std::span<const symbol>(sentence));
    });
  });
}

void denoisers() {
  lab::chart::pcfg_denoiser<diffusion::uniform> model(weights.value, diffusion::uniform{words}, length);
  const std::vector<symbol> noisy{0, 1, 0, 1, 1, 0, 2, 2, 2, 2, 2, 2, 1, 1, 1, 0, 0, 0};
  const std::vector<float> alpha_bar{0.9999999f, 0.9999999f, 1e-39f};
  check("lab/chart/denoiser.hpp predict", [&] {
    std::vector<float> posterior(noisy.size() * words);
    model.predict(noisy, alpha_bar, posterior);
    return hash_of(posterior);
  });
  check("lab/chart/denoiser.hpp cross_entropy",
        [&] { return hash_of(std::vector{model.cross_entropy(noisy, noisy, alpha_bar)}); });
  std::vector<float> distribution(words);
  check("lab/chart/denoiser.hpp observe", [&] {
    return hash_of(model.observe(std::span<const symbol>(noisy).first(length), 0.9999999f).inside().cells().scaled_value);
  });
  lab::chart::pcfg_gaussian<> vectors(weights.value, length);
  std::vector<float> x(length * words);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = i % 3 == 0 ? 1.0f : 1e-39f;
  check("lab/chart/denoiser.hpp predict", [&] {
    std::vector<float> mean(x.size());
    vectors.predict(std::span<const float>(x), std::span<const float>(alpha_bar).first(1), std::span<float>(mean));
    return hash_of(mean);
  });
  check("lab/chart/denoiser.hpp observe",
        [&] { return hash_of(vectors.observe(std::span<const float>(x), 0.99f).inside().cells().scaled_value); });

  lab::chart::pcfg_posterior<float> posterior(weights.value, length);
  for (std::size_t i = 0; i < length; ++i)
    for (std::size_t a = 0; a < words; ++a) posterior.likelihood(i)[a] = likelihoods[i * words + a];
  check("lab/chart/posterior.hpp update", [&] {
    posterior.update();
    return hash_of(posterior.inside().cells().scaled_value);
  });
  check("lab/chart/posterior.hpp marginal", [&] {
    hasher h;
    for (std::size_t i = 0; i < length; ++i) {
      posterior.marginal(i, std::span<float>(distribution));
      h.add(std::span<const float>(distribution));
    }
    return h.value();
  });
  check("lab/chart/posterior.hpp sample", [&] {
    hasher h;
    lab::pcfg::derivation drawn;
    for (std::uint64_t i = 0; i < 20; ++i)
      if (posterior.sample(seed{7}, i, drawn).ok()) add_derivation(h, drawn);
    return h.value();
  });
}

void grammar_itself() {
  check("lab/numerics/decimal.hpp read_decimal", [] {
    hasher h;
    for (const char* text : {"1e-310", "3.3", "4.9e-324", "0.1234567890123456789", "12345678901e-22"})
      h.add(lab::numerics::read_decimal({text, std::char_traits<char>::length(text)}).value);
    return h.value();
  });
  check("lab/pcfg/text.hpp read_grammar", [] {
    hasher h;
    for (const lab::pcfg::weighted_rule& rule : read().rules) h.add(rule.probability);
    return h.value();
  });
  check("lab/pcfg/properties.hpp properties_of", [] {
    const auto found = lab::pcfg::properties_of(rules);
    return hash_of(found.value.ends) ^ hash_of(found.value.length) ^ hash_of(found.value.entropy);
  });
  check("lab/pcfg/properties.hpp conditioned_on_ending", [] {
    hasher h;
    const std::vector<double> ends(rules.nonterminals, 0.7);
    for (const lab::pcfg::weighted_rule& rule : lab::pcfg::conditioned_on_ending(rules, ends).rules) h.add(rule.probability);
    return h.value();
  });
  check("lab/pcfg/sample.hpp sample", [] {
    const lab::pcfg::sampler sampler(rules);
    hasher h;
    lab::pcfg::derivation drawn;
    for (std::uint64_t i = 0; i < 50; ++i)
      if (sampler.sample(seed{8}, i, {.words = 1000}, drawn).ok()) add_derivation(h, drawn);
    return h.value();
  });
}

}  // namespace

void grammars() {
  charts();
  denoisers();
  grammar_itself();
}

}  // namespace entries
