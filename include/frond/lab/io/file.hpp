// Whole files, read and written so that a program that dies, or a machine that loses its power, leaves the old file or the new
// one, never half of one. For systems with POSIX calls.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <frond/core/minimum.hpp>
#include <frond/core/status.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::io {

// The first `size` bytes of a file, or all of a shorter one. On failure the position is how much could be read.
inline result<std::vector<std::uint8_t>> read_start(const std::string& path, std::size_t size) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (!file) return {{}, {"the file cannot be opened", 0}};
  std::vector<std::uint8_t> bytes;
  std::uint8_t buffer[65536];
  std::size_t count = 0;
  do {
    const std::size_t left = size - bytes.size();
    count = std::fread(buffer, 1, left < sizeof buffer ? left : sizeof buffer, file);
    bytes.insert(bytes.end(), buffer, buffer + count);
  } while (count > 0 && bytes.size() < size);
  const bool broken = std::ferror(file) != 0;
  std::fclose(file);
  if (broken) return {{}, {"the file cannot be read", bytes.size()}};
  return {std::move(bytes), {}};
}

// The bytes of a file of at most `limit` bytes; of a larger one no more than these are read.
inline result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t limit) {
  auto bytes = read_start(path, limit < SIZE_MAX ? limit + 1 : limit);
  if (bytes && bytes.value.size() > limit) return {{}, {"the file is larger than anything that belongs here", limit}};
  return bytes;
}

namespace detail {

// Creates a file in `folder` under a name that nobody else has, not even another machine that shares the folder.
inline int create_part(const std::string& folder, std::string& name) {
  static std::atomic<std::uint64_t> next{0};
  for (;;) {
    name = folder + "frond." + std::to_string(::getpid()) + "." + std::to_string(next++) + ".part";
    const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0 || errno != EEXIST) return file;
  }
}

// How many bytes could be written.
inline std::size_t write_all(int file, std::span<const std::uint8_t> bytes) {
  constexpr std::size_t at_once = std::size_t{1} << 30;  // some systems refuse more
  std::size_t done = 0;
  while (done < bytes.size()) {
    const std::size_t left = bytes.size() - done;
    const auto count = ::write(file, bytes.data() + done, smaller(left, at_once));
    if (count > 0)
      done += static_cast<std::size_t>(count);
    else if (count == 0 || errno != EINTR)
      break;
  }
  return done;
}

// Puts the names of a folder on the disk. True also where that is impossible: in a folder that may not be read, on some file
// systems.
inline bool save_names(const std::string& folder) {
  const int file = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return true;
  const bool saved = ::fsync(file) == 0 || errno != EIO;
  ::close(file);
  return saved;
}

}  // namespace detail

// Replaces a file, or makes one: everything is written under another name in the same folder and put on the disk, then renamed.
// Any number of threads and processes may write one path; the file is that of the last one. A program that is killed meanwhile
// leaves its frond.*.part behind. After an error the old file is there, but for the last of the reasons.
inline status write_file(const std::string& path, std::span<const std::uint8_t> bytes) {
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) return {"the path names something else than a file", 0};
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  std::string part;
  const int file = detail::create_part(folder, part);
  if (file < 0) return {"the file cannot be created", 0};
  const std::size_t written = detail::write_all(file, bytes);
  const bool saved = written == bytes.size() && ::fsync(file) == 0;
  if (::close(file) != 0 || !saved) {
    ::unlink(part.c_str());
    return {"the file cannot be written, perhaps the disk is full", written};
  }
  if (::rename(part.c_str(), path.c_str()) != 0) {
    ::unlink(part.c_str());
    return {"the file cannot be put in place", 0};
  }
  if (!detail::save_names(folder)) return {"the file is in place, but a loss of power may undo that: the disk has an error", 0};
  return {};
}
inline status write_file(const std::string& path, std::string_view text) {
  return write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}}}  // namespace frond::lab::io

#include <frond/config/epilogue.hpp>
