// Writing files where others write too, where the disk is full, and in which order the disk gets to know.
#include <doctest/doctest.h>

#include <frond/lab/io/file.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "limits.hpp"
#include "temporary.hpp"

using namespace frond;

namespace {

using names = std::set<std::string>;

}  // namespace

TEST_CASE("a disk that is full leaves the old file") {
  const temporary_folder folder;
  const std::string disk = folder / "disk";
  std::filesystem::create_directory(disk);
  // A process of its own, whose mounts nobody else sees and which go with it.
  constexpr int no_mounts = 77;
  const int ended = exit_code_of(child([&] {
    if (::unshare(CLONE_NEWNS) != 0) return no_mounts;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return no_mounts;
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) return no_mounts;
    if (!lab::io::write_file(disk + "/a", some_bytes(8192)).ok()) return 1;
    const status refused = lab::io::write_file(disk + "/a", some_bytes(100000));
    if (refused.ok() || refused.reason != std::string("the file cannot be written, perhaps the disk is full")) return 2;
    if (content_of(disk + "/a") != some_bytes(8192)) return 3;
    if (std::distance(std::filesystem::directory_iterator(disk), {}) != 1) return 4;
    return lab::io::write_file(disk + "/a", some_bytes(30000)).ok() ? 0 : 5;  // so the part has given its room back
  }));
  if (ended == no_mounts)
    MESSAGE("no file system can be mounted here: a disk that is full was not tested");
  else
    CHECK(ended == 0);
  CHECK(content_of(disk + "/a").empty());
}

TEST_CASE("any number of writers of one path leave the whole file of one of them") {
  const temporary_folder folder;
  const std::string path = folder / "a";
  // Writer w writes 100000 + w bytes, all w.
  const auto write_often = [&](std::uint8_t w) {
    bool good = true;
    for (int i = 0; i < 40; ++i) good = lab::io::write_file(path, std::vector<std::uint8_t>(100000u + w, w)).ok() && good;
    return good;
  };
  const auto is_whole = [](const std::vector<std::uint8_t>& found) {
    return !found.empty() && found == std::vector<std::uint8_t>(100000u + found[0], found[0]);
  };
  REQUIRE(write_often(0));
  std::vector<pid_t> processes;
  for (const std::uint8_t w : {std::uint8_t{1}, std::uint8_t{3}})
    processes.push_back(child([&] {
      bool good[2] = {};
      std::thread other([&] { good[1] = write_often(static_cast<std::uint8_t>(w + 1)); });
      good[0] = write_often(w);
      other.join();
      return good[0] && good[1] ? 0 : 1;
    }));
  std::size_t torn = 0;
  for (int i = 0; i < 200; ++i) torn += is_whole(content_of(path)) ? 0u : 1u;
  for (const pid_t process : processes) CHECK(exit_code_of(process) == 0);
  CHECK(torn == 0);
  CHECK(is_whole(content_of(path)));
  CHECK(content_of(path)[0] > 0);
  CHECK(folder.names() == names{"a"});
}

// What the library asks the system to put on the disk, instead of the system's own fsync.
namespace {

struct saving {
  bool folder;
  std::string content;  // of the path that is written, at this moment
};
std::vector<saving> savings;
std::string watched;
int failing = 0;  // the number of the call that fails with `failure`, from one on
int failure = 0;

}  // namespace

extern "C" int fsync(int file) {
  struct stat properties {};
  if (!watched.empty() && ::fstat(file, &properties) == 0) {
    const auto content = content_of(watched);
    savings.push_back({S_ISDIR(properties.st_mode), std::string(content.begin(), content.end())});
    if (static_cast<int>(savings.size()) == failing) {
      errno = failure;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_fsync, file));
}

TEST_CASE("the file is on the disk before it is renamed, its name afterwards") {
  const temporary_folder folder;
  watched = folder / "a";
  const auto write = [&](int call, int reason) {
    put(watched, {'o', 'l', 'd'});
    savings.clear();
    failing = call;
    failure = reason;
    return lab::io::write_file(watched, "new");
  };
  CHECK(write(0, 0).ok());
  REQUIRE(savings.size() == 2);
  CHECK(!savings[0].folder);
  CHECK(savings[0].content == "old");
  CHECK(savings[1].folder);
  CHECK(savings[1].content == "new");

  CHECK(write(1, EIO).reason == std::string("the file cannot be written, perhaps the disk is full"));
  CHECK(content_of(watched).front() == 'o');
  CHECK(write(2, EIO).reason == std::string("the file is in place, but a loss of power may undo that: the disk has an error"));
  CHECK(content_of(watched).front() == 'n');
  CHECK(write(2, EINVAL).ok());  // a file system that does not know how
  CHECK(folder.names() == names{"a"});
  watched.clear();
}
