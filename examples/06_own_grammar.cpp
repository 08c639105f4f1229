// A network learns the sentences of a grammar at one length, beside the exact denoiser; a second run goes on where the first
// one stopped. example_06_own_grammar [FILE LENGTH]
#include <cstdio>
#include <cstdlib>
#include <frond/lab.hpp>
using namespace frond;

int main(int argc, char** argv) {
  constexpr const char* english =
      "S -> NP VP [1]\nNP -> 'we' [.3] | D N [.5] | D A N [.2]\nVP -> V NP [.6] | V [.2] | V NP PP [.2]\n"
      "PP -> P NP [1]\nD -> 'the' [.6] | 'a' [.4]\nN -> 'cat' [.3] | 'dog' [.3] | 'tree' [.4]\nA -> 'old' [.5] | 'small' [.5]\n"
      "V -> 'see' [.4] | 'like' [.3] | 'draw' [.3]\nP -> 'with' [.5] | 'near' [.5]\n";
  const auto made = argc == 3 ? lab::model::load_sentences(argv[1], std::strtoul(argv[2], nullptr, 10))
                              : lab::model::sentences_of(lab::pcfg::read_grammar(english).value, 6);
  if (!made) return std::fprintf(stderr, "%s\n", text(made.state).c_str()), 1;
  const lab::model::grammar_sentences& sentences = made.value;
  const diffusion::absorbing noise{sentences.words().size()};
  const auto data = lab::model::split(sentences.source(), noise, {.steps = 32}, {}, seed{1});
  lab::model::learner student(nn::mlp_for(noise, sentences.length(), 128), data,
                              {.fit = {.max_steps = 2000, .evaluate_every = 200}}, seed{4});
  const status done = student.train("own_grammar.checkpoint", lab::model::print_point);
  if (!done) return std::fprintf(stderr, "%s\n", text(done).c_str()), 1;

  auto exact = sentences.denoiser(noise);
  const auto losses = student.compare(exact, 500);
  std::printf("cross-entropy: learned %.4f, exact %.4f nats a word\n", losses.model, losses.reference);
  const auto written = student.sample(seed{5}, 200);
  int valid = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    const auto sentence = std::span(written.value).subspan(i * sentences.length(), sentences.length());
    if (i < 5) std::puts(sentences.text(sentence).c_str());
    valid += sentences.log_probability(sentence) > -1e300;
  }
  std::printf("%d of 200 sentences are sentences of the grammar\n", valid);
}
