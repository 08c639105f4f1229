// Measurements as a list of independent runs, each with a name and a protocol of all that it depends on. Finished runs are kept
// in a journal and never made again, so a sweep may be interrupted, split among cores and machines that share a folder, and
// ends in the same table.
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
#include <vector>

#include <frond/core/ieee_arithmetic.hpp>
#include <frond/core/status.hpp>
#include <frond/lab/io/csv.hpp>
#include <frond/lab/io/file.hpp>
#include <frond/lab/parallel/thread_pool.hpp>
#include <frond/lab/sweep/journal.hpp>
#include <frond/lab/sweep/progress.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::sweep {

// One measurement of a sweep.
struct run {
  std::string name;                              // stable and unique; no comma, quote or line break
  double cost = 1;                               // time compared with other runs, for the time left
  std::function<std::vector<double>()> measure;  // an exception ends the sweep with its sentence
  std::string protocol = {};                     // all else that the values depend on, see protocol.hpp
};

// Where a sweep stands, and which of its runs this process makes.
struct sweep_options {
  std::string folder = ".";            // of the journal runs.csv and the table results.csv
  std::vector<std::string> columns;    // names of the values that a run returns
  std::size_t jobs = 1;                // runs at a time
  std::size_t shard = 1, shards = 1;   // this process takes every shards-th run, from the shard-th on
  std::vector<std::string> only = {};  // makes the runs whose names begin so; empty: all
};

// What is wrong with a sweep, as one sentence.
struct sweep_error {
  std::string reason;

  [[nodiscard]] bool ok() const { return reason.empty(); }
};
inline const std::string& text(const sweep_error& error) { return error.reason; }

// The values of the runs that are finished.
struct sweep_results {
  std::size_t finished = 0;
  std::vector<std::vector<double>> values;  // [finished][columns], in the order of the list
};

// What is said where memory ends.
inline constexpr const char* no_memory = "there is not enough memory for this";

namespace detail {

// The runs that this process was asked for and that nobody has finished.
inline std::vector<const run*> to_do(const sweep_options& o, const std::vector<run>& runs, const journal& found,
                                     sweep_error& wrong) {
  std::vector<const run*> chosen;
  bool any_name = o.only.empty();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    bool wanted = o.only.empty();
    for (const std::string& name : o.only) wanted = wanted || runs[i].name.starts_with(name);
    any_name = any_name || wanted;
    if (wanted && i % o.shards == o.shard - 1 && !found.find(runs[i].name, runs[i].protocol)) chosen.push_back(&runs[i]);
  }
  if (!any_name) wrong.reason = "no run begins with '" + o.only.front() + "'";
  return chosen;
}

// Says on standard error, in one line for each reason, which lines of the journal do not count.
inline void report_misfits(const std::string& path, const std::vector<run>& runs, const journal& found) {
  std::map<std::string, std::string> wanted;
  for (const run& each : runs) wanted.emplace(each.name, each.protocol);
  std::map<std::string, std::vector<journal::misfit>> by_reason;
  for (const journal::misfit& each : found.misfits(wanted)) by_reason[each.reason].push_back(each);
  for (const auto& [reason, lines] : by_reason) {
    const std::string more =
        lines.size() == 1 ? " does not count: " : " and " + std::to_string(lines.size() - 1) + " more do not count: ";
    std::fprintf(stderr, "%s:%zu: the line of %s%s%s\n", path.c_str(), lines[0].line, lines[0].name.c_str(), more.c_str(),
                 reason.c_str());
  }
}

// The values of a run, or why there are none.
inline std::string measured(const run& one, std::vector<double>& values) {
  try {
    values = in_ieee_arithmetic(one.measure);
    return {};
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {  // more than any memory
  } catch (const std::exception& error) {
    return one.name + ": " + error.what();
  }
  return one.name + ": " + no_memory;
}

inline sweep_error make_runs(const sweep_options& o, const std::vector<const run*>& runs, journal& found) {
  double total = 0, done = 0;
  for (const run* each : runs) total += each->cost;
  progress shown(std::to_string(runs.size()) + (runs.size() == 1 ? " run" : " runs"), total);
  std::mutex mutex;
  parallel::thread_pool pool(o.jobs);
  sweep_error wrong;
  pool.run(runs.size(), [&](std::size_t i, std::size_t) {
    {
      const std::lock_guard lock(mutex);
      if (!wrong.ok()) return;
    }
    std::vector<double> values;
    std::string failed = measured(*runs[i], values);
    const std::lock_guard lock(mutex);
    if (failed.empty())
      if (const status added = found.add(runs[i]->name, runs[i]->protocol, values); !added)
        failed = o.folder + "/runs.csv: " + text(added).c_str();
    if (!failed.empty()) {
      wrong.reason = failed;
      return;
    }
    done += runs[i]->cost;
    shown.update(done, " (" + runs[i]->name + ")");
  });
  return wrong;
}

inline sweep_error check_runs(const sweep_options& o, const std::vector<run>& runs) {
  std::map<std::string, int> names;
  for (const run& each : runs) {
    if (++names[each.name] > 1) return {"two runs of a sweep have one name: " + each.name};
    if (each.name.find_first_of(",\"\n\r") != std::string::npos)
      return {"a run's name has a comma, quote or line break: " + each.name};
  }
  if (o.shard == 0 || o.shard > o.shards)
    return {"shard " + std::to_string(o.shard) + " is none of " + std::to_string(o.shards)};
  return {};
}

}  // namespace detail

// Makes the runs that are wanted and not in folder/runs.csv yet, with progress on standard output. If now all are finished,
// folder/results.csv shows them in the order of the list; `finished` says how many are.
inline result<sweep_results, sweep_error> make(const sweep_options& o, const std::vector<run>& runs) {
  if (sweep_error wrong = detail::check_runs(o, runs); !wrong.ok()) return {{}, wrong};
  const std::string path = o.folder + "/runs.csv";
  journal found(path, o.columns);
  if (const status loaded = found.load(); !loaded) return {{}, {path + ": " + text(loaded).c_str()}};
  detail::report_misfits(path, runs, found);
  sweep_error wrong;
  const std::vector<const run*> missing = detail::to_do(o, runs, found, wrong);
  if (wrong.ok() && !missing.empty()) wrong = detail::make_runs(o, missing, found);
  if (!wrong.ok()) return {{}, wrong};
  // What others have found meanwhile.
  if (const status loaded = found.load(); !loaded) return {{}, {path + ": " + text(loaded).c_str()}};

  result<sweep_results, sweep_error> made;
  std::string table = io::csv_line("name", o.columns) + "\n";
  for (const run& each : runs) {
    const std::vector<double>* values = found.find(each.name, each.protocol);
    if (!values) continue;
    ++made.value.finished;
    made.value.values.push_back(*values);
    table += io::csv_line(each.name, *values) + "\n";
  }
  if (made.value.finished < runs.size()) return made;
  const std::string results = o.folder + "/results.csv";
  if (const status written = io::write_file(results, table); !written)
    made.state.reason = results + ": " + text(written).c_str();
  return made;
}

}}}  // namespace frond::lab::sweep

#include <frond/config/epilogue.hpp>
