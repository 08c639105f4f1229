// A figure's measurements as a sweep, and how a figure ends.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/sweep.hpp>

#include "optimised.hpp"
#include "program.hpp"
#include "settings.hpp"
#include "verdicts.hpp"

namespace common {

using lab::sweep::protocol;
using lab::sweep::run;

// Makes the runs that are wanted and not in output/runs.csv yet. True if now all are finished: then `results` has their values,
// [run][column], and output/results.csv shows them in the order of the list. Exits where files cannot be read or written.
inline bool sweep(const settings& s, const std::vector<std::string>& columns, const std::vector<run>& runs,
                  std::vector<std::vector<double>>& results) {
  if (s.list) {
    for (const run& each : runs) std::puts(each.name.c_str());
    return false;
  }
  warn_unless_optimised();
  auto made = lab::sweep::make(
      {.folder = s.output, .columns = columns, .jobs = s.jobs, .shard = s.shard, .shards = s.shards, .only = s.only}, runs);
  if (!made)
    stop(s, text(made.state) + (text(made.state).starts_with("no run begins") ? " (--list shows their names)" : ""),
         text(made.state).starts_with("no run begins") ? 2 : 1);
  results = std::move(made.value.values);
  if (made.value.finished == runs.size()) return true;
  std::printf("%zu of %zu runs are finished; whoever finishes the last one draws the picture\n", made.value.finished,
              runs.size());
  return false;
}

// Ends a figure: the table of verdicts on the screen and in output/verdicts.csv, and the picture.
inline void finish(const settings& s, const std::vector<verdict>& verdicts, const std::string& picture,
                   const std::string& script) {
  print(verdicts);
  require(s, s.output + "/verdicts.csv", write(s.output + "/verdicts.csv", verdicts));
  std::printf("\nverdicts: %s/verdicts.csv\n", s.output.c_str());
  const std::string why_not = lab::sweep::draw(s.output, picture, script);
  if (why_not.empty())
    std::printf("picture: %s/%s.png\n", s.output.c_str(), picture.c_str());
  else
    std::printf("no picture: %s\n", why_not.c_str());
}

}  // namespace common
