// The main function of every benchmark program. The terminal shows medians; the file of --benchmark_out holds everything.
//
// No thread is pinned, because threads that a benchmark starts would inherit the one core. For quieter figures:
//   taskset -c 1 bench_kernels                                          every benchmark with one thread
//   taskset -c 1 bench_training_step --benchmark_filter=workers:1       those with one thread
// FROND_INSTRUCTION_SET=avx2 (or sse2, ...) in the environment measures a narrower instruction set, against its own peak.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <vector>

#include <frond/config/version.hpp>
#include <frond/kernel/self_check.hpp>
#include <frond/simd/target.hpp>

#include "../examples/common/optimised.hpp"

namespace {

class median_reporter : public benchmark::ConsoleReporter {
 public:
  median_reporter() : ConsoleReporter(OO_Tabular) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<Run> shown;
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Aggregate ? run.aggregate_name != "median" : run.repetitions > 1) continue;
      shown.push_back(run);
      // All counters are computed as rates. Only those that say so in their name shall be printed with "/s".
      for (auto& [name, counter] : shown.back().counters)
        if (!name.ends_with("_per_second")) counter.flags = benchmark::Counter::kDefaults;
    }
    if (!shown.empty()) ConsoleReporter::ReportRuns(shown);
  }
};

}  // namespace

int main(int argument_count, char** arguments) {
  benchmark::Initialize(&argument_count, arguments);
  if (benchmark::ReportUnrecognizedArguments(argument_count, arguments)) return 1;
  common::warn_unless_optimised();
  if (!frond::kernel::self_check()) {
    std::fputs("The build's flags have changed the arithmetic: these would be figures of another library.\n", stderr);
    return 1;
  }
  const auto built = frond::simd::describe();
  benchmark::AddCustomContext("frond_version", FROND_VERSION_STRING);
  benchmark::AddCustomContext("frond_bits_version", std::to_string(built.bits_version));
  benchmark::AddCustomContext("backend", built.backend);
  benchmark::AddCustomContext("instruction_set", frond::simd::name(built.instructions));
  benchmark::AddCustomContext("lanes", std::to_string(built.lanes));
  benchmark::AddCustomContext("arithmetic", built.arithmetic);
  median_reporter terminal;
  benchmark::RunSpecifiedBenchmarks(&terminal);
  benchmark::Shutdown();
}
