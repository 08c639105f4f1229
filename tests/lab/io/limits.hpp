// What a test takes from its own process for a while, privileges and room for files; a file that has no end; other processes.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Nobody in particular while it lives, because file permissions do not bind root.
class without_privileges {
 public:
  without_privileges() { given_up_ = ::geteuid() == 0 && ::seteuid(65534) == 0; }
  ~without_privileges() {
    if (given_up_ && ::seteuid(0) != 0) std::abort();
  }
  without_privileges(const without_privileges&) = delete;
  without_privileges& operator=(const without_privileges&) = delete;

  [[nodiscard]] bool effective() const { return ::geteuid() != 0; }

 private:
  bool given_up_ = false;
};

// No file can grow beyond `size` while it lives.
class limited_file_size {
 public:
  explicit limited_file_size(rlim_t size) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    effective_ = ::setrlimit(RLIMIT_FSIZE, std::array{rlimit{size, before_.rlim_max}}.data()) == 0;
    handler_ = std::signal(SIGXFSZ, SIG_IGN);  // an error, not the end of the process
  }
  ~limited_file_size() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  limited_file_size(const limited_file_size&) = delete;
  limited_file_size& operator=(const limited_file_size&) = delete;

  [[nodiscard]] bool effective() const { return effective_; }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
  bool effective_ = false;
};

// A pipe with a name, from which one reader gets `start` and then as many zeros as it takes, up to 16 MiB.
class flooded_pipe {
 public:
  static constexpr std::size_t taken_unasked = 200000;  // what waits in the pipe and in the reader's buffer

  flooded_pipe(const std::string& path, std::vector<std::uint8_t> start) : handler_(std::signal(SIGPIPE, SIG_IGN)) {
    if (::mkfifo(path.c_str(), 0600) != 0) std::abort();
    writer_ = std::thread([this, path, bytes = std::move(start)]() mutable {
      const int file = ::open(path.c_str(), O_WRONLY);
      bytes.resize(std::size_t{1} << 24);
      while (taken_ < bytes.size()) {
        const auto count = ::write(file, bytes.data() + taken_, bytes.size() - taken_);
        if (count <= 0) break;
        taken_ += static_cast<std::size_t>(count);
      }
      ::close(file);
    });
  }
  ~flooded_pipe() {
    taken();
    std::signal(SIGPIPE, handler_);
  }
  flooded_pipe(const flooded_pipe&) = delete;
  flooded_pipe& operator=(const flooded_pipe&) = delete;

  // Bytes that have left, when the reader has closed the pipe.
  std::size_t taken() {
    if (writer_.joinable()) writer_.join();
    return taken_;
  }

 private:
  void (*handler_)(int);
  std::thread writer_;
  std::size_t taken_ = 0;
};

// A process that does this and nothing else; its exit code is what `work` returns.
template <class Work>
pid_t child(const Work& work) {
  const pid_t process = ::fork();
  if (process == 0) ::_exit(work());
  return process;
}
inline int exit_code_of(pid_t process) {
  int state = 0;
  return ::waitpid(process, &state, 0) == process && WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}
