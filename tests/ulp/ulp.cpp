// The elementary functions of all 2^32 floats: the largest error of each against double precision, in both arithmetics, and
// whether the vector forms have the bits of the plain one. Fails if a bound is exceeded or a bit differs.
//
//   ulp [stride [threads]]   looks at one float in `stride` (default: at all) on so many threads (default: all cores)
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "arithmetic.hpp"

namespace {

constexpr std::uint64_t all_floats = std::uint64_t{1} << 32;
constexpr std::uint64_t block_size = 1 << 16;  // floats that a thread takes at a time

// What was found about one function in one arithmetic.
struct finding {
  double worst = -1;
  std::uint32_t worst_bits = 0;
  const char* differing_form = nullptr;
  std::uint32_t differing_bits = 0;

  void add_error(double error, std::uint32_t bits) {
    if (!(error > worst) && !(error == worst && bits < worst_bits)) return;
    worst = error;
    worst_bits = bits;
  }
  void add_difference(const char* form, std::uint32_t bits) {
    if (differing_form && differing_bits <= bits) return;
    differing_form = form;
    differing_bits = bits;
  }
  void add(const finding& other) {
    add_error(other.worst, other.worst_bits);
    if (other.differing_form) add_difference(other.differing_form, other.differing_bits);
  }
};

struct findings {
  finding of[test::function_count];
};

void compare_forms(const ulp::arithmetic& numbers, const float (&x)[16], const test::sixteen_results& plain, findings& found) {
  for (const test::form& vectors : numbers.vectors) {
    test::sixteen_results results;
    vectors.evaluate(x, results);
    for (std::size_t k = 0; k < test::function_count; ++k)
      for (std::size_t i = 0; i < 16; ++i)
        if (!test::same(results[k][i], plain[k][i])) found.of[k].add_difference(vectors.name, test::bits_of(x[i]));
  }
}

void look_at(const std::vector<ulp::arithmetic>& arithmetics, const float (&x)[16], std::vector<findings>& found) {
  double exact[test::function_count][16];
  for (std::size_t k = 0; k < test::function_count; ++k)
    for (std::size_t i = 0; i < 16; ++i) exact[k][i] = test::functions[k].exact(static_cast<double>(x[i]));
  for (std::size_t a = 0; a < arithmetics.size(); ++a) {
    test::sixteen_results plain;
    arithmetics[a].plain.evaluate(x, plain);
    for (std::size_t k = 0; k < test::function_count; ++k)
      for (std::size_t i = 0; i < 16; ++i)
        found[a].of[k].add_error(test::error(test::functions[k], x[i], plain[k][i], exact[k][i]), test::bits_of(x[i]));
    compare_forms(arithmetics[a], x, plain, found[a]);
  }
}

// Every float whose bits are a multiple of the stride, shared out to threads block by block.
class search {
 public:
  search(std::vector<ulp::arithmetic> arithmetics, std::uint64_t stride)
      : arithmetics_(std::move(arithmetics)), stride_(stride), count_((all_floats + stride - 1) / stride) {}

  std::vector<findings> run(unsigned threads) {
    std::vector<std::vector<findings>> found(threads, std::vector<findings>(arithmetics_.size()));
    std::vector<std::thread> workers;
    for (auto& mine : found) workers.emplace_back([this, &mine] { work(mine); });
    if (isatty(STDOUT_FILENO)) show_progress();
    for (std::thread& worker : workers) worker.join();
    for (unsigned t = 1; t < threads; ++t)
      for (std::size_t a = 0; a < arithmetics_.size(); ++a)
        for (std::size_t k = 0; k < test::function_count; ++k) found[0][a].of[k].add(found[t][a].of[k]);
    return found[0];
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] const std::vector<ulp::arithmetic>& arithmetics() const { return arithmetics_; }

 private:
  [[nodiscard]] std::uint64_t blocks() const { return (count_ + block_size - 1) / block_size; }

  void work(std::vector<findings>& found) {
    for (std::uint64_t block = taken_++; block < blocks(); block = taken_++) {
      const std::uint64_t end = std::min(count_, (block + 1) * block_size);
      for (std::uint64_t i = block * block_size; i < end; i += 16) {
        float x[16];  // the last float again where fewer are left
        for (std::uint64_t lane = 0; lane < 16; ++lane)
          x[lane] = test::float_of(static_cast<std::uint32_t>(std::min(i + lane, count_ - 1) * stride_));
        look_at(arithmetics_, x, found);
      }
      ++done_;
    }
  }

  void show_progress() {
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t done = done_; done < blocks(); done = done_) {
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      const double part = static_cast<double>(done) / static_cast<double>(blocks());
      if (done > 0) std::printf("\r\033[K%3.0f %%, %.0f s left", 100 * part, seconds * (1 - part) / part);
      std::fflush(stdout);
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    std::printf("\r\033[K");
  }

  std::vector<ulp::arithmetic> arithmetics_;
  std::uint64_t stride_, count_;
  std::atomic<std::uint64_t> taken_ = 0, done_ = 0;
};

// One table; false if a line of it is not ok.
bool print(const ulp::arithmetic& numbers, const findings& found) {
  const char* const units[] = {"ulp", "ulp of x", "absolute"};
  std::string compared;
  for (const test::form& vectors : numbers.vectors) compared += std::string(" ") + vectors.name;
  std::printf("arithmetic %s, plain and%s\n", numbers.name, compared.c_str());
  std::printf("%-12s %12s  %-9s %-18s %8s  %s\n", "function", "worst error", "unit", "at", "bound", "state");
  bool good = true;
  for (std::size_t k = 0; k < test::function_count; ++k) {
    const test::elementary& function = test::functions[k];
    const finding& line = found.of[k];
    const bool within = line.worst <= function.bound;
    std::printf("%-12s %12.4g  %-9s %-18a %8.3g  ", function.name, line.worst, units[static_cast<int>(function.unit)],
                static_cast<double>(test::float_of(line.worst_bits)), function.bound);
    if (line.differing_form)
      std::printf("%s differs at %a\n", line.differing_form, static_cast<double>(test::float_of(line.differing_bits)));
    else
      std::puts(within ? "ok" : "beyond its bound");
    good = good && within && !line.differing_form;
  }
  return good;
}

bool can_run_fused() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t stride = argc > 1 ? std::max(1ull, std::strtoull(argv[1], nullptr, 10)) : 1;
  const unsigned threads =
      argc > 2 ? static_cast<unsigned>(std::max(1, std::atoi(argv[2]))) : std::thread::hardware_concurrency();

  std::vector<ulp::arithmetic> arithmetics{ulp::separate()};
  if (can_run_fused())
    arithmetics.push_back(ulp::fused());
  else
    std::puts("skipped: arithmetic fused, which this machine has no instruction for");
  search all(std::move(arithmetics), stride);
  const std::vector<findings> found = all.run(threads);
  bool good = true;
  for (std::size_t a = 0; a < found.size(); ++a) good = print(all.arithmetics()[a], found[a]) && good;
  std::printf("ulp: %s over %llu floats\n", good ? "every bound holds, and all forms agree," : "not every line is ok",
              static_cast<unsigned long long>(all.count()));
  return good ? 0 : 1;
}
