#include "comparison.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <limits>
#include <stdexcept>

#include <frond/lab/parallel/peak.hpp>

namespace peers {

namespace {

constexpr double block_seconds = 2e-3;
constexpr std::uint64_t peak_turns = 60'000;  // a third of a millisecond of AVX-512
constexpr int blocks_of_each_row = 25;

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// How often a side must be called to fill a block. Warms it up as well.
std::size_t calls_in_a_block(const side& work) {
  work(1);
  std::size_t calls = 1;
  double seconds = work(calls);
  while (seconds < block_seconds / 2 && calls < (std::size_t{1} << 30)) {
    calls *= seconds < block_seconds / 16 ? 8 : 2;
    seconds = work(calls);
  }
  const double wanted = std::ceil(static_cast<double>(calls) * block_seconds / seconds);
  return wanted < 1 ? 1 : static_cast<std::size_t>(wanted);
}

double peak_now(frond::lab::parallel::peak_loop loop) {
  const double begin = thread_seconds();
  loop(peak_turns);
  return frond::lab::parallel::operations_per_turn() * static_cast<double>(peak_turns) / (thread_seconds() - begin);
}

// Whether products and sums of their own reach less than 0.9 of the peak of fused ones.
bool fusing_pays() {
  static const bool pays = [] {
    const auto loop = frond::lab::parallel::fused_loop();
    if (!loop) return false;
    std::vector<double> ratios;
    for (int i = 0; i < blocks_of_each_row; ++i)
      ratios.push_back(peak_now(frond::lab::parallel::multiply_add_loop()) / peak_now(loop));
    return median(ratios) < 0.9;
  }();
  return pays;
}

std::vector<row>& rows() {
  static std::vector<row> all;
  return all;
}
std::vector<std::string>& absent() {
  static std::vector<std::string> all;
  return all;
}
bool any_void = false;

const char* row_format() { return "%-28s %11s %11s %-10s %7s  %-22s %s\n"; }

void print(const row& r) {
  const auto shown = [](double value) { return std::isnan(value) ? std::string("-") : text(value); };
  std::printf(row_format(), r.id.c_str(), shown(r.ours).c_str(), shown(r.theirs).c_str(), r.unit.c_str(),
              shown(r.ratio).c_str(), r.peer.c_str(), r.flags.c_str());
  std::fflush(stdout);
}

// Google Benchmark's own lines are not shown: the rows say more.
class silent_reporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (!run.error_occurred) continue;
      any_void = true;
      std::printf("%-28s void: %s\n", run.run_name.function_name.c_str(), run.error_message.c_str());
    }
  }
};

// Fields hold no commas, so that the simplest reader will do.
std::string field(std::string words) {
  std::replace(words.begin(), words.end(), ',', ';');
  return words;
}

std::string number(double value) { return std::isnan(value) ? std::string() : text(value); }  // an empty field

void write_file(const std::string& path) {
  std::ofstream file(path);
  file << "id,ours,theirs,unit,ratio,peer,version,flags,blocks\n";
  for (const row& r : rows())
    file << r.id << ',' << number(r.ours) << ',' << number(r.theirs) << ',' << r.unit << ',' << number(r.ratio) << ','
         << field(r.peer) << ',' << field(r.version) << ',' << field(r.flags) << ',' << r.blocks << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace

double thread_seconds() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }
double wall_seconds() { return seconds_of(CLOCK_MONOTONIC); }

std::string measured::of_peak(double operations, std::size_t who) const {
  return text(operations / seconds[who] / std::max(multiply_add, fused)) + " of peak";
}

measured run_in_turns(benchmark::State& state, const std::vector<side>& sides) {
  std::vector<std::size_t> calls;
  for (const side& work : sides) calls.push_back(calls_in_a_block(work));
  std::vector<std::vector<double>> seconds(sides.size());
  std::vector<double> multiply_add, fused;
  const auto fused_loop = frond::lab::parallel::fused_loop();
  measured m;
  for (auto _ : state) {
    for (std::size_t turn = 0; turn < sides.size(); ++turn) {
      const std::size_t i = m.blocks % 2 == 0 ? turn : sides.size() - 1 - turn;
      seconds[i].push_back(sides[i](calls[i]) / static_cast<double>(calls[i]));
    }
    multiply_add.push_back(peak_now(frond::lab::parallel::multiply_add_loop()));
    if (fused_loop) fused.push_back(peak_now(fused_loop));
    ++m.blocks;
    state.SetIterationTime(seconds[0].back());
  }
  for (const auto& times : seconds) m.seconds.push_back(median(times));
  m.multiply_add = median(multiply_add);
  m.fused = median(fused);
  return m;
}

