// Who runs independent tasks: the caller itself, or a pool of threads. Never a reason for different bits.
#pragma once

#include <concepts>
#include <cstddef>

#include <frond/config/config.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI {

namespace detail {
struct any_task {
  void operator()(std::size_t, std::size_t) const {}
};
}  // namespace detail

// run(count, task) calls task(index, worker) once for every index in [0, count), in any order, and returns when all are
// done. At most workers() tasks run at a time, each with a different worker in [0, workers()), so `worker` may pick scratch
// memory. What a task computes must depend on `index` alone; then the worker count changes nothing but the time.
template <class Executor>
concept executor = requires(Executor& e, std::size_t count) {
  { e.workers() } -> std::convertible_to<std::size_t>;
  e.run(count, detail::any_task{});
};

// One worker: the calling thread. The default everywhere, and the only one that a device needs.
struct serial_executor {
  [[nodiscard]] static constexpr std::size_t workers() { return 1; }

  template <class Task>
  constexpr void run(std::size_t count, const Task& task) const {
    for (std::size_t index = 0; index < count; ++index) task(index, std::size_t{0});
  }
};

// The executor to pass where none is needed. It has no state.
inline constexpr serial_executor calling_thread{};

}}  // namespace frond

#include <frond/config/epilogue.hpp>
