// Threads as an executor.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include <frond/core/executor.hpp>
#include <frond/core/ieee_arithmetic.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::parallel {

// A fixed number of workers, the calling thread being one of them. Tasks are handed out one index at a time, so which worker
// runs which is left to chance; an executor's tasks may not depend on it. run() is called by one thread at a time and not from
// inside a task; tasks do not throw. Where the system refuses a thread, the pool has fewer workers, which changes no
// result.
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
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  [[nodiscard]] std::size_t workers() const { return threads_.size() + 1; }

  template <class Task>
  void run(std::size_t count, const Task& task) {
    if (threads_.empty() || count <= 1) return serial_executor{}.run(count, task);
    {
      const std::lock_guard lock(mutex_);
      task_ = &task;
      call_ = [](const void* erased, std::size_t index, std::size_t worker) {
        (*static_cast<const Task*>(erased))(index, worker);
      };
      count_ = count;
      next_.store(0, std::memory_order_relaxed);
      busy_ = threads_.size();
      ++round_;
    }
    wake_.notify_all();
    work(0);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void work(std::size_t worker) {
    const ieee_arithmetic guard;
    for (;;) {
      const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= count_) return;
      call_(task_, index, worker);
    }
  }
  void serve(std::size_t worker) {
    std::size_t seen = 0;
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stopping_ || round_ != seen; });
        if (stopping_) return;
        seen = round_;
      }
      work(worker);
      const std::lock_guard lock(mutex_);
      if (--busy_ == 0) done_.notify_one();
    }
  }

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const void* task_ = nullptr;
  void (*call_)(const void*, std::size_t, std::size_t) = nullptr;
  std::size_t count_ = 0, busy_ = 0, round_ = 0;
  std::atomic<std::size_t> next_{0};
  bool stopping_ = false;
};

static_assert(executor<thread_pool>);

}  // namespace frond::inline FROND_ABI::parallel

#include <frond/config/epilogue.hpp>