void add(const std::string& id, const std::function<row(benchmark::State&)>& comparison) {
  const auto run = [id, comparison](benchmark::State& state) {
    try {
      row r = comparison(state);
      r.id = id;
      state.counters["ours"] = r.ours;
      if (!std::isnan(r.theirs)) state.counters["theirs"] = r.theirs;
      if (!std::isnan(r.ratio)) state.counters["ratio"] = r.ratio;
      rows().push_back(r);
      print(r);
    } catch (const std::exception& fault) {
      state.SkipWithError(fault.what());
    }
  };
  benchmark::RegisterBenchmark(id.c_str(), run)->Iterations(blocks_of_each_row)->UseManualTime();
}

void add(const std::string& id, const std::function<row(benchmark::State&, const build&)>& comparison) {
  const auto with = [&comparison](const build& ours) {
    return [&ours, comparison](benchmark::State& state) { return comparison(state, ours); };
  };
  if (!fusing_pays()) return add(id, with(separate::library()));
  add(id, with(fused::library()));
  add(id + "/separate", with(separate::library()));
}

void leave_out(const std::string& ids, const std::string& reason) { absent().push_back(ids + ": " + reason); }

void require(bool holds, const std::string& fault) {
  if (!holds) throw std::runtime_error(fault);
}

double require_close(const std::vector<float>& ours, const std::vector<float>& theirs, double tolerance,
                     const std::string& what) {
  require(ours.size() == theirs.size(), what + ": different sizes");
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (std::isnan(theirs[i])) continue;
    const double a = static_cast<double>(ours[i]), b = static_cast<double>(theirs[i]);
    difference += (a - b) * (a - b);
    norm += b * b;
  }
  require(norm > 0, what + ": nothing to compare");
  const double relative = std::sqrt(difference / norm);
  require(relative <= tolerance, what + " differs by " + text(relative) + " of its norm");
  return relative;
}

row compare_times(const measured& m, std::size_t ours, std::size_t theirs) {
  row r;
  r.ours = m.seconds[ours] * 1e6;
  r.theirs = m.seconds[theirs] * 1e6;
  r.unit = "us";
  r.ratio = r.theirs / r.ours;
  r.blocks = m.blocks;
  return r;
}

row compare_with_peak(const measured& m, std::size_t ours, double operations) {
  row r;
  r.ours = operations / m.seconds[ours] * 1e-9;
  r.theirs = m.multiply_add * 1e-9;
  r.unit = "GFLOP/s";
  r.ratio = r.ours / r.theirs;
  r.peer = "mul+add in registers";
  r.version = m.fused > 0 ? "FMA peak " + text(m.fused * 1e-9) + " GFLOP/s" : "no FMA";
  r.blocks = m.blocks;
  return r;
}

row compare_rates(const measured& m, double our_items, double their_items, double unit_size, const std::string& unit) {
  row r;
  r.ours = our_items / m.seconds[0] / unit_size;
  r.theirs = their_items / m.seconds[1] / unit_size;
  r.unit = unit;
  r.ratio = r.ours / r.theirs;
  r.blocks = m.blocks;
  return r;
}

std::string text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

int run_all(int argument_count, char** arguments) {
  std::string path;
  int kept = 1;
  for (int i = 1; i < argument_count; ++i) {
    const std::string argument = arguments[i];
    if (argument.starts_with("--csv="))
      path = argument.substr(6);
    else
      arguments[kept++] = arguments[i];
  }
  benchmark::Initialize(&kept, arguments);
  if (benchmark::ReportUnrecognizedArguments(kept, arguments)) return 1;
  std::printf(row_format(), "id", "ours", "theirs", "unit", "ratio", "peer", "flags");
  silent_reporter terminal;
  benchmark::RunSpecifiedBenchmarks(&terminal);
  benchmark::Shutdown();
  for (const std::string& line : absent()) std::printf("left out  %s\n", line.c_str());
  if (!path.empty()) write_file(path);
  if (any_void) std::puts("Some comparisons are void: the two sides do not compute the same.");
  return any_void ? 1 : 0;
}

}  // namespace peers
