// The main job: draw a grammar, show a network a few of its sentences, and let it invent new ones, beside the exact answer.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <cxxopts.hpp>

#include <frond/lab/evaluation.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/parallel.hpp>
#include <frond/lab/sweep/gnuplot.hpp>
#include <frond/lab/sweep/progress.hpp>

#include "../common/optimised.hpp"
#include "../common/program.hpp"
#include "learning.hpp"
#include "picture.hpp"
#include "report.hpp"
#include "setup.hpp"

namespace {

using namespace demo;
using lab::sweep::seconds_now;
using exact_model = belief::tree_denoiser<diffusion::uniform, belief::tree_batch_memory<shape>>;

struct settings {
  std::string folder = "demo_output";
  std::uint64_t steps = 2000, seed = 1;
  std::size_t threads = 0;
};

// Exits with a message where the command line makes no sense.
settings parse(int argc, char** argv) {
  cxxopts::Options options("demo",
                           "A diffusion model learns the rules of a grammar and invents sentences, beside the exact answer.");
  settings s;
  options.add_options()("o,out", "folder for table, picture and checkpoint", cxxopts::value(s.folder)->default_value(s.folder))(
      "steps", "training steps, at least 10", cxxopts::value(s.steps)->default_value("2000"))(
      "seed", "grammar, data and weights follow from it", cxxopts::value(s.seed)->default_value("1"))(
      "threads", "0: one for each core", cxxopts::value(s.threads)->default_value("0"))("h,help", "print this");
  try {
    const auto given = options.parse(argc, argv);
    if (given.count("help")) std::exit((std::puts(options.help().c_str()), 0));
    if (!given.unmatched().empty()) throw std::invalid_argument("'" + given.unmatched().front() + "' is no option");
    if (s.seed >> 60 != 0) throw std::invalid_argument("the seed must lie below 2^60");
    if (s.steps < 10 || s.steps > 1000000) throw std::invalid_argument("steps must lie between 10 and 1000000");
    if (!lab::sweep::shell_safe(s.folder))
      throw std::invalid_argument("the folder must be named without quotes and line breaks, for gnuplot");
    if (s.threads > 1024) throw std::invalid_argument("threads must lie between 0 and 1024");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "demo: %s (--help shows the options)\n", error.what());
    std::exit(2);
  }
  return s;
}

[[noreturn]] void stop(const std::string& what, const status& why) {
  std::fprintf(stderr, "demo: %s: %s (at %zu)\n", what.c_str(), text(why).c_str(), why.position);
  std::exit(1);
}

void introduce(const grammar::rhm_view& rules, std::size_t threads) {
  std::printf("grammar: %u symbols, %u rules for each, %u levels: %llu sentences of %zu tokens, entropy %.2f nats\n",
              shape.vocabulary, shape.rules, shape.depth, static_cast<unsigned long long>(shape.sentence_count().value), length,
              grammar::entropy(rules.shape));
  std::printf("network: tree U-Net, %zu weights, learns from %llu sentences (%.2f %% of all)\n", plan.parameter_count,
              static_cast<unsigned long long>(training_sentences),
              100 * static_cast<double>(training_sentences) / static_cast<double>(shape.sentence_count().value));
  std::printf("machine: %s, %zu lanes, %zu thread%s; bits version %d\n", simd::name(simd::active_instruction_set()),
              simd::lanes(simd::active_instruction_set()), threads, threads == 1 ? "" : "s", FROND_BITS_VERSION);
}

// One sentence that is right and one that is not, if there are such.
void show_sentences(const grammar::rhm_view& rules, std::span<const symbol> sentences) {
  const bool colour = isatty(STDOUT_FILENO) != 0;
  std::vector<symbol> tree(shape.nodes());
  bool seen[2] = {};
  for (std::size_t first = 0; first < sentences.size() && !(seen[0] && seen[1]); first += length) {
    const auto sentence = sentences.subspan(first, length);
    const bool valid = grammar::parse(rules, sentence, tree);
    if (seen[valid]) continue;
    seen[valid] = true;
    std::printf("\n%s\n", valid ? "an invented sentence that obeys every rule, under its tree:"
                                : "one that does not; x marks what no rule makes:");
    print_tree(rules, sentence, colour);
  }
}

}  // namespace

int main(int argc, char** argv) {
  common::guard_program("demo");
  const double start = seconds_now();
  const settings options = parse(argc, argv);
  common::warn_unless_optimised();
  if (!kernel::self_check()) stop("this build", {"its flags have changed the arithmetic, so seeds mean nothing here", 0});
  std::error_code failed;
  std::filesystem::create_directories(options.folder, failed);
  if (failed) stop("the folder " + options.folder + " cannot be made", {"the system refuses", 0});

  const seeds keys(options.seed);
  const grammar::rhm<shape> drawn(keys.rules());
  const grammar::rhm_view rules = drawn;
  lab::parallel::thread_pool pool(options.threads);
  introduce(rules, pool.workers());

  learner training(rules, keys, options.steps, pool, options.folder);
  const result<learned> model = training.run();
  if (!model) stop(options.folder + "/demo.checkpoint cannot be used; delete it to start anew", model.state);

  std::vector<exact_model> exact_models(pool.workers(), exact_model(rules, noise));
  learned_models networks(model.value.weights, pool.workers());
  const auto sampled = [&](const char* phase, auto& models) {
    progress shown(phase, sample_count);
    return draw(pool, models, keys.samples(), sampling_times, sample_count, &shown);
  };
  const std::vector<symbol> invented = sampled("sampling", networks.models());
  const std::vector<symbol> exact_sentences = sampled("sampling, exact", exact_models);

  const std::vector<symbol> training_sentences_shown = training_set(training_problem(rules, keys));
  score ours = measure(rules, invented, training_sentences_shown);
  const score best = measure(rules, exact_sentences, training_sentences_shown);
  const auto losses = lab::evaluation::compare_losses(networks.models().front(), exact_models.front(),
                                                      validation_problem(rules, keys), validation_sentences);
  ours.excess = losses.excess;
  ours.excess_error = losses.standard_error;

  const std::vector<table_row> rows = make_table(ours, best, losses.reference);
  print_table(rows);
  show_sentences(rules, invented);
  const std::string table = options.folder + "/demo.csv", curve = options.folder + "/learning.csv";
  if (const status written = write_table(table, rows); !written) stop(table, written);
  if (const status written = lab::io::write_file(curve, milestones_as_csv(model.value.curve, options.steps)); !written)
    stop(curve, written);
  std::printf("\ntable: %s\n", std::filesystem::absolute(table).c_str());
  if (const std::string why_not = draw_picture(options.folder, losses.reference, rows); !why_not.empty())
    std::printf("no picture: %s\n", why_not.c_str());
  else
    std::printf("picture: %s\n", std::filesystem::absolute(options.folder + "/demo.png").c_str());
  std::printf("demo: strict_4=%.2f exact_strict_4=%.2f copies=%.3f unique=%.3f seconds=%.0f\n", ours.levels[3].strict.value,
              best.levels[3].strict.value, ours.copies.copied.value, ours.copies.unique, seconds_now() - start);
}
