// The options that all figures have.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <cxxopts.hpp>

#include <frond/lab.hpp>

#include "gnuplot.hpp"
#include "program.hpp"

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

namespace detail {

inline std::size_t number(const char* first, const char* last) {
  std::size_t value = 0;
  const auto parsed = std::from_chars(first, last, value);
  return parsed.ec == std::errc() && parsed.ptr == last ? value : 0;
}

inline void read_shard(settings& s, const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    s.shard = number(text.data(), text.data() + slash);
    s.shards = number(text.data() + slash + 1, text.data() + text.size());
  }
  if (slash == std::string::npos || s.shard == 0 || s.shards < s.shard)
    throw std::invalid_argument("a shard is i/n with i from 1 to n, not '" + text + "'");
}

}  // namespace detail

// Reads the command line, makes the output folder, and exits where either is impossible.
inline settings parse(int argc, char** argv, const std::string& program, const std::string& description) {
  cxxopts::Options options(program, description);
  settings s;
  guard_program(s.program = program);
  std::string shard;
  bool full = false;
  options.add_options()("o,output", "folder for tables, picture and journal",
                        cxxopts::value(s.output)->default_value(program + "_output"))(
      "quick", "a small form, for tests: seconds", cxxopts::value(s.quick))("full", "the form for the record (the default)",
                                                                            cxxopts::value(full))(
      "only", "only runs whose name begins like this; may be given again", cxxopts::value(s.only))(
      "shard", "i/n: only runs i, i + n, i + 2 n, ... of all", cxxopts::value(shard)->default_value("1/1"))(
      "jobs", "runs at a time; 0: one for each core", cxxopts::value(s.jobs)->default_value("0"))(
      "seed", "grammars, data and noise follow from it", cxxopts::value(s.seed)->default_value("1"))(
      "list", "print the names of the runs and stop", cxxopts::value(s.list))("h,help", "print this");
  try {
    const auto given = options.parse(argc, argv);
    if (given.count("help")) std::exit((std::puts(options.help().c_str()), 0));
    if (!given.unmatched().empty()) throw std::invalid_argument("'" + given.unmatched().front() + "' is no option");
    if (s.quick && full) throw std::invalid_argument("choose one of --quick and --full");
    if (s.seed >> 16 != 0) throw std::invalid_argument("the seed must lie between 0 and 65535");
    if (s.jobs > 1024) throw std::invalid_argument("jobs must lie between 0 and 1024");
    if (!shell_safe(s.output)) throw std::invalid_argument("the folder must be named without quotes and line breaks");
    detail::read_shard(s, shard);
  } catch (const std::exception& error) {
    stop(s, std::string(error.what()) + " (--help shows the options)", 2);
  }
  if (!kernel::self_check()) stop(s, "the flags of this build have changed the arithmetic, so seeds mean nothing here");
  std::error_code failed;
  std::filesystem::create_directories(s.output, failed);
  if (failed) stop(s, "the folder " + s.output + " cannot be made");
  return s;
}

}  // namespace common
