// A sentence settles token by token: the exact denoiser of a grammar, one reverse step after the other, the second token given.
#include <cstdio>
#include <frond/lab.hpp>
using namespace frond;

int main() {
  const lab::model::random_grammar rules({.vocabulary = 8, .rules = 2, .branching = 2, .depth = 4}, seed{7});
  std::vector<float> beliefs(belief::tree_memory_size<float>(rules.view().shape).value);
  const diffusion::absorbing noise{8};
  belief::tree_denoiser model(rules.view(), noise, beliefs);
  std::vector<symbol> sentence(16), given(16, diffusion::vacant);
  given[1] = 3;
  std::vector<float> memory(diffusion::sampling_memory(16, 8, 1));
  diffusion::stepper steps(noise, model, seed{5}, {.noise = {.steps = 12}, .given = given}, memory, sentence);
  while (steps.check() && steps.time() > 0) {
    steps.step();
    std::printf("time %2u  ", static_cast<unsigned>(steps.time()));
    for (const symbol token : steps.sentences()) std::putchar(token == noise.mask() ? '_' : 'a' + token);
    std::putchar('\n');
  }
  if (!steps.check()) return std::printf("%s\n", text(steps.check()).c_str()), 1;
}
