// The byte format of weights and checkpoints, over spans, so that a device can read what a PC wrote.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frond/core/hash.hpp>
#include <frond/core/status.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace codec {

// What a record says about itself; all of it is compared when it is read back.
struct record_header {
  std::uint32_t kind = 0;           // what the arrays mean: the caller's number
  std::uint64_t shape_hash = 0;     // of the network, see nn::plan::shape_hash
  std::uint64_t settings_hash = 0;  // of what else must not differ when a run is continued; 0 for weights
};

// The format, all numbers little-endian:
//   "FRND", format version 1, bits version, arithmetic (0 separate, 1 fused), kind   4 + 4 * 4 bytes
//   shape hash, settings hash, number of words, number of floats               4 * 8 bytes
//   the words                                                                  8 bytes each
//   the floats, as their bit patterns                                          4 bytes each
//   FNV-1a hash of all bytes before it                                         8 bytes
inline constexpr std::size_t record_overhead = 20 + 32 + 8;

// Bytes of a record with so many words and floats.
constexpr std::size_t record_size(std::size_t words, std::size_t floats) { return record_overhead + 8 * words + 4 * floats; }

namespace detail {

inline constexpr std::uint32_t magic = 0x444e5246u;  // "FRND"
inline constexpr std::uint32_t format_version = 1;
inline constexpr std::uint32_t arithmetic = FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED ? 1 : 0;

class writer {
 public:
  explicit constexpr writer(std::span<std::uint8_t> out) : out_(out) {}
  constexpr void put(std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) {
      out_[at_++] = static_cast<std::uint8_t>(value >> 8 * i);
    }
  }
  constexpr std::span<const std::uint8_t> written() const { return out_.first(at_); }

 private:
  std::span<std::uint8_t> out_;
  std::size_t at_ = 0;
};

class reader {
 public:
  explicit constexpr reader(std::span<const std::uint8_t> in) : in_(in) {}
  constexpr std::uint64_t get(unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= std::uint64_t{in_[at_++]} << 8 * i;
    return value;
  }
  constexpr std::size_t position() const { return at_; }

 private:
  std::span<const std::uint8_t> in_;
  std::size_t at_ = 0;
};

constexpr std::uint64_t hash_of(std::span<const std::uint8_t> bytes) {
  hasher h;
  h.add(bytes);
  return h.value();
}

// What a record says about itself, and why it does not fit, with the byte where that shows.
constexpr status check_header(reader& in, const record_header& expected) {
  if (in.get(4) != magic) return {"this is no Frond record", 0};
  if (in.get(4) != format_version) return {"this record has another format version", 4};
  if (in.get(4) != FROND_BITS_VERSION) return {"this record was made with another bits version", 8};
  if (in.get(4) != detail::arithmetic) return {"this record was made with another arithmetic", 12};
  if (in.get(4) != expected.kind) return {"this record holds something else", 16};
  if (in.get(8) != expected.shape_hash) return {"this record belongs to a network of another shape", 20};
  if (in.get(8) != expected.settings_hash) return {"this record belongs to a run with other settings", 28};
  return {};
}

// The same, and its numbers of words and floats.
constexpr status check_front(reader& in, const record_header& expected, std::size_t words, std::size_t floats) {
  if (const status header = check_header(in, expected); !header) return header;
  if (in.get(8) != words) return {"this record has another number of words", 36};
  if (in.get(8) != floats) return {"this record has another number of floats", 44};
  return {};
}

}  // namespace detail

// Writes a record of `words` and `floats` to `out`, which has exactly record_size() bytes.
constexpr status write_record(const record_header& header, std::span<const std::uint64_t> words, std::span<const float> floats,
                              std::span<std::uint8_t> out) {
  if (out.size() != record_size(words.size(), floats.size())) return {"the buffer does not have the record's size", out.size()};
  detail::writer to(out);
  to.put(detail::magic, 4);
  to.put(detail::format_version, 4);
  to.put(FROND_BITS_VERSION, 4);
  to.put(detail::arithmetic, 4);
  to.put(header.kind, 4);
  to.put(header.shape_hash, 8);
  to.put(header.settings_hash, 8);
  to.put(words.size(), 8);
  to.put(floats.size(), 8);
  for (const std::uint64_t word : words) to.put(word, 8);
  for (const float value : floats) to.put(__builtin_bit_cast(std::uint32_t, value), 4);
  to.put(detail::hash_of(to.written()), 8);
  return {};
}

// Reads the words of a record of this kind and network alone, and returns how many floats follow, by its own word: to tell
// what differs before floats of an unknown number are read. Fails like read_record(), but sees no checksum.
constexpr result<std::uint64_t> read_words(std::span<const std::uint8_t> bytes, const record_header& expected,
                                           std::span<std::uint64_t> words) {
  if (bytes.size() < record_overhead) return {0, {"this record is cut off", bytes.size()}};
  detail::reader in(bytes);
  if (const status header = detail::check_header(in, expected); !header) return {0, header};
  if (in.get(8) != words.size()) return {0, {"this record has another number of words", 36}};
  const std::uint64_t floats = in.get(8);
  if (bytes.size() < record_size(words.size(), 0)) return {0, {"this record is cut off", bytes.size()}};
  for (std::uint64_t& word : words) word = in.get(8);
  return {floats, {}};
}

// Reads a record that must match `expected` and have exactly these numbers of words and floats. Checks everything, the checksum
// included, before it writes anything; a refusal gives the reason and the byte.
constexpr status read_record(std::span<const std::uint8_t> bytes, const record_header& expected, std::span<std::uint64_t> words,
                             std::span<float> floats) {
  if (bytes.size() < record_overhead) return {"this record is cut off", bytes.size()};
  detail::reader in(bytes);
  if (const status front = detail::check_front(in, expected, words.size(), floats.size()); !front) return front;
  const std::size_t size = record_size(words.size(), floats.size());
  if (bytes.size() < size) return {"this record is cut off", bytes.size()};
  if (bytes.size() > size) return {"something follows this record", size};
  detail::reader checksum(bytes.subspan(size - 8));
  if (checksum.get(8) != detail::hash_of(bytes.first(size - 8))) return {"this record's checksum does not match", size - 8};
  for (std::uint64_t& word : words) word = in.get(8);
  for (float& value : floats) value = __builtin_bit_cast(float, static_cast<std::uint32_t>(in.get(4)));
  return {};
}

}}}  // namespace frond::codec

#include <frond/config/epilogue.hpp>
