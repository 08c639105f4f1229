// One line that says how far a phase is and how long it will still take.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::sweep {

// Seconds of a clock that never goes back.
inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// On a terminal the line is drawn over itself; elsewhere a line is printed now and then, so that logs stay short.
class progress {
 public:
  progress(std::string phase, double total, double done = 0)
      : phase_(std::move(phase)), total_(total), first_(done), start_(seconds_now()), on_terminal_(isatty(STDOUT_FILENO) != 0) {
  }
  ~progress() {
    if (on_terminal_) std::printf("\r\033[K");
    std::printf("%s: %.1f s\n", phase_.c_str(), seconds_now() - start_);
    std::fflush(stdout);
  }
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void update(double done, const std::string& remark = "") {
    const double now = seconds_now();
    if (now - last_ < (on_terminal_ ? 0.1 : 2.0)) return;
    last_ = now;
    const double left = done > first_ ? (now - start_) * (total_ - done) / (done - first_) : 0;
    std::printf("%s%s %3.0f %%, %.0f s left %s%s", on_terminal_ ? "\r\033[K" : "", phase_.c_str(), 100 * done / total_, left,
                remark.c_str(), on_terminal_ ? "" : "\n");
    std::fflush(stdout);
  }

 private:
  std::string phase_;
  double total_, first_, start_;
  double last_ = 0;
  bool on_terminal_;
};

}}}  // namespace frond::lab::sweep

#include <frond/config/epilogue.hpp>
