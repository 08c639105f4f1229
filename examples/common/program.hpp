// How a program ends that lacks something: memory, threads, room on the disk, a reader of its output. With a sentence on
// standard error and exit code 1, never by a signal and never as if nothing had happened.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

namespace common {

inline constexpr const char* no_memory = "there is not enough memory for this";

namespace detail {

inline std::string guarded_program;

[[noreturn]] inline void end_with(const char* why) {
  std::fprintf(stderr, "%s: %s\n", guarded_program.c_str(), why);
  std::_Exit(1);
}

// For what nobody has caught, in whatever thread.
[[noreturn]] inline void end_by_exception() {
  std::fflush(stdout);
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    end_with(no_memory);
  } catch (const std::length_error&) {  // more than any memory
    end_with(no_memory);
  } catch (const std::exception& error) {
    end_with(error.what());
  } catch (...) {
  }
  end_with("it had to stop, and nothing says why");
}

// At the end of the program, or once writing has failed.
inline void check_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  end_with("standard output cannot be written");
}

}  // namespace detail

// The first thing that a program does.
inline void guard_program(const std::string& name) {
  detail::guarded_program = name;
  // A standard stream that is closed fails when it is used; otherwise the next file that is opened would take its place.
  for (int file = open("/dev/null", O_RDONLY); file >= 0 && file <= STDERR_FILENO;) file = open("/dev/null", O_RDONLY);
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);  // so that writing fails instead
  std::set_terminate(detail::end_by_exception);
  std::atexit(detail::check_output);
}

// Writes to standard output; a program whose output goes nowhere ends here.
inline void write_output(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) detail::check_output();
}

}  // namespace common
