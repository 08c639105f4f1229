#include <doctest/doctest.h>

#include <frond/simd/target.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace frond;
using simd::instruction_set;

namespace {

constexpr instruction_set every_set[] = {instruction_set::scalar, instruction_set::sse2,    instruction_set::neon,
                                         instruction_set::wasm,   instruction_set::generic, instruction_set::avx2,
                                         instruction_set::avx512};

// What the operating system says about the processor; empty where there is no such file.
std::set<std::string> processor_flags() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("flags", 0) != 0) continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    std::set<std::string> flags;
    for (std::string word; words >> word;) flags.insert(word);
    return flags;
  }
  return {};
}

}  // namespace

TEST_CASE("names and lanes") {
  CHECK(std::string(simd::name(instruction_set::scalar)) == "scalar");
  CHECK(std::string(simd::name(instruction_set::sse2)) == "sse2");
  CHECK(std::string(simd::name(instruction_set::neon)) == "neon");
  CHECK(std::string(simd::name(instruction_set::wasm)) == "wasm-simd128");
  CHECK(std::string(simd::name(instruction_set::avx2)) == "avx2");
  CHECK(std::string(simd::name(instruction_set::avx512)) == "avx512");
  CHECK(simd::lanes(instruction_set::scalar) == 1);
  CHECK(simd::lanes(instruction_set::sse2) == 4);
  CHECK(simd::lanes(instruction_set::avx2) == 8);
  CHECK(simd::lanes(instruction_set::avx512) == 16);
  CHECK(simd::lanes(simd::base_instruction_set()) == FROND_BASE_LANES);
}

TEST_CASE("a program can say what it computes with") {
  const simd::build_description built = simd::describe();
  CHECK(std::string(built.backend) == (FROND_BACKEND == FROND_BACKEND_BUILTIN   ? "builtin"
                                       : FROND_BACKEND == FROND_BACKEND_SCALAR  ? "scalar"
                                       : FROND_BACKEND == FROND_BACKEND_HIGHWAY ? "highway"
                                                                                : "xsimd"));
  CHECK(std::string(built.arithmetic) == (FROND_ARITHMETIC == FROND_ARITHMETIC_FUSED ? "fused" : "separate"));
  CHECK(built.instructions == simd::active_instruction_set());
  CHECK(built.lanes == simd::lanes(built.instructions));
  CHECK(built.bits_version == FROND_BITS_VERSION);
#if defined(__OPTIMIZE__)
  CHECK(built.optimised);
#else
  CHECK_FALSE(built.optimised);
#endif
}

TEST_CASE("the choice follows pin, and a refused pin changes nothing") {
  const instruction_set before = simd::active_instruction_set();
  CHECK(simd::pin(simd::base_instruction_set()));
  CHECK(simd::active_instruction_set() == simd::base_instruction_set());
  for (const instruction_set set : every_set) {
    const instruction_set last = simd::active_instruction_set();
    const bool accepted = simd::pin(set);
    CHECK(simd::active_instruction_set() == (accepted ? set : last));
  }
  CHECK(simd::pin(before));
  CHECK(simd::active_instruction_set() == before);
}

TEST_CASE("pin accepts only what was compiled in") {
  const instruction_set before = simd::active_instruction_set();
  for (const instruction_set set : every_set) {
    const bool wider =
        (set == instruction_set::avx2 && FROND_WITH_AVX2) || (set == instruction_set::avx512 && FROND_WITH_AVX512);
    if (!wider) CHECK(simd::pin(set) == (set == simd::base_instruction_set()));
  }
  CHECK(simd::pin(before));
}

TEST_CASE("pin accepts what the operating system says that the machine has") {
  const std::set<std::string> flags = processor_flags();
  if (!FROND_DISPATCH || flags.empty()) return;
  const instruction_set before = simd::active_instruction_set();
  const bool has_avx512 =
      flags.count("avx512f") && flags.count("avx512bw") && flags.count("avx512dq") && flags.count("avx512vl");
  if (FROND_WITH_AVX2) CHECK(simd::pin(instruction_set::avx2) == (flags.count("avx2") == 1));
  if (FROND_WITH_AVX512) CHECK(simd::pin(instruction_set::avx512) == has_avx512);
  CHECK(simd::pin(before));
}

