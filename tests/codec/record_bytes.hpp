// Records written and read by hand, and what may be wrong with them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <doctest/doctest.h>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <frond/codec/record.hpp>
#include <frond/rng/draws.hpp>

namespace record_bytes {

using namespace frond;
using codec::record_header;

using byte_string = std::vector<std::uint8_t>;

inline constexpr record_header header{.kind = 7, .shape_hash = 0x0123456789abcdef, .settings_hash = 0xfedcba9876543210};

// Floats are compared as bit patterns everywhere, because a NaN is not even equal to itself.
struct content {
  std::vector<std::uint64_t> words;
  std::vector<std::uint32_t> patterns;

  friend bool operator==(const content&, const content&) = default;
};

inline std::vector<float> as_floats(const std::vector<std::uint32_t>& patterns) {
  std::vector<float> floats(patterns.size());
  std::transform(patterns.begin(), patterns.end(), floats.begin(), [](std::uint32_t p) { return std::bit_cast<float>(p); });
  return floats;
}

inline byte_string written(const content& what, const record_header& h = header) {
  byte_string bytes(codec::record_size(what.words.size(), what.patterns.size()));
  REQUIRE(codec::write_record(h, what.words, as_floats(what.patterns), bytes).ok());
  return bytes;
}

struct outcome {
  bool accepted = false;
  std::string reason;
  std::size_t position = 0;
  content out;
};

// Reads into memory full of marks. A refusal must leave every mark, and point into the bytes or right behind them.
inline outcome read(const byte_string& bytes, std::size_t words, std::size_t floats, const record_header& expected = header) {
  constexpr std::uint32_t mark = 0x5a5a5a5a;
  outcome o;
  o.out.words.assign(words, mark);
  std::vector<float> values(floats, std::bit_cast<float>(mark));
  const status s = codec::read_record(bytes, expected, o.out.words, values);
  for (const float value : values) o.out.patterns.push_back(std::bit_cast<std::uint32_t>(value));
  o.accepted = s.ok();
  if (!o.accepted) {
    o.reason = s.reason;
    o.position = s.position;
    const bool untouched = o.out == content{std::vector<std::uint64_t>(words, mark), std::vector<std::uint32_t>(floats, mark)};
    if (!untouched || o.position > bytes.size()) throw std::logic_error("a refusal wrote something, or points nowhere");
  }
  return o;
}

inline void check_refused(const outcome& o, const std::string& reason, std::size_t position) {
  CHECK_FALSE(o.accepted);
  CHECK(o.reason == reason);
  CHECK(o.position == position);
}

// FNV-1a once more, and the checksum that makes any bytes look undamaged.
inline std::uint64_t fnv(const byte_string& bytes, std::size_t count) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < count; ++i) h = (h ^ bytes[i]) * 0x100000001b3;
  return h;
}
inline void seal(byte_string& bytes) {
  const std::uint64_t h = fnv(bytes, bytes.size() - 8);
  for (unsigned i = 0; i < 8; ++i) bytes[bytes.size() - 8 + i] = static_cast<std::uint8_t>(h >> 8 * i);
}
inline bool sealed(const byte_string& bytes) {
  byte_string again = bytes;
  seal(again);
  return again == bytes;
}

inline const content tiny{{1, 0x8899aabbccddeeff}, {0x3fc00000, 0x80000000, 0x7fc12345}};

// The record of `tiny`, made by hand. If the bits version rises, byte 8 and the checksum follow it; nothing else may ever move.
inline const byte_string golden{0x46, 0x52, 0x4e, 0x44,                          // "FRND"
                                0x01, 0x00, 0x00, 0x00,                          // format
                                0x03, 0x00, 0x00, 0x00,                          // bits version
                                0x00, 0x00, 0x00, 0x00,                          // arithmetic
                                0x07, 0x00, 0x00, 0x00,                          // kind
                                0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,  // shape hash
                                0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe,  // settings hash
                                0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // words
                                0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // floats
                                0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // words[0]
                                0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88,  // words[1]
                                0x00, 0x00, 0xc0, 0x3f,                          // 1.5
                                0x00, 0x00, 0x00, 0x80,                          // -0
                                0x45, 0x23, 0xc1, 0x7f,                          // a NaN with a payload
                                0xff, 0x79, 0x84, 0x9a, 0x1a, 0x7b, 0xbe, 0x78};

}  // namespace record_bytes
