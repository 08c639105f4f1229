#include <doctest/doctest.h>

#include <frond/lab/io/weights.hpp>
#include <frond/nn/network.hpp>
#include <frond/rng/draws.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "limits.hpp"
#include "temporary.hpp"

using namespace frond;

namespace {

using net = nn::network<nn::input<4, 5>, nn::dense<6>, nn::gelu, nn::dense<3>>;
using relu_net = nn::network<nn::input<4, 5>, nn::dense<6>, nn::relu, nn::dense<3>>;
using wide_net = nn::network<nn::input<4, 5>, nn::dense<7>, nn::gelu, nn::dense<3>>;
constexpr nn::plan plan = nn::plan_of<net>();

// Corners first, then any bit patterns that are numbers.
std::vector<float> finite_weights() {
  using limits = std::numeric_limits<float>;
  std::vector<float> values{0.0f,
                            -0.0f,
                            1.0f,
                            -1.5f,
                            0.1f,
                            limits::denorm_min(),
                            -limits::denorm_min(),
                            0x1.fffffcp-127f,
                            limits::min(),
                            limits::max(),
                            limits::lowest(),
                            16777217.0f,
                            1e10f,
                            3.0f};
  rng::draws draw(seed{3}, rng::stream::user, 0);
  while (values.size() < plan.parameter_count)
    if (const auto value = std::bit_cast<float>(draw.word()); value - value == 0.0f) values.push_back(value);
  return values;
}

std::vector<std::uint32_t> patterns(const std::vector<float>& values) {
  std::vector<std::uint32_t> all;
  for (const float value : values) all.push_back(std::bit_cast<std::uint32_t>(value));
  return all;
}

std::uint64_t fnv(const std::vector<std::uint32_t>& all) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (const std::uint32_t pattern : all) h = (h ^ pattern) * 0x100000001b3;
  return h;
}

void check_refused(const std::string& path, const nn::plan& p, std::size_t count, const std::string& reason,
                   std::size_t position) {
  std::vector<float> parameters(count, 7.0f);
  const status refused = lab::io::load_weights(path, p, parameters);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.reason == reason);
  CHECK(refused.position == position);
  CHECK(parameters == std::vector<float>(count, 7.0f));
}

}  // namespace

TEST_CASE("saved weights are loaded with the same bits, numbers or not") {
  const temporary_folder folder;
  auto values = finite_weights();
  values[20] = std::numeric_limits<float>::infinity();
  values[21] = std::bit_cast<float>(0xffc12345u);
  REQUIRE(lab::io::save_weights(folder / "w", plan, values).ok());
  std::vector<float> back(plan.parameter_count);
  REQUIRE(lab::io::load_weights(folder / "w", plan, back).ok());
  CHECK(patterns(back) == patterns(values));
  CHECK(content_of(folder / "w").size() == 60 + 4 * plan.parameter_count);
  CHECK(folder.names() == std::set<std::string>{"w"});
}

TEST_CASE("weights that do not belong here are refused, and the parameters stay") {
  const temporary_folder folder;
  const std::size_t count = plan.parameter_count;
  check_refused(folder / "missing", plan, count, "the file cannot be opened", 0);
  REQUIRE(lab::io::save_weights(folder / "w", plan, finite_weights()).ok());
  const char* const other_shape = "this record belongs to a network of another shape";
  check_refused(folder / "w", nn::plan_of<wide_net>(), nn::plan_of<wide_net>().parameter_count, other_shape, 20);
  // As many parameters, but they mean something else.
  REQUIRE(nn::plan_of<relu_net>().parameter_count == count);
  check_refused(folder / "w", nn::plan_of<relu_net>(), count, other_shape, 20);
  const char* const other_number = "there are {} parameters, the network has {}";
  check_refused(folder / "w", plan, count - 1, other_number, count - 1);
  check_refused(folder / "w", plan, count + 1, other_number, count + 1);
  for (const status& written : {lab::io::save_weights(folder / "v", plan, std::vector<float>(count - 1)),
                                lab::io::write_weights_header(folder / "v", "baked", plan, std::vector<float>(count - 1))}) {
    REQUIRE_FALSE(written.ok());
    CHECK(written.reason == std::string(other_number));
    CHECK(written.position == count - 1);
  }
  CHECK(folder.names() == std::set<std::string>{"w"});

  const auto sound = content_of(folder / "w");
  auto bytes = sound;
  bytes[70] ^= 4;
  put(folder / "w", bytes);
  check_refused(folder / "w", plan, count, "this record's checksum does not match", bytes.size() - 8);
  put(folder / "w", {sound.begin(), sound.end() - 1});
  check_refused(folder / "w", plan, count, "this record is cut off", sound.size() - 1);
  put(folder / "w", {});
  check_refused(folder / "w", plan, count, "this record is cut off", 0);
  bytes = sound;
  bytes.push_back(0);
  put(folder / "w", bytes);
  check_refused(folder / "w", plan, count, "something follows this record", sound.size());

  std::vector<std::uint8_t> checkpoint(codec::record_size(0, count));
  const auto values = finite_weights();
  REQUIRE(codec::write_record({.kind = 2, .shape_hash = plan.shape_hash()}, {}, values, checkpoint).ok());
  put(folder / "w", checkpoint);
  check_refused(folder / "w", plan, count, "this record holds something else", 16);
}

