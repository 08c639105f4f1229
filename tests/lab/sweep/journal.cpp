#include <doctest/doctest.h>

#include <frond/lab/sweep/journal.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "../io/limits.hpp"
#include "../io/temporary.hpp"

using namespace frond;

namespace {

const std::string bits = "bits" + std::to_string(FROND_BITS_VERSION) + "-";

// A line as the format says: FNV-1a of the mark's beginning and of what stands before it.
std::string line_of(const std::string& cells) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (const char c : bits + cells) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(h));
  return cells + "," + bits + digits + "\n";
}

const std::string header = "name,protocol,x,y,whole\n";
const std::vector<std::string> columns{"x", "y"};

std::string text_of(const std::string& path) {
  const auto bytes = content_of(path);
  return {bytes.begin(), bytes.end()};
}
void put_text(const std::string& path, const std::string& text) { put(path, {text.begin(), text.end()}); }

lab::sweep::journal loaded(const std::string& path) {
  lab::sweep::journal found(path, columns);
  REQUIRE(found.load().ok());
  return found;
}

// What the only line that does not fit is reported as.
std::string only_misfit(const std::string& path, const std::map<std::string, std::string>& wanted, std::size_t line) {
  const auto all = loaded(path).misfits(wanted);
  REQUIRE(all.size() == 1);
  CHECK(all[0].line == line);
  return all[0].name + ": " + all[0].reason;
}

}  // namespace

TEST_CASE("a journal's lines are what the format says, and are read back") {
  const temporary_folder folder;
  lab::sweep::journal first(folder / "runs.csv", columns);
  REQUIRE(first.load().ok());
  REQUIRE(first.add("a", "rate=0.1", {0.1, std::numeric_limits<double>::quiet_NaN()}).ok());
  REQUIRE(first.add("b", "", {-2, 1e300}).ok());
  CHECK(text_of(folder / "runs.csv") == header + line_of("a,rate=0.1,0.1,") + line_of("b,,-2,1e+300"));

  const lab::sweep::journal second = loaded(folder / "runs.csv");
  REQUIRE(second.find("a", "rate=0.1"));
  CHECK(second.find("a", "rate=0.1")->at(0) == 0.1);
  CHECK(std::isnan(second.find("a", "rate=0.1")->at(1)));
  REQUIRE(second.find("b", ""));
  CHECK(*second.find("b", "") == std::vector<double>{-2, 1e300});
  CHECK(second.misfits({{"a", "rate=0.1"}, {"b", ""}}).empty());
}

TEST_CASE("no byte of a line can change, and none can be missing, without the run being made again") {
  const temporary_folder folder;
  const std::string path = folder / "runs.csv", line = line_of("a,rate=0.1,0.25,3");
  put_text(path, header + line);
  REQUIRE(loaded(path).find("a", "rate=0.1"));
  for (std::size_t at = 0; at + 1 < line.size(); ++at) {
    CAPTURE(at);
    for (const std::string& middle : {std::string(1, line[at] == '7' ? '8' : '7'), std::string()}) {
      std::string changed = line;
      changed.replace(at, 1, middle);
      put_text(path, header + changed);
      const lab::sweep::journal found = loaded(path);
      for (const char* name : {"a", "7", ""})
        for (const char* protocol : {"rate=0.1", "rate=0.7", ""}) CHECK(!found.find(name, protocol));
      REQUIRE(found.misfits({}).size() == 1);
      CHECK(found.misfits({})[0].line == 2);
    }
  }
}

TEST_CASE("a run of another protocol does not count, is reported, and stays for who wants it") {
  const temporary_folder folder;
  const std::string path = folder / "runs.csv";
  put_text(path, header + line_of("a,rate=0.1,1,2"));
  CHECK(!loaded(path).find("a", "rate=0.2"));
  CHECK(only_misfit(path, {{"a", "rate=0.2"}}, 2) == "a: another protocol");

  lab::sweep::journal found = loaded(path);
  REQUIRE(found.add("a", "rate=0.2", {3, 4}).ok());
  for (const lab::sweep::journal& each : {found, loaded(path)}) {
    CHECK(each.find("a", "rate=0.1")->at(0) == 1);
    CHECK(each.find("a", "rate=0.2")->at(0) == 3);
    CHECK(each.misfits({{"a", "rate=0.2"}}).empty());
    CHECK(each.misfits({{"a", "rate=0.1"}}).empty());
  }
}

