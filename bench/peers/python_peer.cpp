#include "python_peer.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace peers {

namespace {

// What peers.py sees besides our own environment: glibc keeps the memory that tensors give back, and torch uses the widest
// vectors, which it would not choose by itself on every machine that has them.
[[noreturn]] void become_python() {
  setenv("MALLOC_MMAP_THRESHOLD_", "1000000000", 1);
  setenv("MALLOC_TRIM_THRESHOLD_", "4000000000", 1);
  setenv("MALLOC_TOP_PAD_", "268435456", 1);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    setenv("ATEN_CPU_CAPABILITY", "avx512", 1);
#endif
  execl(PEERS_PYTHON, PEERS_PYTHON, PEERS_SCRIPT, static_cast<char*>(nullptr));
  _exit(127);
}

}  // namespace

python_peer::python_peer() {
  int there[2], back[2];
  if (pipe(there) != 0 || pipe(back) != 0) throw std::runtime_error("no pipe to Python");
  process_ = fork();
  if (process_ < 0) throw std::runtime_error("Python could not be started");
  if (process_ == 0) {
    dup2(there[0], STDIN_FILENO);
    dup2(back[1], STDOUT_FILENO);
    for (const int end : {there[0], there[1], back[0], back[1]}) close(end);
    become_python();
  }
  close(there[0]);
  close(back[1]);
  to_ = fdopen(there[1], "wb");
  from_ = fdopen(back[0], "rb");
}

python_peer::~python_peer() {
  std::fclose(to_);  // the end of its input ends the process
  std::fclose(from_);
  waitpid(process_, nullptr, 0);
}

std::string python_peer::answer() {
  std::fflush(to_);
  std::string line;
  for (int letter = std::fgetc(from_); letter != '\n'; letter = std::fgetc(from_)) {
    if (letter == EOF) throw std::runtime_error("the Python process has ended");
    line += static_cast<char>(letter);
  }
  if (!line.starts_with("ok ")) throw std::runtime_error("Python: " + line);
  return line.substr(3);
}

std::string python_peer::ask(const std::string& command) {
  std::fprintf(to_, "%s\n", command.c_str());
  return answer();
}

void python_peer::send(const std::string& name, std::span<const float> values) {
  std::fprintf(to_, "put %s %zu\n", name.c_str(), values.size());
  std::fwrite(values.data(), sizeof(float), values.size(), to_);
  answer();
}

std::vector<float> python_peer::fetch(const std::string& name) {
  std::vector<float> values(std::stoul(ask("get " + name)));
  if (std::fread(values.data(), sizeof(float), values.size(), from_) != values.size())
    throw std::runtime_error("the Python process has ended");
  return values;
}

side python_peer::job(const std::string& name) {
  return [this, name](std::size_t calls) { return std::stod(ask("time " + name + " " + std::to_string(calls))); };
}

python_peer& python() {
  static python_peer process;
  return process;
}

}  // namespace peers
