#include <doctest/doctest.h>

#include <frond/core/executor.hpp>
#include <frond/lab/parallel/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <thread>
#include <vector>

using namespace frond;
using lab::parallel::thread_pool;

namespace {

static_assert(executor<thread_pool> && executor<serial_executor> && executor<const serial_executor>);

// Runs `count` tasks and checks that each ran once, that worker numbers were in range, and that no worker had two tasks at a
// time. The counters are not atomic where the executor promises that one task alone touches them, so that -fsanitize=thread
// sees a broken promise.
template <class Executor>
void check_run(Executor& workers, std::size_t count) {
  std::vector<int> runs(count, 0);
  std::vector<std::size_t> tasks_of(workers.workers(), 0);
  std::unique_ptr<std::atomic<int>[]> inside(new std::atomic<int>[workers.workers()]());
  std::atomic<int> broken{0};
  workers.run(count, [&](std::size_t index, std::size_t worker) {
    if (index >= runs.size() || worker >= tasks_of.size()) {
      ++broken;
      return;
    }
    if (inside[worker].fetch_add(1) != 0) ++broken;
    ++runs[index];
    ++tasks_of[worker];
    if (inside[worker].fetch_sub(1) != 1) ++broken;
  });
  CHECK(broken == 0);
  CHECK(std::count(runs.begin(), runs.end(), 1) == static_cast<std::ptrdiff_t>(count));
  std::size_t tasks = 0;
  for (const std::size_t own : tasks_of) tasks += own;
  CHECK(tasks == count);
}

}  // namespace

TEST_CASE("every task runs once, with a worker of its own") {
  for (const std::size_t workers : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{16}}) {
    thread_pool pool(workers);
    CHECK(pool.workers() == workers);
    for (const unsigned count : {0u, 1u, 2u, 3u, 15u, 16u, 17u, 1000u}) check_run(pool, count);
  }
  check_run(calling_thread, 0);
  check_run(calling_thread, 17);
}

TEST_CASE("many small runs in a row") {
  thread_pool pool(4);
  for (std::size_t round = 0; round < 3000; ++round) check_run(pool, round % 7);
}

TEST_CASE("what tasks wrote is there after the run, and what was written before is there in the tasks") {
  thread_pool pool(3);
  std::vector<std::size_t> values(50, 0);
  for (std::size_t round = 1; round <= 500; ++round) {
    pool.run(values.size(), [&](std::size_t index, std::size_t) { values[index] += index; });
    for (std::size_t& value : values) value += 1;
  }
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == 500 * (i + 1));
}

TEST_CASE("tasks run on several threads at a time, the caller's among them") {
  // Three tasks that wait for each other end only if three threads run them.
  thread_pool pool(3);
  std::atomic<int> arrived{0};
  std::vector<std::thread::id> threads(3);
  std::atomic<int> tasks_of[3] = {};
  pool.run(3, [&](std::size_t index, std::size_t worker) {
    threads[index] = std::this_thread::get_id();
    ++tasks_of[worker];
    ++arrived;
    while (arrived < 3) std::this_thread::yield();
  });
  CHECK(std::count(threads.begin(), threads.end(), std::this_thread::get_id()) == 1);
  CHECK(std::set(threads.begin(), threads.end()).size() == 3);
  for (const auto& tasks : tasks_of) CHECK(tasks == 1);
}

TEST_CASE("a run ends after its last task, whoever runs it") {
  // Both tasks run at a time, so one of them is not the caller's; it takes long, and the caller has to wait.
  thread_pool pool(2);
  std::atomic<int> arrived{0}, done{0};
  pool.run(2, [&](std::size_t, std::size_t worker) {
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
    if (worker != 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ++done;
  });
  CHECK(done == 2);
}

TEST_CASE("pools start and end without work, and by default have a worker for each core") {
  for (int i = 0; i < 20; ++i) thread_pool(5);
  const std::size_t cores = std::thread::hardware_concurrency();
  CHECK(thread_pool().workers() == (cores == 0 ? 1 : cores));
  thread_pool first(2), second(3);
  for (int i = 0; i < 50; ++i) {
    check_run(first, 10);
    check_run(second, 10);
  }
}