TEST_CASE("of a weights file no more is read than the weights take") {
  const temporary_folder folder;
  REQUIRE(lab::io::save_weights(folder / "w", plan, finite_weights()).ok());
  const auto sound = content_of(folder / "w");
  flooded_pipe pipe(folder / "pipe", sound);
  check_refused(folder / "pipe", plan, plan.parameter_count, "something follows this record", sound.size());
  CHECK(pipe.taken() <= flooded_pipe::taken_unasked + sound.size());
  flooded_pipe zeros(folder / "zeros", {});
  check_refused(folder / "zeros", plan, plan.parameter_count, "this is no Frond record", 0);
  CHECK(zeros.taken() <= flooded_pipe::taken_unasked + sound.size());
}

TEST_CASE("a C++ program that includes the weights header has the same bits, without a warning") {
  if (std::system("command -v c++ > /dev/null") != 0) {
    MESSAGE("no compiler is called c++ here: a program with the weights header was not tested");
    return;
  }
  const temporary_folder folder;
  const auto values = finite_weights();
  REQUIRE(lab::io::write_weights_header(folder / "w.hpp", "baked", plan, values).ok());
  std::ofstream(folder / "program.cpp")
      << "#include \"w.hpp\"\n#include \"w.hpp\"\n#include <bit>\n"
      << "static_assert(baked::shape_hash == " << plan.shape_hash() << "ull);\n"
      << "static_assert(sizeof baked::values == 4 * " << values.size() << ");\n"
      << "int main() {\n  std::uint64_t h = 0xcbf29ce484222325;\n"
      << "  for (const float v : baked::values) h = (h ^ std::bit_cast<std::uint32_t>(v)) * 0x100000001b3;\n"
      << "  return h == " << fnv(patterns(values)) << "ull ? 0 : 1;\n}\n";
  const std::string source = folder / "program.cpp", program = folder / "program";
  const std::string compile =
      "c++ -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Werror '" + source + "' -o '" + program + "'";
  REQUIRE(std::system(compile.c_str()) == 0);
  CHECK(std::system(("'" + program + "'").c_str()) == 0);
}

TEST_CASE("the weights header is text that does not drift") {
  using small = nn::network<nn::input<1, 1>, nn::dense<1>>;
  const temporary_folder folder;
  const std::vector<float> values{-0.75f, 0x1p-149f};
  REQUIRE(lab::io::write_weights_header(folder / "w.hpp", "baked", nn::plan_of<small>(), values).ok());
  const auto bytes = content_of(folder / "w.hpp");
  const std::string text(bytes.begin(), bytes.end());
  CHECK(text.starts_with("// Weights written by Frond "));
  CHECK(text.find("struct baked {\n") != std::string::npos);
  CHECK(text.find("  static constexpr float values[2] = {\n    -0x1.8p-1f, ") != std::string::npos);
}

TEST_CASE("a weight that is not finite is refused with its number, and no file is written") {
  const temporary_folder folder;
  for (const float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()})
    for (const std::size_t at : {std::size_t{0}, std::size_t{17}, plan.parameter_count - 1}) {
      auto values = finite_weights();
      values[at] = bad;
      const status refused = lab::io::write_weights_header(folder / "w.hpp", "baked", plan, values);
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.reason == std::string("a weight is not a finite number"));
      CHECK(refused.position == at);
      CHECK(folder.names().empty());
    }
}

TEST_CASE("a name that no namespace of a program can have is refused, and no file is written") {
  const temporary_folder folder;
  const auto refused = [&](const std::string& name, const std::string& reason, std::size_t position) {
    CAPTURE(name);
    const status written = lab::io::write_weights_header(folder / "w.hpp", name, plan, finite_weights());
    REQUIRE_FALSE(written.ok());
    CHECK(written.reason == reason);
    CHECK(written.position == position);
    CHECK(folder.names().empty());
  };
  refused("", "a type needs a name", 0);
  const std::string letters = "the name of a type is a letter, then letters, digits and underscores";
  refused("1 bad name;", letters, 0);
  refused("a b", letters, 1);
  refused("a::b", letters, 1);
  refused("net-2", letters, 3);
  refused("caf\xc3\xa9", letters, 3);
  refused("a\n", letters, 1);
  refused(std::string("a\0b", 3), letters, 1);
  refused("_net", letters, 0);
  refused("Net_1__2", "the name of a type must not be reserved: it has two underscores in a row", 5);
  for (const char* name : {"std", "std2", "std20", "posix", "main"})
    refused(name, "the name of a type must not be reserved", 0);
  for (const char* name : {"class", "namespace", "and", "xor_eq", "co_await", "char8_t", "while", "alignas", "requires"})
    refused(name, "the name of a type must not be a keyword of C++", 0);
  for (const char* name : {"a", "Z9_", "stdx", "std_2", "classes", "And", "main_net"}) {
    CAPTURE(name);
    CHECK(lab::io::write_weights_header(folder / "w.hpp", name, plan, finite_weights()).ok());
  }
}
