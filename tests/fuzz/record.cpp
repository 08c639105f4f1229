// Feeds bytes that nobody has made with care to read_record(): libFuzzer runs it, see CMakeLists.txt here.
#include <frond/codec/record.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace {

namespace codec = frond::codec;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

constexpr codec::record_header header{.kind = 1, .shape_hash = 2, .settings_hash = 3};

// What a fuzzer does not find by itself: the front of a record of so many words and floats, and a matching checksum.
void repair_front(std::vector<std::uint8_t>& bytes, std::size_t words, std::size_t floats) {
  const std::vector<std::uint64_t> no_words(words);
  const std::vector<float> no_floats(floats);
  std::vector<std::uint8_t> sound(codec::record_size(words, floats));
  require(codec::write_record(header, no_words, no_floats, sound).ok());
  for (std::size_t i = 0; i < bytes.size() && i < codec::record_overhead - 8; ++i) bytes[i] = sound[i];
}
void repair_checksum(std::vector<std::uint8_t>& bytes) {
  if (bytes.size() < 8) return;
  const std::uint64_t checksum = codec::detail::hash_of(std::span(bytes).first(bytes.size() - 8));
  for (std::size_t i = 0; i < 8; ++i) bytes[bytes.size() - 8 + i] = static_cast<std::uint8_t>(checksum >> 8 * i);
}

// Whether the bytes are accepted. What is refused must leave the memory as it is; what is accepted must be, byte for byte, what
// write_record() makes of the numbers that were read.
bool read(const std::vector<std::uint8_t>& bytes, std::size_t word_count, std::size_t float_count) {
  std::vector<std::uint64_t> words(word_count, 0x5a);
  std::vector<float> floats(float_count, 0.5f);
  const frond::status state = codec::read_record(bytes, header, words, floats);
  if (state.ok()) {
    std::vector<std::uint8_t> again(codec::record_size(word_count, float_count));
    require(codec::write_record(header, words, floats, again).ok() && again == bytes);
  } else {
    require(state.position <= bytes.size());
    for (const std::uint64_t word : words) require(word == 0x5a);
    for (const float value : floats) require(value == 0.5f);
  }
  return state.ok();
}

}  // namespace

// Three bytes say what is expected and what is repaired; the record is the rest.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t words = data[1] % 8, floats = data[2] % 8;
  std::vector<std::uint8_t> bytes(data + 3, data + size);
  if (data[0] & 1) bytes.resize(codec::record_size(words, floats));
  if (data[0] & 2) repair_front(bytes, words, floats);
  if (data[0] & 4) repair_checksum(bytes);
  const bool accepted = read(bytes, words, floats);
  require(accepted || (data[0] & 7) != 7);
  return 0;
}
