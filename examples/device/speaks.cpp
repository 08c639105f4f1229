// Sentences of sixteen tokens, shown as they settle; then the tree of each, and which of its rules are broken.
#include "demo.hpp"
#include "sentences.hpp"
#include "speaks_weights.hpp"

using namespace frond;

using demo = device::speaks;
using denoiser_type = quantised::denoiser<demo::net, demo::noise, speaks_weights>;
using stepper_type = diffusion::fixed_stepper<demo, denoiser_type>;

static struct {
  quantised::workspace<demo::net> scratch;
  float memory[stepper_type::memory_size];
  symbol sentences[4][denoiser_type::length()];
  symbol tree[demo::shape.nodes()];
} ram;

// The levels of the tree from the root down; a dot where no rule writes what stands below.
static void put_tree() {
  std::size_t first = 0, width = 1;
  for (std::uint32_t level = 0; level <= demo::shape.depth; ++level, first += width, width *= demo::shape.branching) {
    board_put("  ");
    device::put_sentence(std::span<const symbol>(ram.tree).subspan(first, width), demo::shape.vocabulary);
    board_put("\n");
  }
}

void demo_prepare() {}

int demo_run() {
  denoiser_type denoiser(ram.scratch);
  for (std::uint64_t i = 0; i < 4; ++i) {
    stepper_type steps(denoiser, seed{5}, i, ram.memory, ram.sentences[i]);
    while (steps.time() > 0) {
      if (!steps.step()) return 0;
      if (steps.time() % 8 != 0) continue;
      device::put_sentence(ram.sentences[i], denoiser_type::vocabulary());
      board_put("\n");
    }
    board_put(grammar::parse(demo::rules.view(), ram.sentences[i], ram.tree) ? "obeys every rule:\n" : "breaks a rule:\n");
    put_tree();
  }
  return 4;
}

const void* demo_result(std::uint32_t* bytes) { return device::bytes_of(ram.sentences, bytes); }
