#include <doctest/doctest.h>

#include <frond/io/file.hpp>

#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "temporary.hpp"

using namespace frond;

namespace {

using names = std::set<std::string>;

std::vector<std::uint8_t> some_bytes(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * i * 31 >> 3);
  return bytes;
}

void check(const status& s, const std::string& reason, std::size_t position) {
  REQUIRE_FALSE(s.ok());
  CHECK(s.reason == reason);
  CHECK(s.position == position);
}

// Nobody in particular while it lives, because file permissions do not bind root.
class without_privileges {
 public:
  without_privileges() { given_up_ = ::geteuid() == 0 && ::seteuid(65534) == 0; }
  ~without_privileges() {
    if (given_up_ && ::seteuid(0) != 0) std::abort();
  }
  without_privileges(const without_privileges&) = delete;
  without_privileges& operator=(const without_privileges&) = delete;

  [[nodiscard]] bool effective() const { return ::geteuid() != 0; }

 private:
  bool given_up_ = false;
};

// No file can grow beyond `size` while it lives.
class limited_file_size {
 public:
  explicit limited_file_size(rlim_t size) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    effective_ = ::setrlimit(RLIMIT_FSIZE, std::array{rlimit{size, before_.rlim_max}}.data()) == 0;
    handler_ = std::signal(SIGXFSZ, SIG_IGN);  // an error, not the end of the process
  }
  ~limited_file_size() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  limited_file_size(const limited_file_size&) = delete;
  limited_file_size& operator=(const limited_file_size&) = delete;

  [[nodiscard]] bool effective() const { return effective_; }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
  bool effective_ = false;
};

}  // namespace

TEST_CASE("what was written is read back, whatever its size") {
  const temporary_folder folder;
  for (const std::size_t size : {0u, 1u, 65535u, 65536u, 65537u, 131072u, 300000u}) {
    const auto bytes = some_bytes(size);
    REQUIRE(io::write_file(folder / "a", bytes).ok());
    CHECK(content_of(folder / "a") == bytes);
    const auto back = io::read_file(folder / "a");
    CHECK(back.ok());
    CHECK(back.value == bytes);
  }
  CHECK(folder.names() == names{"a"});
}

TEST_CASE("text is written as it stands") {
  const temporary_folder folder;
  const std::string text("one\ntwo\r\n\0three", 16);
  REQUIRE(io::write_file(folder / "a", text).ok());
  CHECK(content_of(folder / "a") == std::vector<std::uint8_t>(text.begin(), text.end()));
}

TEST_CASE("a file larger than the limit is refused, one as large is not") {
  const temporary_folder folder;
  for (const std::size_t size : {1u, 65536u, 200000u}) {
    put(folder / "a", some_bytes(size));
    CHECK(io::read_file(folder / "a", size).value == some_bytes(size));
    const auto refused = io::read_file(folder / "a", size - 1);
    check(refused.state, "the file is larger than anything that belongs here", size - 1);
    CHECK(refused.value.empty());
  }
}

TEST_CASE("what is no readable file is refused") {
  const temporary_folder folder;
  check(io::read_file(folder / "missing").state, "the file cannot be opened", 0);
  check(io::read_file(folder.path().string()).state, "the file cannot be read", 0);
}

TEST_CASE("a file is replaced, not overwritten: who has opened the old one still reads it whole") {
  const temporary_folder folder;
  const auto before = some_bytes(5000);
  put(folder / "a", before);
  std::ifstream open(folder / "a", std::ios::binary);
  REQUIRE(io::write_file(folder / "a", "new").ok());
  CHECK(std::vector<std::uint8_t>(std::istreambuf_iterator<char>(open), {}) == before);
  CHECK(content_of(folder / "a") == std::vector<std::uint8_t>{'n', 'e', 'w'});
  CHECK(folder.names() == names{"a"});
}

TEST_CASE("a part that a dead program left is no obstacle") {
  const temporary_folder folder;
  put(folder / "a", some_bytes(10));
  put(folder / "a.part", some_bytes(100000));
  REQUIRE(io::write_file(folder / "a", "new").ok());
  CHECK(content_of(folder / "a").size() == 3);
  CHECK(folder.names() == names{"a"});
}

TEST_CASE("where nothing can be created nothing changes") {
  const temporary_folder folder;
  check(io::write_file(folder / "missing/a", "new"), "the file cannot be created", 0);
  CHECK(folder.names().empty());
  put(folder / "a", some_bytes(10));
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0555});
  {
    const without_privileges now;
    if (now.effective())
      check(io::write_file(folder / "a", "new"), "the file cannot be created", 0);
    else
      MESSAGE("root cannot give up its privileges here: a folder that is read-only was not tested");
  }
  CHECK(content_of(folder / "a") == some_bytes(10));
  CHECK(folder.names() == names{"a"});
}

TEST_CASE("what cannot be put in place leaves no part behind") {
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "a");
  put(folder / "a/b", some_bytes(10));
  check(io::write_file(folder / "a", "new"), "the file cannot be put in place", 0);
  CHECK(folder.names() == names{"a"});
  CHECK(content_of(folder / "a/b") == some_bytes(10));
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
      refused = io::write_file(folder / "a", bytes);
    }
    check(refused, "the file cannot be written, perhaps the disk is full", refused.position);
    CHECK(refused.position <= bytes.size());
    CHECK(content_of(folder / "a") == some_bytes(20));
    CHECK(folder.names() == names{"a"});
  }
}
