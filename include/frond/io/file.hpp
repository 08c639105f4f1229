// Whole files, read and written so that a program that dies leaves the old file or the new one, never half of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <frond/core/status.hpp>
#include <frond/config/prologue.hpp>

namespace frond::inline FROND_ABI::io {

// The bytes of a file of at most `limit` bytes. On failure the position is how much could be read.
inline result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t limit = 0xffffffffu) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (!file) return {{}, {"the file cannot be opened", 0}};
  std::vector<std::uint8_t> bytes;
  std::uint8_t buffer[65536];
  std::size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof buffer, file)) > 0 && bytes.size() <= limit)
    bytes.insert(bytes.end(), buffer, buffer + count);
  const bool broken = std::ferror(file) != 0;
  std::fclose(file);
  if (broken) return {{}, {"the file cannot be read", bytes.size()}};
  if (bytes.size() > limit) return {{}, {"the file is larger than anything that belongs here", limit}};
  return {std::move(bytes), {}};
}

// Replaces a file: everything is written under a temporary name beside it, then renamed.
inline status write_file(const std::string& path, std::span<const std::uint8_t> bytes) {
  const std::string temporary = path + ".part";
  std::FILE* const file = std::fopen(temporary.c_str(), "wb");
  if (!file) return {"the file cannot be created", 0};
  const std::size_t written = bytes.empty() ? 0 : std::fwrite(bytes.data(), 1, bytes.size(), file);  // never a null pointer
  const bool flushed = std::fclose(file) == 0;
  if (written != bytes.size() || !flushed) {
    std::remove(temporary.c_str());
    return {"the file cannot be written, perhaps the disk is full", written};
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::remove(temporary.c_str());
    return {"the file cannot be put in place", 0};
  }
  return {};
}
inline status write_file(const std::string& path, std::string_view text) {
  return write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace frond::inline FROND_ABI::io

#include <frond/config/epilogue.hpp>