TEST_CASE("lines that do not fit are reported until their run is made again, and are not lost") {
  const temporary_folder folder;
  const std::string path = folder / "runs.csv";
  const std::string old_bits = "a,p,1,2,bits0-0123456789abcdef\n", short_line = "b,p,1\n";
  put_text(path, header + old_bits);
  CHECK(only_misfit(path, {{"a", "p"}}, 2) == "a: another bits version");
  put_text(path, header + line_of("c,p,1,2") + short_line);
  CHECK(only_misfit(path, {{"b", "p"}, {"c", "p"}}, 3) == "b: cut off, changed or damaged");
  put_text(path, header + line_of("c,p,1,two"));
  CHECK(only_misfit(path, {{"c", "p"}}, 2) == "c: a value that is no number");

  // The last line was cut, as a killed process leaves it.
  put_text(path, header + old_bits + short_line + "d,p,0.");
  lab::sweep::journal found = loaded(path);
  CHECK(found.misfits({}).size() == 3);
  for (const char* name : {"a", "b", "d"}) REQUIRE(found.add(name, "p", {5, 6}).ok());
  CHECK(text_of(path) ==
        header + old_bits + short_line + "d,p,0.\n" + line_of("a,p,5,6") + line_of("b,p,5,6") + line_of("d,p,5,6"));
  CHECK(loaded(path).misfits({{"a", "p"}, {"b", "p"}, {"d", "p"}}).empty());
}

TEST_CASE("a file that is no journal of these columns is refused and left alone") {
  const temporary_folder folder;
  const std::string path = folder / "runs.csv";
  for (const std::string text : {"name,protocol,x,z,whole\n", "name,x,y,whole\na,1,2,bits2\n", "name,protocol,x"}) {
    put_text(path, text);
    lab::sweep::journal found(path, columns);
    const status refused = found.load();
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.reason == std::string("the journal has other columns; move it away to start anew"));
    CHECK(text_of(path) == text);
  }
  put_text(path, "");
  CHECK(loaded(path).misfits({}).empty());
}

TEST_CASE("processes that add to one journal lose nothing") {
  const temporary_folder folder;
  const std::string path = folder / "runs.csv";
  constexpr int rows = 30;
  std::vector<pid_t> processes;
  for (const std::string who : {"a", "b", "c"})
    processes.push_back(child([&] {
      lab::sweep::journal mine(path, columns);
      for (int i = 0; i < rows; ++i)
        if (!mine.add(who + std::to_string(i), "p", {1.0 * i, 2}).ok()) return 1;
      return 0;
    }));
  for (const pid_t process : processes) CHECK(exit_code_of(process) == 0);
  const lab::sweep::journal found = loaded(path);
  CHECK(found.misfits({}).empty());
  for (const std::string who : {"a", "b", "c"})
    for (int i = 0; i < rows; ++i) {
      REQUIRE(found.find(who + std::to_string(i), "p"));
      CHECK(found.find(who + std::to_string(i), "p")->at(0) == i);
    }
}

TEST_CASE("a full disk leaves no half of a line") {
  const temporary_folder folder;
  const std::string path = folder / "runs.csv";
  lab::sweep::journal found(path, columns);
  status refused[2];
  {
    const limited_file_size now(5);
    refused[0] = found.add("a", "p", {1, 2});
  }
  CHECK(text_of(path).empty());
  REQUIRE(found.add("a", "p", {1, 2}).ok());
  const std::string before = text_of(path);
  {
    const limited_file_size now(before.size() + 10);
    refused[1] = found.add("b", "p", {1, 2});
  }
  CHECK(text_of(path) == before);
  for (const status& each : refused) {
    REQUIRE_FALSE(each.ok());
    CHECK(each.reason == std::string("the journal cannot be written, perhaps the disk is full"));
  }
  CHECK(!found.find("b", "p"));
}
