// The options that all figures have.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <frond/core/status.hpp>

namespace common {

using namespace frond;

struct settings {
  std::string program, output;
  std::vector<std::string> only;
  std::size_t shard = 1, shards = 1;  // this process takes every shards-th run, from the shard-th on
  std::size_t jobs = 0;
  std::uint64_t seed = 1;
  bool quick = false, list = false;
};

// Ends the program with a message: 2 for a command line that makes no sense, 1 for everything else.
[[noreturn]] inline void stop(const settings& s, const std::string& why, int code = 1) {
  std::fprintf(stderr, "%s: %s\n", s.program.c_str(), why.c_str());
  std::exit(code);
}
inline void require(const settings& s, const std::string& what, const status& state) {
  if (!state.ok()) stop(s, what + ": " + text(state).c_str());
}

// Reads the command line, makes the output folder, and exits where either is impossible.
settings parse(int argc, char** argv, const std::string& program, const std::string& description);

}  // namespace common
