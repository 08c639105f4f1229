// How a comparison is made: both sides in turns, block by block, with the machine's peaks in between, and medians of all.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ours.hpp"

namespace peers {

// Seconds that the calling thread has been running; what neighbours take from it does not count.
double thread_seconds();
// Seconds on the wall, for what runs on several threads.
double wall_seconds();

// One side: does its work `calls` times and returns the seconds that this took.
using side = std::function<double(std::size_t calls)>;

// Work in this process, by either clock.
template <class Work>
side timed(Work work, double (*clock)() = thread_seconds) {
  return [work, clock](std::size_t calls) mutable {
    const double begin = clock();
    for (std::size_t call = 0; call < calls; ++call) {
      work();
      benchmark::ClobberMemory();
    }
    return clock() - begin;
  };
}

// What came out, all medians over the blocks.
struct measured {
  std::vector<double> seconds;  // of one call, by side
  double multiply_add = 0;      // floating-point operations per second in registers, products and sums rounded separately
  double fused = 0;             // the same in fused instructions; 0 where there are none
  std::size_t blocks = 0;

  // Of the highest peak, which is what other libraries go by: they fuse.
  [[nodiscard]] std::string of_peak(double operations, std::size_t who) const;
};

// As many blocks as `state` has iterations. A block of a side lasts some two milliseconds, or one call.
measured run_in_turns(benchmark::State& state, const std::vector<side>& sides);

// One line of the table and of the file. `ours` and `theirs` are in `unit`; `ratio` is above one where ours is better, and a
// fraction where theirs is the peak. NaN where there is nobody to compare with.
struct row {
  std::string id;
  double ours = 0, theirs = 0;
  std::string unit;
  double ratio = 0;
  std::string peer, version;
  std::string flags;  // how both sides were built and set up, and what was found when their answers were compared
  std::size_t blocks = 0;
};

// Registers a comparison under its id. It returns a row without the id, or throws: then the row is void, and so is the run.
void add(const std::string& id, const std::function<row(benchmark::State&)>& comparison);
// The same with a build of the library: arithmetic `separate`. Where the machine multiplies and adds much slower than it does
// both at once, `fused` takes the id, and <id>/separate stands beside it: everybody else's products are fused.
void add(const std::string& id, const std::function<row(benchmark::State&, const build&)>& comparison);
// Says at the end which rows were left out, and why.
void leave_out(const std::string& ids, const std::string& reason);

// Throws what makes a comparison void.
void require(bool holds, const std::string& fault);
// The Euclidean norm of ours - theirs over that of theirs. Requires it to be at most `tolerance`; NaN in `theirs` stands for
// "has no such number".
double require_close(const std::vector<float>& ours, const std::vector<float>& theirs, double tolerance,
                     const std::string& what);

// A row from medians: times of one call, both in microseconds; and `operations` of ours against the peak.
row compare_times(const measured& m, std::size_t ours, std::size_t theirs);
row compare_with_peak(const measured& m, std::size_t ours, double operations);
// The same for rates: `items` of one call per second, in units of `unit_size`.
row compare_rates(const measured& m, double our_items, double their_items, double unit_size, const std::string& unit);

// A short number for texts.
std::string text(double number);

// Prints the rows as they come, runs everything that the command line asks for, and writes the file if it was named with
// --csv=<path>. Returns the exit status.
int run_all(int argument_count, char** arguments);

}  // namespace peers
