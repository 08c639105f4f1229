#include <doctest/doctest.h>

#include <frond/lab/io/file.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "limits.hpp"
#include "temporary.hpp"

using namespace frond;

namespace {

using names = std::set<std::string>;

void check(const status& s, const std::string& reason, std::size_t position) {
  REQUIRE_FALSE(s.ok());
  CHECK(s.reason == reason);
  CHECK(s.position == position);
}

}  // namespace

TEST_CASE("what was written is read back, whatever its size") {
  const temporary_folder folder;
  for (const std::size_t size : {0u, 1u, 65535u, 65536u, 65537u, 131072u, 300000u}) {
    const auto bytes = some_bytes(size);
    REQUIRE(lab::io::write_file(folder / "a", bytes).ok());
    CHECK(content_of(folder / "a") == bytes);
    const auto back = lab::io::read_file(folder / "a", size);
    CHECK(back.ok());
    CHECK(back.value == bytes);
  }
  CHECK(folder.names() == names{"a"});
}

TEST_CASE("text is written as it stands") {
  const temporary_folder folder;
  const std::string text("one\ntwo\r\n\0three", 16);
  REQUIRE(lab::io::write_file(folder / "a", text).ok());
  CHECK(content_of(folder / "a") == std::vector<std::uint8_t>(text.begin(), text.end()));
}

TEST_CASE("a file larger than the limit is refused, one as large is not") {
  const temporary_folder folder;
  for (const std::size_t size : {1u, 65536u, 200000u}) {
    put(folder / "a", some_bytes(size));
    CHECK(lab::io::read_file(folder / "a", size).value == some_bytes(size));
    const auto refused = lab::io::read_file(folder / "a", size - 1);
    check(refused.state, "the file is larger than anything that belongs here", size - 1);
    CHECK(refused.value.empty());
  }
}

TEST_CASE("the start of a file is all of a shorter one") {
  const temporary_folder folder;
  for (const std::size_t size : {0u, 1u, 65536u, 200000u}) {
    put(folder / "a", some_bytes(size));
    for (const std::size_t part : {std::size_t{0}, size / 2, size, size + 1, 2 * size, SIZE_MAX}) {
      const auto start = lab::io::read_start(folder / "a", part);
      CHECK(start.ok());
      CHECK(start.value == some_bytes(std::min(part, size)));
    }
  }
}

TEST_CASE("of a file that is too large no more is read than it takes to see that") {
  const temporary_folder folder;
  flooded_pipe pipe(folder / "pipe", {});
  check(lab::io::read_file(folder / "pipe", 1000).state, "the file is larger than anything that belongs here", 1000);
  CHECK(pipe.taken() <= flooded_pipe::taken_unasked + 1000);
}

TEST_CASE("what is no readable file is refused") {
  const temporary_folder folder;
  check(lab::io::read_file(folder / "missing", 10).state, "the file cannot be opened", 0);
  check(lab::io::read_file(folder.path().string(), 10).state, "the file cannot be read", 0);
}

TEST_CASE("a file is replaced, not overwritten: who has opened the old one still reads it whole") {
  const temporary_folder folder;
  const auto before = some_bytes(5000);
  put(folder / "a", before);
  std::ifstream open(folder / "a", std::ios::binary);
  REQUIRE(lab::io::write_file(folder / "a", "new").ok());
  CHECK(std::vector<std::uint8_t>(std::istreambuf_iterator<char>(open), {}) == before);
  CHECK(content_of(folder / "a") == std::vector<std::uint8_t>{'n', 'e', 'w'});
  CHECK(folder.names() == names{"a"});
}

TEST_CASE("parts that dead programs left are no obstacle and are left alone") {
  const temporary_folder folder;
  put(folder / "a", some_bytes(10));
  names all{"a"};
  for (int number = 0; number < 300; ++number) {
    const std::string part = "frond." + std::to_string(::getpid()) + "." + std::to_string(number) + ".part";
    put(folder / part, some_bytes(50));
    all.insert(part);
  }
  REQUIRE(lab::io::write_file(folder / "a", "new").ok());
  CHECK(content_of(folder / "a").size() == 3);
  CHECK(folder.names() == all);
  for (const std::string& name : all) CHECK(content_of(folder / name).size() == (name == "a" ? 3 : 50));
}

TEST_CASE("where nothing can be created nothing changes") {
  const temporary_folder folder;
  check(lab::io::write_file(folder / "missing/a", "new"), "the file cannot be created", 0);
  CHECK(folder.names().empty());
  put(folder / "a", some_bytes(10));
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0555});
  {
    const without_privileges now;
    if (now.effective())
      check(lab::io::write_file(folder / "a", "new"), "the file cannot be created", 0);
    else
      MESSAGE("root cannot give up its privileges here: a folder that is read-only was not tested");
  }
  CHECK(content_of(folder / "a") == some_bytes(10));
  CHECK(folder.names() == names{"a"});
}

TEST_CASE("what cannot be put in place leaves no part behind") {
  const temporary_folder folder;
  check(lab::io::write_file(folder / std::string(256, 'a'), "new"), "the file cannot be put in place", 0);
  CHECK(folder.names().empty());
  CHECK(lab::io::write_file(folder / std::string(255, 'a'), "new").ok());
}

TEST_CASE("what is no file is not replaced") {
  const temporary_folder folder;
  const std::string reason = "the path names something else than a file";
  std::filesystem::create_directory(folder / "a");
  put(folder / "a/b", some_bytes(10));
  check(lab::io::write_file(folder / "a", "new"), reason, 0);
  CHECK(content_of(folder / "a/b") == some_bytes(10));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  check(lab::io::write_file(folder / "pipe", "new"), reason, 0);
  std::filesystem::create_symlink("pipe", folder / "link");
  check(lab::io::write_file(folder / "link", "new"), reason, 0);
  CHECK(folder.names() == names{"a", "pipe", "link"});
}

TEST_CASE("a full disk leaves the old file, however late it shows") {
  // What a file may have grown to stands for what a disk still has room for.
  for (const rlim_t room : {rlim_t{0}, rlim_t{9}, rlim_t{4096}, rlim_t{299999}}) {
    const temporary_folder folder;
    put(folder / "a", some_bytes(20));
    const auto bytes = some_bytes(room + 1);
    status refused;
    {
      const limited_file_size now(room);
      REQUIRE(now.effective());
      refused = lab::io::write_file(folder / "a", bytes);
    }
    check(refused, "the file cannot be written, perhaps the disk is full", refused.position);
    CHECK(refused.position <= bytes.size());
    CHECK(content_of(folder / "a") == some_bytes(20));
    CHECK(folder.names() == names{"a"});
  }
}
