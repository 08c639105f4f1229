#include <doctest/doctest.h>

#include <frond/codec/record.hpp>
#include <frond/rng/draws.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "record_bytes.hpp"

using namespace frond;
using codec::record_header;
using namespace record_bytes;

TEST_CASE("the bytes of a record do not drift") {
  CHECK(written(tiny) == golden);
  const outcome back = read(golden, 2, 3);
  CHECK(back.accepted);
  CHECK(back.out == tiny);
}

TEST_CASE("whatever the bit patterns, the same come back") {
  content what;
  for (const std::uint64_t word : {std::uint64_t{0}, std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()})
    what.words.push_back(word);
  // Zeros, denormals, the smallest and largest normal numbers, infinities, quiet and signalling NaNs with payloads.
  for (const std::uint32_t magnitude : {0u, 1u, 0x007fffffu, 0x00800000u, 0x7f7fffffu, 0x7f800000u, 0x7fc00000u, 0x7fedcba9u,
                                        0x7f800001u, 0x7fbfffffu, 0x7fffffffu})
    for (const std::uint32_t sign : {0u, 0x80000000u}) what.patterns.push_back(sign | magnitude);
  rng::draws draw(seed{1}, rng::stream::user, 0);
  for (int i = 0; i < 1000; ++i) what.patterns.push_back(draw.word());
  for (int i = 0; i < 100; ++i) what.words.push_back(draw.word64());
  const outcome back = read(written(what), what.words.size(), what.patterns.size());
  CHECK(back.accepted);
  CHECK(back.out == what);
}

TEST_CASE("records of every small size, the empty one included") {
  for (std::size_t words = 0; words < 5; ++words)
    for (std::size_t floats = 0; floats < 5; ++floats) {
      const content what{std::vector<std::uint64_t>(words, 17), std::vector<std::uint32_t>(floats, 0x40490fdb)};
      const byte_string bytes = written(what);
      CHECK(bytes.size() == 60 + 8 * words + 4 * floats);
      CHECK(read(bytes, words, floats).out == what);
    }
}

TEST_CASE("a buffer of another size is refused before anything is written") {
  for (const std::size_t size : {std::size_t{0}, golden.size() - 1, golden.size() + 1}) {
    byte_string bytes(size, 0x5a);
    const status s = codec::write_record(header, tiny.words, as_floats(tiny.patterns), bytes);
    REQUIRE_FALSE(s.ok());
    CHECK(std::string(s.reason) == "the buffer does not have the record's size");
    CHECK(s.position == size);
    CHECK(bytes == byte_string(size, 0x5a));
  }
}

TEST_CASE("each field in front has its own refusal, at its first byte, with and without a matching checksum") {
  const struct {
    std::size_t begin, size;
    const char* reason;
  } fields[] = {{0, 4, "this is no Frond record"},
                {4, 4, "this record has another format version"},
                {8, 4, "this record was made with another bits version"},
                {12, 4, "this record was made with another arithmetic"},
                {16, 4, "this record holds something else"},
                {20, 8, "this record belongs to a network of another shape"},
                {28, 8, "this record belongs to a run with other settings"},
                {36, 8, "this record has another number of words"},
                {44, 8, "this record has another number of floats"}};
  for (const auto& field : fields)
    for (std::size_t at = field.begin; at < field.begin + field.size; ++at) {
      CAPTURE(at);
      byte_string bytes = golden;
      bytes[at] = static_cast<std::uint8_t>(bytes[at] + 0x41);
      check_refused(read(bytes, 2, 3), field.reason, field.begin);
      seal(bytes);
      check_refused(read(bytes, 2, 3), field.reason, field.begin);
    }
}

TEST_CASE("a sound record is refused where something else is expected") {
  record_header other = header;
  other.kind = 8;
  check_refused(read(golden, 2, 3, other), "this record holds something else", 16);
  other = header;
  other.shape_hash ^= std::uint64_t{1} << 63;
  check_refused(read(golden, 2, 3, other), "this record belongs to a network of another shape", 20);
  other = header;
  other.settings_hash ^= std::uint64_t{1} << 63;
  check_refused(read(golden, 2, 3, other), "this record belongs to a run with other settings", 28);
  // One word more and two floats fewer make the same number of bytes.
  check_refused(read(golden, 3, 1), "this record has another number of words", 36);
  check_refused(read(golden, 1, 3), "this record has another number of words", 36);
  check_refused(read(golden, 2, 2), "this record has another number of floats", 44);
  check_refused(read(golden, 2, 4), "this record has another number of floats", 44);
}

TEST_CASE("a record cut off anywhere is refused with its length") {
  for (std::size_t size = 0; size < golden.size(); ++size) {
    CAPTURE(size);
    const byte_string bytes(golden.begin(), golden.begin() + static_cast<std::ptrdiff_t>(size));
    check_refused(read(bytes, 2, 3), "this record is cut off", size);
  }
}

TEST_CASE("what follows a record is refused at its first byte") {
  for (const std::size_t extra : {std::size_t{1}, std::size_t{4}, std::size_t{8}, golden.size()}) {
    byte_string bytes = golden;
    bytes.insert(bytes.end(), golden.begin(), golden.begin() + static_cast<std::ptrdiff_t>(extra));
    check_refused(read(bytes, 2, 3), "something follows this record", golden.size());
    seal(bytes);
    check_refused(read(bytes, 2, 3), "something follows this record", golden.size());
  }
}

