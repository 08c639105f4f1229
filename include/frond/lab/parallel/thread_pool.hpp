// Threads as an executor.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <thread>
#include <vector>

#include <frond/core/executor.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::parallel {

// A fixed number of workers, the calling thread being one of them. Tasks are handed out one index at a time, so which worker
// runs which task is not fixed; an executor's tasks may not depend on it. run() is called by one thread at a time and not from
// inside a task; tasks do not throw. Where the system refuses a thread, the pool has fewer workers, which changes no result.
class thread_pool {
 public:
  // workers = 0: as many as the machine has cores.
  explicit thread_pool(std::size_t workers = 0) {
    if (workers == 0) workers = std::thread::hardware_concurrency();
    if (workers == 0) workers = 1;
    threads_.reserve(workers - 1);
    try {
      for (std::size_t worker = 1; worker < workers; ++worker) threads_.emplace_back([this, worker] { serve(worker); });
    } catch (const std::system_error&) {
    }
  }
  ~thread_pool() {
    stopping_.store(true, std::memory_order_relaxed);
    begin_round();
    for (std::thread& thread : threads_) thread.join();
  }
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  [[nodiscard]] std::size_t workers() const { return threads_.size() + 1; }

  template <class Task>
  void run(std::size_t count, const Task& task) {
    if (threads_.empty() || count <= 1) return serial_executor{}.run(count, task);
    task_ = &task;
    call_ = [](const void* erased, std::size_t index, std::size_t worker) {
      (*static_cast<const Task*>(erased))(index, worker);
    };
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
    begin_round();
    work(0);
    for (std::uint32_t left = busy_.load(std::memory_order_acquire); left > 0;) left = change_of(busy_, left);
  }

 private:
  // A training step comes back within microseconds, so a thread looks that often before it goes to sleep; waking it costs more.
  static constexpr int looks = 4000;

  // Waits until `value` is no longer `old`, and returns it.
  static std::uint32_t change_of(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
    for (int look = 0; look < looks; ++look) {
      const std::uint32_t now = value.load(std::memory_order_acquire);
      if (now != old) return now;
      pause();
    }
    value.wait(old, std::memory_order_acquire);
    return value.load(std::memory_order_acquire);
  }
  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
  }

  // Everything that the workers read in a round is written before this.
  void begin_round() {
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  }
  void work(std::size_t worker) {
    const ieee_arithmetic guard;
    for (;;) {
      const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= count_) return;
      call_(task_, index, worker);
    }
  }
  void serve(std::size_t worker) {
    for (std::uint32_t seen = 0;;) {
      seen = change_of(round_, seen);
      if (stopping_.load(std::memory_order_relaxed)) return;
      work(worker);
      if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
    }
  }

  std::vector<std::thread> threads_;
  const void* task_ = nullptr;
  void (*call_)(const void*, std::size_t, std::size_t) = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint32_t> round_{0}, busy_{0};
  std::atomic<bool> stopping_{false};
};

static_assert(executor<thread_pool>);

}}}  // namespace frond::lab::parallel

#include <frond/config/epilogue.hpp>
