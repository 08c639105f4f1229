// What the runs of a sweep have found so far, one line each, in a file that any number of processes may add to.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <frond/lab.hpp>

namespace common {

using namespace frond;

// Cells in one line of a CSV file, without its end. Appended piece by piece: g++ 12 warns of `"," + text` for no reason.
inline std::string joined(std::string line, const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) {
    line += ',';
    line += cell;
  }
  return line;
}
inline std::string joined(std::string line, const std::vector<double>& values) {
  for (const double value : values) {
    line += ',';
    line += io::cell(value);
  }
  return line;
}

// A CSV file: a header, then name, values and, as the last cell, the bits version. The last cell says that the line is whole:
// what a killed process or a full disk left of one does not count, nor does what another bits version found. A line is added in
// one write to the end of the file under a lock.
class journal {
 public:
  journal(std::string path, const std::vector<std::string>& columns) : path_(std::move(path)), columns_(columns.size()) {
    header_ = joined("name", columns) + ",whole\n";
  }

  // Reads what is there. Refuses a file with other columns.
  status load() {
    if (!std::filesystem::exists(path_)) return {};
    const auto bytes = io::read_file(path_, std::size_t{1} << 30);
    if (!bytes) return bytes.state;
    std::string_view text(reinterpret_cast<const char*>(bytes.value.data()), bytes.value.size());
    if (text.empty()) return {};
    if (text.substr(0, header_.size()) != header_) return {"the journal has other columns; move it away to start anew", 0};
    text.remove_prefix(header_.size());
    for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
      read_line(text.substr(0, end));
    return {};
  }

  // The values of a run, or nullptr where it has not been finished.
  [[nodiscard]] const std::vector<double>* find(const std::string& name) const {
    const auto place = finished_.find(name);
    return place == finished_.end() ? nullptr : &place->second;
  }

  status add(const std::string& name, const std::vector<double>& values) {
    const std::string line = joined(name, values) + "," + mark() + "\n";
    if (const status written = append(line); !written) return written;
    finished_.emplace(name, values);
    return {};
  }

 private:
  static std::string mark() { return "bits" + std::to_string(FROND_BITS_VERSION); }

  void read_line(std::string_view line) {
    std::vector<std::string_view> cells;
    for (std::size_t end = 0; end != std::string_view::npos;) {
      end = line.find(',');
      cells.push_back(line.substr(0, end));
      line.remove_prefix(end == std::string_view::npos ? 0 : end + 1);
    }
    if (cells.size() != columns_ + 2 || cells.back() != mark()) return;
    std::vector<double> values;
    for (std::size_t i = 1; i + 1 < cells.size(); ++i) {
      double value = std::numeric_limits<double>::quiet_NaN();
      const auto parsed = std::from_chars(cells[i].data(), cells[i].data() + cells[i].size(), value);
      if (!cells[i].empty() && parsed.ptr != cells[i].data() + cells[i].size()) return;
      values.push_back(value);
    }
    finished_.emplace(cells[0], values);
  }

  status append(const std::string& line) const {
    const int file = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) return {"the journal cannot be opened", 0};
    struct stat properties {};
    std::string text = line;
    bool good = flock(file, LOCK_EX) == 0 && fstat(file, &properties) == 0;
    if (good && properties.st_size == 0) {
      text.insert(0, header_);
    } else if (good) {
      char last = 0;
      good = pread(file, &last, 1, properties.st_size - 1) == 1;
      if (last != '\n') text.insert(0, "\n");  // somebody was interrupted
    }
    good = good && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    good = close(file) == 0 && good;  // this also gives up the lock
    return good ? status{} : status{"the journal cannot be written, perhaps the disk is full", 0};
  }

  std::string path_, header_;
  std::size_t columns_;
  std::map<std::string, std::vector<double>> finished_;
};

}  // namespace common
