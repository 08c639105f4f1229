// Whether a call breaks a rule, so that the assert hook ends the program: tried in a child process.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace tests {

// Without it nothing stops: such tests are skipped.
#ifdef NDEBUG
inline constexpr bool asserts = false;
#else
inline constexpr bool asserts = true;
#endif

template <class Call>
bool stops(const Call& call) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    for (const int signal : {SIGILL, SIGTRAP, SIGABRT}) std::signal(signal, SIG_DFL);  // not to the handlers of doctest
    close(STDERR_FILENO);
    call();
    _exit(0);
  }
  int outcome = 0;
  return child > 0 && waitpid(child, &outcome, 0) == child && WIFSIGNALED(outcome);
}

}  // namespace tests