#if FROND_DISPATCH

// Not a test of its own: the next one runs it in fresh processes, with the environment that it wants to see honoured.
TEST_CASE("child: the first choice is the expected one" * doctest::skip()) {
  const char* expected = std::getenv("FROND_TEST_EXPECTED");
  REQUIRE(expected != nullptr);
  CHECK(std::string(simd::name(simd::active_instruction_set())) == expected);
}

TEST_CASE("child: kernels ask from many threads" * doctest::skip()) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([] { static_cast<void>(simd::active_instruction_set()); });
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("a fresh process honours the environment variable FROND_INSTRUCTION_SET") {
  std::error_code no_link;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", no_link).string();
  if (no_link) {
    MESSAGE("no link /proc/self/exe names this program: fresh processes were not tested");
    return;
  }
  const auto chooses = [&](const std::string& wanted, const std::string& expected) {
    const std::string command = "FROND_INSTRUCTION_SET=" + wanted + " FROND_TEST_EXPECTED=" + expected + " '" + self +
                                "' --no-skip --test-case='child: the first*' > /dev/null 2>&1";
    return std::system(command.c_str()) == 0;
  };

  const instruction_set before = simd::active_instruction_set();
  instruction_set widest = simd::base_instruction_set();
  for (const instruction_set set : every_set) {
    if (!simd::pin(set)) continue;
    CAPTURE(simd::name(set));
    CHECK(chooses(simd::name(set), simd::name(set)));
    CHECK(!chooses(simd::name(set), "another"));  // so the child does look
    if (simd::lanes(set) > simd::lanes(widest)) widest = set;
  }
  CHECK(simd::pin(before));
  // Without a wish, or with one that nothing fulfils, the widest is taken.
  CHECK(chooses("", simd::name(widest)));
  CHECK(chooses("no-such-set", simd::name(widest)));
  CHECK(chooses("neon", simd::name(widest)));
}

TEST_CASE("a wish in FROND_INSTRUCTION_SET that is not fulfilled is reported once, with the names that are known") {
  std::error_code no_link;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", no_link).string();
  if (no_link) {
    MESSAGE("no link /proc/self/exe names this program: fresh processes were not tested");
    return;
  }
  const auto said = [&](const std::string& wanted) {
    const std::string command =
        "FROND_INSTRUCTION_SET='" + wanted + "' '" + self + "' --no-skip --test-case='child: kernels*' 2>&1 > /dev/null";
    FILE* const child = popen(command.c_str(), "r");
    std::string text;
    for (int c = std::fgetc(child); c != EOF; c = std::fgetc(child)) text += static_cast<char>(c);
    CHECK(pclose(child) == 0);
    return text;
  };
  const instruction_set before = simd::active_instruction_set();
  const std::string base = simd::name(simd::base_instruction_set());
  const std::string known = base + (FROND_WITH_AVX2 ? ", avx2" : "") + (FROND_WITH_AVX512 ? ", avx512" : "");
  instruction_set widest = simd::base_instruction_set();
  for (const instruction_set set : every_set)
    if (simd::pin(set) && simd::lanes(set) > simd::lanes(widest)) widest = set;
  const std::string rest = "; this program knows " + known + " and uses " + simd::name(widest) + "\n";
  for (const instruction_set set : every_set) {
    const std::string name = simd::name(set);
    const bool compiled = (set == instruction_set::avx2 && FROND_WITH_AVX2) ||
                          (set == instruction_set::avx512 && FROND_WITH_AVX512) || name == base;
    const char* const why = compiled ? ": this machine lacks it" : ": no such name";
    CHECK(said(name) == (simd::pin(set) ? "" : "frond: FROND_INSTRUCTION_SET=" + name + why + rest));
  }
  CHECK(simd::pin(before));
  CHECK(said("") == "");
  CHECK(said("avx3000%s") == "frond: FROND_INSTRUCTION_SET=avx3000%s: no such name" + rest);
}

#endif
