// A figure's measurements as a list of independent runs, each with a name and a protocol of all that it depends on. Finished
// runs are kept in a journal and never made again, so a sweep may be interrupted, split among cores and machines that share a
// folder, and ends in the same table.
#pragma once

#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/io.hpp>
#include <frond/lab/parallel.hpp>

#include "gnuplot.hpp"
#include "journal.hpp"
#include "optimised.hpp"
#include "program.hpp"
#include "progress.hpp"
#include "protocol.hpp"
#include "settings.hpp"
#include "verdicts.hpp"

namespace common {

struct run {
  std::string name;  // stable and unique; no comma, quote or line break
  double cost = 1;   // time compared with other runs, for the time left
  std::function<std::vector<double>()> measure;
  std::string protocol = {};  // all else that the values depend on, see protocol.hpp
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
    if (wanted && i % s.shards == s.shard - 1 && !found.find(runs[i].name, runs[i].protocol)) chosen.push_back(&runs[i]);
  }
  if (!any_name) stop(s, "no run begins with '" + s.only.front() + "' (--list shows their names)", 2);
  return chosen;
}

// Says on standard error, in one line for each reason, which lines of the journal do not count.
inline void report_misfits(const std::string& path, const std::vector<run>& runs, const journal& found) {
  std::map<std::string, std::string> wanted;
  for (const run& each : runs) wanted.emplace(each.name, each.protocol);
  FROND_ASSERT(wanted.size() == runs.size(), "two runs of a sweep have one name");
  std::map<std::string, std::vector<journal::misfit>> by_reason;
  for (const journal::misfit& each : found.misfits(wanted)) by_reason[each.reason].push_back(each);
  for (const auto& [reason, lines] : by_reason) {
    const std::string more =
        lines.size() == 1 ? " does not count: " : " and " + std::to_string(lines.size() - 1) + " more do not count: ";
    std::fprintf(stderr, "%s:%zu: the line of %s%s%s\n", path.c_str(), lines[0].line, lines[0].name.c_str(), more.c_str(),
                 reason.c_str());
  }
}

inline void make(const settings& s, const std::vector<const run*>& runs, journal& found) {
  warn_unless_optimised();
  double total = 0, done = 0;
  for (const run* each : runs) total += each->cost;
  progress shown(std::to_string(runs.size()) + (runs.size() == 1 ? " run" : " runs"), total);
  std::mutex mutex;
  lab::parallel::thread_pool pool(s.jobs);
  std::string wrong;
  pool.run(runs.size(), [&](std::size_t i, std::size_t) {
    {
      const std::lock_guard lock(mutex);
      if (!wrong.empty()) return;
    }
    std::vector<double> values;
    std::string failed;
    try {
      values = in_ieee_arithmetic(runs[i]->measure);
    } catch (const std::bad_alloc&) {
      failed = runs[i]->name + ": " + no_memory;
    } catch (const std::length_error&) {  // more than any memory
      failed = runs[i]->name + ": " + no_memory;
    } catch (const std::exception& error) {
      failed = runs[i]->name + ": " + error.what();
    }
    const std::lock_guard lock(mutex);
    if (failed.empty())
      if (const status added = found.add(runs[i]->name, runs[i]->protocol, values); !added)
        failed = s.output + "/runs.csv: " + text(added).c_str();
    if (!failed.empty()) {
      wrong = failed;
      return;
    }
    done += runs[i]->cost;
    shown.update(done, " (" + runs[i]->name + ")");
  });
  if (!wrong.empty()) stop(s, wrong);
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
  detail::report_misfits(s.output + "/runs.csv", runs, found);
  const std::vector<const run*> missing = detail::to_do(s, runs, found);
  if (!missing.empty()) detail::make(s, missing, found);
  require(s, s.output + "/runs.csv", found.load());  // what others have found meanwhile

  std::string table = joined("name", columns) + "\n";
  std::size_t finished = 0;
  for (const run& each : runs) {
    const std::vector<double>* values = found.find(each.name, each.protocol);
    if (!values) continue;
    ++finished;
    results.push_back(*values);
    table += joined(each.name, *values) + "\n";
  }
  if (finished < runs.size()) {
    std::printf("%zu of %zu runs are finished; whoever finishes the last one draws the picture\n", finished, runs.size());
    return false;
  }
  require(s, s.output + "/results.csv", lab::io::write_file(s.output + "/results.csv", table));
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
