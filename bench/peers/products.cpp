// Matrix products, against the peak and against libraries.
#include "../memory.hpp"
#include "comparison.hpp"
#include "rivals.hpp"
#include "topics.hpp"

namespace peers {

namespace {

// Both matrices and room for a product, filled with the same numbers every time.
struct matrices {
  std::size_t rows, columns, inner;
  bench::aligned_floats a = bench::random_floats(rows * inner), b = bench::random_floats(inner * columns);
  bench::aligned_floats c = bench::aligned_floats(rows * columns);

  product into(bench::aligned_floats& result) { return {rows, columns, inner, a.data(), b.data(), result.data()}; }
  product whole() { return into(c); }
};

std::vector<float> copy(std::span<const float> floats) { return {floats.begin(), floats.end()}; }

// Against sums in double.
double require_right(matrices& m) {
  std::vector<float> right(m.rows * m.columns);
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < m.inner; ++k)
        sum += static_cast<double>(m.a.data()[i * m.inner + k]) * static_cast<double>(m.b.data()[k * m.columns + j]);
      right[i * m.columns + j] = static_cast<float>(sum);
    }
  return require_close(copy(m.c), right, 1e-4, "the product");
}

row against_peak(benchmark::State& state, const build& library, matrices m) {
  const kernels& ours = library.own;
  const product p = m.whole();
  ours.multiply(p);
  const double error = require_right(m);
  row r = compare_with_peak(run_in_turns(state, {timed([&] { ours.multiply(p); })}), 0, p.operations());
  r.flags = ours.description() + "; error " + text(error);
  return r;
}

row against_library(benchmark::State& state, const build& build, const product_library& library, matrices m) {
  const kernels& ours = build.own;
  bench::aligned_floats their_c(m.rows * m.columns);
  const product p = m.whole();
  const auto theirs = library.prepare(m.into(their_c));
  ours.multiply(p);
  theirs();
  const double difference = require_close(copy(m.c), copy(their_c), 1e-4, "the product");
  const measured times = run_in_turns(state, {timed([&] { ours.multiply(p); }), timed(theirs)});
  row r = compare_times(times, 0, 1);
  r.peer = library.name;
  r.version = library.version;
  r.flags = ours.description() + "; theirs " + library.flags + ", " + times.of_peak(p.operations(), 1) + "; difference " +
            text(difference);
  return r;
}

}  // namespace

void add_products() {
  for (const auto& [rows, columns, inner] : {std::array<std::size_t, 3>{128, 256, 256},
                                             {128, 64, 64},
                                             {1024, 256, 256},
                                             {1024, 16, 16},
                                             {128, 32, 32},
                                             {16, 64, 64}}) {
    const std::string shape = std::to_string(rows) + 'x' + std::to_string(columns) + 'x' + std::to_string(inner);
    add("gemm-" + shape + "/peak", [rows = rows, columns = columns, inner = inner](benchmark::State& state) {
      return against_peak(state, separate::library(), {rows, columns, inner});
    });
  }
  const auto add_library = [](const std::string& name, product_library (*library)()) {
    add("gemm-128x256x256/" + name, [library](benchmark::State& state, const build& ours) {
      return against_library(state, ours, library(), {128, 256, 256});
    });
  };
  if constexpr (with_openblas) add_library("openblas", openblas_products);
  if constexpr (with_eigen) add_library("eigen", eigen_products);
  if constexpr (with_onednn) add_library("onednn", onednn_products);
  if constexpr (with_libxsmm) add_library("libxsmm", libxsmm_products);
  if (!with_openblas) leave_out("gemm-128x256x256/openblas", "libopenblas-dev is not installed");
  if (!with_eigen) leave_out("gemm-128x256x256/eigen", "libeigen3-dev is not installed");
  if (!with_onednn) leave_out("gemm-128x256x256/onednn", "libdnnl-dev is not installed");
  if (!with_libxsmm) leave_out("gemm-128x256x256/libxsmm", "libxsmm-dev is not installed");
}

}  // namespace peers
