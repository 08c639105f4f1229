// Highway and xsimd behind the facade, against the compiler's own vectors: a matrix product and an elementwise function.
#include <frond/simd/target.hpp>

#include "../memory.hpp"
#include "comparison.hpp"
#include "ours.hpp"
#include "topics.hpp"

namespace peers {

namespace {

using frond::simd::instruction_set;

struct rival {
  instruction_set instructions;
  const kernels& (*library)();
};

// The builtin backend is pinned to the same instruction set while a comparison runs.
class pinned {
 public:
  explicit pinned(instruction_set wanted) : before_(frond::simd::active_instruction_set()) {
    require(frond::simd::pin(wanted), "the instruction set is not there");
  }
  ~pinned() { frond::simd::pin(before_); }
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;

 private:
  instruction_set before_;
};

struct work {
  std::string name;
  double operations;
  std::function<void(const kernels&, float* out)> run;
  std::size_t size;
};

// The row is that of the lowest ratio; all stand in the flags. Both sides must agree to the bit.
row compare(benchmark::State& state, const std::vector<rival>& rivals) {
  constexpr std::size_t rows = 128, columns = 256, inner = 256;
  bench::aligned_floats a = bench::random_floats(rows * inner), b = bench::random_floats(inner * columns);
  const std::vector<work> works = {
      {"product", 2.0 * rows * columns * inner,
       [&](const kernels& k, float* out) {
         k.multiply({rows, columns, inner, a.data(), b.data(), out});
       },
       rows * columns},
      {"gelu", rows * inner, [&](const kernels& k, float* out) { k.gelu(a.data(), out, rows * inner); }, rows * inner}};
  const kernels& builtin = separate::library().own;
  std::vector<side> sides;
  std::vector<std::string> names;
  std::vector<double> operations;
  std::vector<float> out(rows * columns), other(rows * columns);
  for (const rival& r : rivals)
    for (const work& w : works) {
      const pinned narrow(r.instructions);
      w.run(builtin, out.data());
      w.run(r.library(), other.data());
      require(out == other, w.name + ": the bits differ");
      names.push_back(w.name + ' ' + frond::simd::name(r.instructions));
      operations.push_back(w.operations);
      sides.push_back(timed([&w, &r, &out] { w.run(r.library(), out.data()); }));
      sides.push_back([&w, &r, &out, &builtin](std::size_t calls) {
        const pinned again(r.instructions);
        return timed([&] { w.run(builtin, out.data()); })(calls);
      });
    }
  const measured m = run_in_turns(state, sides);
  row lowest;
  std::string all;
  for (std::size_t i = 0; i < names.size(); ++i) {
    row r;
    r.ours = operations[i] / m.seconds[2 * i] * 1e-9;
    r.theirs = operations[i] / m.seconds[2 * i + 1] * 1e-9;
    r.ratio = r.ours / r.theirs;
    r.unit = i % works.size() == 0 ? "GFLOP/s" : "Gelement/s";
    all += "; " + names[i] + ' ' + text(r.ratio);
    if (i == 0 || r.ratio < lowest.ratio) lowest = r;
  }
  lowest.peer = "builtin";
  lowest.version = rivals.front().library().description();
  lowest.flags = "the lowest of" + all + "; the same bits";
  lowest.blocks = m.blocks;
  return lowest;
}

[[maybe_unused]] void add_backend(const std::string& name, const kernels& (*avx2)(), const kernels& (*avx512)()) {
  std::vector<rival> rivals;
  for (const auto& [instructions, library] : {std::pair{instruction_set::avx2, avx2}, {instruction_set::avx512, avx512}}) {
    const instruction_set before = frond::simd::active_instruction_set();
    if (frond::simd::pin(instructions)) rivals.push_back({instructions, library});
    frond::simd::pin(before);
  }
  if (rivals.empty())
    leave_out(name + "/builtin", "this machine has no AVX2");
  else
    add(name + "/builtin", [rivals](benchmark::State& state) { return compare(state, rivals); });
}

}  // namespace

void add_backends() {
  if constexpr (PEERS_WITH_HIGHWAY)
    add_backend("highway", highway_avx2::library, highway_avx512::library);
  else
    leave_out("highway/builtin", "libhwy-dev is not installed, or this is not x86-64");
  if constexpr (PEERS_WITH_XSIMD)
    add_backend("xsimd", xsimd_avx2::library, xsimd_avx512::library);
  else
    leave_out("xsimd/builtin", "libxsimd-dev is not installed, or this is not x86-64");
}

}  // namespace peers
