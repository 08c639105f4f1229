// A figure's measurements as a list of independent runs, each with a name that says all that it depends on. Finished runs are
// kept in a journal and never made again, so a sweep may be interrupted, split among cores and machines that share a folder,
// and ends in the same table.
#pragma once

#include <cstddef>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <frond/lab.hpp>

#include "journal.hpp"
#include "optimised.hpp"
#include "progress.hpp"
#include "settings.hpp"
#include "verdicts.hpp"

namespace common {

struct run {
  std::string name;  // stable and unique; no comma, quote or line break
  double cost = 1;   // time compared with other runs, for the time left
  std::function<std::vector<double>()> measure;
};

namespace detail {

// The runs that this process was asked for and that nobody has finished.
inline std::vector<const run*> to_do(const settings& s, const std::vector<run>& runs, const journal& found) {
  std::vector<const run*> chosen;
  bool any_name = s.only.empty();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    bool wanted = s.only.empty();
    for (const std::string& name : s.only) wanted = wanted || runs[i].name.rfind(name, 0) == 0;
    any_name = any_name || wanted;
    if (wanted && i % s.shards == s.shard - 1 && !found.find(runs[i].name)) chosen.push_back(&runs[i]);
  }
  if (!any_name) stop(s, "no run begins with '" + s.only.front() + "' (--list shows their names)", 2);
  return chosen;
}

inline void make(const settings& s, const std::vector<const run*>& runs, journal& found) {
  warn_unless_optimised();
  double total = 0, done = 0;
  for (const run* each : runs) total += each->cost;
  progress shown(std::to_string(runs.size()) + (runs.size() == 1 ? " run" : " runs"), total);
  std::mutex mutex;
  parallel::thread_pool pool(s.jobs);
  status state;
  pool.run(runs.size(), [&](std::size_t i, std::size_t) {
    {
      const std::lock_guard lock(mutex);
      if (!state.ok()) return;
    }
    const std::vector<double> values = in_ieee_arithmetic(runs[i]->measure);
    const std::lock_guard lock(mutex);
    if (const status added = found.add(runs[i]->name, values); !added) state = added;
    done += runs[i]->cost;
    shown.update(done, " (" + runs[i]->name + ")");
  });
  require(s, s.output + "/runs.csv", state);
}

}  // namespace detail

// Makes the runs that are wanted and not in output/runs.csv yet. True if now all are finished: then `results` has their values,
// [run][column], and output/results.csv shows them in the order of the list. Exits where files cannot be read or written.
inline bool sweep(const settings& s, const std::vector<std::string>& columns, const std::vector<run>& runs,
                  std::vector<std::vector<double>>& results) {
  if (s.list) {
    for (const run& each : runs) std::puts(each.name.c_str());
    return false;
  }
  journal found(s.output + "/runs.csv", columns);
  require(s, s.output + "/runs.csv", found.load());
  const std::vector<const run*> missing = detail::to_do(s, runs, found);
  if (!missing.empty()) detail::make(s, missing, found);
  require(s, s.output + "/runs.csv", found.load());  // what others have found meanwhile

  std::string table = joined("name", columns) + "\n";
  std::size_t finished = 0;
  for (const run& each : runs) {
    const std::vector<double>* values = found.find(each.name);
    if (!values) continue;
    ++finished;
    results.push_back(*values);
    table += joined(each.name, *values) + "\n";
  }
  if (finished < runs.size()) {
    std::printf("%zu of %zu runs are finished; whoever finishes the last one draws the picture\n", finished, runs.size());
    return false;
  }
  require(s, s.output + "/results.csv", io::write_file(s.output + "/results.csv", table));
  return true;
}

// Ends a figure: the table of verdicts on the screen and in output/verdicts.csv, and the picture.
inline void finish(const settings& s, const std::vector<verdict>& verdicts, const std::string& picture,
                   const std::string& script) {
  print(verdicts);
  require(s, s.output + "/verdicts.csv", write(s.output + "/verdicts.csv", verdicts));
  std::printf("\nverdicts: %s/verdicts.csv\n", s.output.c_str());
  if (draw(s.output, picture, script)) std::printf("picture: %s/%s.png\n", s.output.c_str(), picture.c_str());
}

}  // namespace common