TEST_CASE("every single flipped bit is refused, behind the front by the checksum") {
  for (std::size_t bit = 0; bit < 8 * golden.size(); ++bit) {
    CAPTURE(bit);
    byte_string bytes = golden;
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1u << bit % 8);
    const outcome o = read(bytes, 2, 3);
    CHECK_FALSE(o.accepted);
    if (bit / 8 >= 52) check_refused(o, "this record's checksum does not match", golden.size() - 8);
  }
}

namespace {

class mutator {
 public:
  mutator(std::uint64_t number, const byte_string& a, const byte_string& b)
      : draw_(seed{2}, rng::stream::user, number), a_(a), b_(b) {}

  byte_string operator()() {
    byte_string bytes = a_;
    switch (draw_.below(6)) {
      case 0: bytes = noise(2 * below_size(a_)); break;
      case 1: bytes.resize(below_size(a_)); break;
      case 2: bytes = splice(); break;
      case 3: flip(bytes, 1 + draw_.below(8)); break;
      case 4: overwrite(bytes); break;
      case 5: rotate_content(bytes); break;
    }
    // A matching checksum, so that the bytes get further.
    if (bytes.size() >= 8 && draw_.below(4) == 0) seal(bytes);
    return bytes;
  }

 private:
  std::uint32_t below_size(const byte_string& bytes) { return draw_.below(static_cast<std::uint32_t>(bytes.size())); }
  byte_string noise(std::size_t size) {
    byte_string bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(draw_.word());
    return bytes;
  }
  byte_string splice() {
    byte_string bytes(a_.begin(), a_.begin() + below_size(a_));
    bytes.insert(bytes.end(), b_.begin() + below_size(b_), b_.end());
    return bytes;
  }
  void flip(byte_string& bytes, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) bytes[below_size(bytes)] ^= static_cast<std::uint8_t>(1u << draw_.below(8));
  }
  void overwrite(byte_string& bytes) {
    const std::size_t first = below_size(bytes), count = std::min<std::size_t>(1 + draw_.below(16), bytes.size() - first);
    for (std::size_t i = 0; i < count; ++i) bytes[first + i] = static_cast<std::uint8_t>(draw_.word());
  }
  void rotate_content(byte_string& bytes) {
    const auto middle = bytes.begin() + 52 + draw_.below(static_cast<std::uint32_t>(bytes.size()) - 52);
    std::rotate(bytes.begin() + 52, middle, bytes.end());
  }

  rng::draws draw_;
  const byte_string& a_;
  const byte_string& b_;
};

}  // namespace

TEST_CASE("300,000 damaged records: accepted only with the right front, size and checksum, and then read as they stand") {
  const byte_string other = written({{3, 4}, {5, 6, 7}});
  int accepted = 0;
  for (std::uint64_t i = 0; i < 300000; ++i) {
    const byte_string bytes = mutator(i, golden, other)();
    const bool sound =
        bytes.size() == golden.size() && std::equal(bytes.begin(), bytes.begin() + 52, golden.begin()) && sealed(bytes);
    const outcome o = read(bytes, 2, 3);
    if (o.accepted != sound) FAIL("case ", i, " should be ", sound ? "accepted" : "refused");
    if (o.accepted && written(o.out) != bytes) FAIL("case ", i, " is read as something else");
    accepted += o.accepted;
  }
  // Of the cases with a matching checksum many change the content alone, so that this test is not about refusals only.
  CHECK(accepted > 10000);
  CHECK(accepted < 100000);
}

namespace {

constexpr bool works_while_compiling() {
  const std::array<std::uint64_t, 1> words{42};
  const std::array<float, 2> floats{-0.0f, 0x1p-149f};
  std::array<std::uint8_t, codec::record_size(1, 2)> bytes{};
  if (!codec::write_record(header, words, floats, bytes)) return false;
  std::array<std::uint64_t, 1> words_back{};
  std::array<float, 2> floats_back{};
  if (!codec::read_record(bytes, header, words_back, floats_back)) return false;
  bytes[60] ^= 1;
  return words_back == words && __builtin_bit_cast(std::uint32_t, floats_back[0]) == 0x80000000u &&
         __builtin_bit_cast(std::uint32_t, floats_back[1]) == 1 &&
         codec::read_record(bytes, header, words_back, floats_back).position == bytes.size() - 8;
}
static_assert(works_while_compiling());

}  // namespace

TEST_CASE("the words alone are read like those of the whole record") {
  std::vector<std::uint8_t> bytes(codec::record_size(2, 3));
  const std::uint64_t words[] = {7, 0xfedcba9876543210};
  const float floats[] = {1, 2, 3};
  REQUIRE(codec::write_record(header, words, floats, bytes).ok());
  std::uint64_t found[2] = {};
  const auto count = codec::read_words(bytes, header, found);
  REQUIRE(count.ok());
  CHECK(count.value == 3);
  CHECK(found[0] == words[0]);
  CHECK(found[1] == words[1]);
  const auto reason = [&](std::span<const std::uint8_t> part, const record_header& expected, std::span<std::uint64_t> into) {
    return std::string(text(codec::read_words(part, expected, into).state).c_str());
  };
  record_header other = header;
  other.shape_hash ^= 1;
  std::uint64_t one[1];
  CHECK(reason(bytes, other, found) == "this record belongs to a network of another shape");
  CHECK(reason(bytes, header, one) == "this record has another number of words");
  CHECK(reason(std::span(bytes).first(67), header, found) == "this record is cut off");
  CHECK(reason(std::span(bytes).first(10), header, found) == "this record is cut off");
  bytes[0] ^= 1;
  CHECK(reason(std::span(bytes).first(67), header, found) == "this is no Frond record");
}
