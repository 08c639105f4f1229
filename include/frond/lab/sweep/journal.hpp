// What the runs of a sweep have found so far, one line each, in a file that any number of processes may add to.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <frond/core/hash.hpp>
#include <frond/core/status.hpp>
#include <frond/lab/io/csv.hpp>
#include <frond/lab/io/file.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::sweep {

// A CSV file with a header; then a line for each run: its name, its protocol (what else it depends on), values and, as the last
// cell, the bits version and a checksum of the line. Lines that do not fit do not count: what a killed process or a full disk
// left of one, a line that was changed, runs of another bits version or protocol. They are left where they are. A line is added
// in one write to the end of the file under a lock.
class journal {
 public:
  struct misfit {
    std::size_t line = 0;
    std::string name;
    const char* reason = nullptr;
  };

  journal(std::string path, const std::vector<std::string>& columns) : path_(std::move(path)), columns_(columns.size()) {
    header_ = io::csv_line("name,protocol", columns) + ",whole\n";
  }

  // Reads what is there. Refuses a file with other columns.
  status load() {
    finished_.clear();
    misfits_.clear();
    if (!std::filesystem::exists(path_)) return {};
    const auto start = lab::io::read_start(path_, header_.size());
    if (!start) return start.state;
    if (start.value.empty()) return {};
    if (!std::equal(header_.begin(), header_.end(), start.value.begin(), start.value.end()))
      return {"the journal has other columns; move it away to start anew", 0};
    const auto bytes = lab::io::read_file(path_, largest);
    if (!bytes) return bytes.state;
    std::string_view text(reinterpret_cast<const char*>(bytes.value.data()), bytes.value.size());
    text.remove_prefix(header_.size());
    std::size_t line = 2;
    for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
      read_line(text.substr(0, end), line++);
    if (!text.empty()) read_line(text, line);  // cut off, as a process that is killed leaves it
    return {};
  }

  // The values of a run, or nullptr where it has not been finished.
  [[nodiscard]] const std::vector<double>* find(const std::string& name, const std::string& protocol) const {
    const auto place = finished_.find({name, protocol});
    return place == finished_.end() ? nullptr : &place->second.values;
  }

  // The lines that do not count and that belong, as far as can be seen, to none of the runs that are finished: what was wrong
  // with a run that was made again is of no interest. `wanted` has the protocol of each name.
  [[nodiscard]] std::vector<misfit> misfits(const std::map<std::string, std::string>& wanted) const {
    const auto replaced = [&](const std::string& name) {
      const auto place = wanted.find(name);
      return place != wanted.end() && find(name, place->second);
    };
    std::vector<misfit> all;
    for (const misfit& each : misfits_)
      if (!replaced(each.name)) all.push_back(each);
    for (const auto& [key, found] : finished_)
      if (wanted.contains(key.first) && !replaced(key.first)) all.push_back({found.line, key.first, "another protocol"});
    return all;
  }

  status add(const std::string& name, const std::string& protocol, const std::vector<double>& values) {
    const std::string line = io::csv_line(name + ',' + protocol, values);
    if (const status written = append(line + ',' + mark(line) + '\n'); !written) return written;
    finished_.emplace(std::pair(name, protocol), row{values, 0});
    return {};
  }

 private:
  static constexpr std::size_t largest = std::size_t{1} << 30;
  static constexpr const char* full = "the journal cannot be written, perhaps the disk is full";
  struct row {
    std::vector<double> values;
    std::size_t line;
  };

  static std::string bits() { return "bits" + std::to_string(FROND_BITS_VERSION) + '-'; }
  // The last cell of a line.
  static std::string mark(std::string_view line) {
    hasher h;
    const std::string text = bits().append(line);
    for (const char c : text) h.add(static_cast<std::uint8_t>(c));
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(h.value()));
    return bits() + digits;
  }

  void read_line(std::string_view line, std::size_t number) {
    std::vector<std::string_view> cells;
    for (std::size_t first = 0, end = 0; end != std::string_view::npos; first = end + 1) {
      end = line.find(',', first);
      cells.push_back(line.substr(first, end == std::string_view::npos ? end : end - first));
    }
    const auto reject = [&](const char* reason) { misfits_.push_back({number, std::string(cells[0]), reason}); };
    const std::string_view last = cells.back();
    if (last.starts_with("bits") && !last.starts_with(bits())) return reject("another bits version");
    if (cells.size() != columns_ + 3 || last != mark(line.substr(0, line.size() - last.size() - 1)))
      return reject("cut off, changed or damaged");
    std::vector<double> values;
    for (std::size_t i = 2; i + 1 < cells.size(); ++i) {
      double value = std::numeric_limits<double>::quiet_NaN();
      const auto parsed = std::from_chars(cells[i].data(), cells[i].data() + cells[i].size(), value);
      if (!cells[i].empty() && parsed.ptr != cells[i].data() + cells[i].size()) return reject("a value that is no number");
      values.push_back(value);
    }
    finished_.emplace(std::pair(std::string(cells[0]), std::string(cells[1])), row{std::move(values), number});
  }

  status append(const std::string& line) const {
    const int file = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) return {"the journal cannot be opened", 0};
    const status written = append(file, line);
    return close(file) == 0 ? written : status{full, 0};  // this also gives up the lock
  }

  status append(int file, const std::string& line) const {
    struct stat properties {};
    if (flock(file, LOCK_EX) != 0 || fstat(file, &properties) != 0) return {"the journal cannot be locked", 0};
    std::string text = line;
    char last = '\n';
    if (properties.st_size == 0)
      text.insert(0, header_);
    else if (pread(file, &last, 1, properties.st_size - 1) != 1)
      return {"the journal cannot be read", 0};
    if (last != '\n') text.insert(0, "\n");  // somebody was interrupted
    if (::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file) == 0) return {};
    static_cast<void>(!ftruncate(file, properties.st_size));  // no half of a line
    return {full, 0};
  }

  std::string path_, header_;
  std::size_t columns_;
  std::map<std::pair<std::string, std::string>, row> finished_;  // by name and protocol
  std::vector<misfit> misfits_;
};

}}}  // namespace frond::lab::sweep

#include <frond/config/epilogue.hpp>
