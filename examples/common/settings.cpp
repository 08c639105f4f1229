// In a file of its own, because the library of options takes longer to compile than most figures.
#include "settings.hpp"

#include <charconv>
#include <filesystem>
#include <stdexcept>

#include <cxxopts.hpp>

#include <frond/kernel/self_check.hpp>
#include <frond/lab/sweep/gnuplot.hpp>

#include "program.hpp"

namespace common {

namespace {

std::size_t number(const char* first, const char* last) {
  std::size_t value = 0;
  const auto parsed = std::from_chars(first, last, value);
  return parsed.ec == std::errc() && parsed.ptr == last ? value : 0;
}

void read_shard(settings& s, const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    s.shard = number(text.data(), text.data() + slash);
    s.shards = number(text.data() + slash + 1, text.data() + text.size());
  }
  if (slash == std::string::npos || s.shard == 0 || s.shards < s.shard)
    throw std::invalid_argument("a shard is i/n with i from 1 to n, not '" + text + "'");
}

}  // namespace

settings parse(int argc, char** argv, const std::string& program, const std::string& description) {
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
    if (!lab::sweep::shell_safe(s.output))
      throw std::invalid_argument("the folder must be named without quotes and line breaks");
    read_shard(s, shard);
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
