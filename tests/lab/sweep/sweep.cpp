#include <doctest/doctest.h>

#include <frond/lab/sweep/gnuplot.hpp>
#include <frond/lab/sweep/sweep.hpp>

#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "../io/temporary.hpp"

using namespace frond;
using lab::sweep::run;
using lab::sweep::sweep_options;

namespace {

// Squares and cubes, and how often they were measured.
struct powers {
  std::vector<int> calls = std::vector<int>(5);

  std::vector<run> runs() {
    std::vector<run> all;
    for (int i = 0; i < 5; ++i)
      all.push_back({"power_" + std::to_string(i), 1.0 + i,
                     [this, i] {
                       ++calls[static_cast<std::size_t>(i)];
                       return std::vector<double>{1.0 * i * i, 1.0 * i * i * i};
                     },
                     "base=" + std::to_string(i)});
    return all;
  }
};

std::string content(const std::string& path) {
  const auto bytes = content_of(path);
  return {bytes.begin(), bytes.end()};
}

constexpr const char* table = "name,square,cube\npower_0,0,0\npower_1,1,1\npower_2,4,8\npower_3,9,27\npower_4,16,64\n";

}  // namespace

TEST_CASE("each run is made once, however a sweep is split and interrupted, and the table is the same") {
  const temporary_folder folder;
  powers p;
  sweep_options o{.folder = folder.path().string(), .columns = {"square", "cube"}, .jobs = 2};
  o.only = {"power_3"};
  const auto one = lab::sweep::make(o, p.runs());
  REQUIRE(one.ok());
  CHECK(one.value.finished == 1);
  CHECK(one.value.values == std::vector<std::vector<double>>{{9, 27}});
  o.only = {};
  o.shard = 2;
  o.shards = 2;
  CHECK(lab::sweep::make(o, p.runs()).value.finished == 2);
  o.shard = 1;
  const auto all = lab::sweep::make(o, p.runs());
  REQUIRE(all.ok());
  CHECK(all.value.finished == 5);
  CHECK(content(folder / "results.csv") == table);
  CHECK(p.calls == std::vector<int>(5, 1));

  const temporary_folder other;
  powers whole;
  CHECK(lab::sweep::make({.folder = other.path().string(), .columns = {"square", "cube"}}, whole.runs()).value.finished == 5);
  CHECK(content(other / "results.csv") == table);
}

TEST_CASE("a run that fails ends the sweep with its sentence, and the finished ones stay") {
  const temporary_folder folder;
  powers p;
  auto runs = p.runs();
  runs[3].measure = []() -> std::vector<double> { throw std::runtime_error("the network is too small"); };
  const sweep_options o{.folder = folder.path().string(), .columns = {"square", "cube"}};
  CHECK(text(lab::sweep::make(o, runs).state) == "power_3: the network is too small");
  runs[3].measure = []() -> std::vector<double> { throw std::bad_alloc(); };
  CHECK(text(lab::sweep::make(o, runs).state) == "power_3: there is not enough memory for this");
  CHECK(p.calls == std::vector<int>{1, 1, 1, 0, 0});
  CHECK(lab::sweep::make(o, p.runs()).value.finished == 5);
  CHECK(p.calls == std::vector<int>(5, 1));
}

TEST_CASE("what makes no sense is refused before the first run") {
  const temporary_folder folder;
  powers p;
  const auto refused = [&](const std::vector<run>& runs, std::size_t shard = 1, const std::string& only = "") {
    sweep_options o{.folder = folder.path().string(), .columns = {"square", "cube"}, .shard = shard};
    if (!only.empty()) o.only = {only};
    return text(lab::sweep::make(o, runs).state);
  };
  auto twice = p.runs();
  twice.push_back(twice[0]);
  CHECK(refused(twice) == "two runs of a sweep have one name: power_0");
  auto comma = p.runs();
  comma[1].name = "a,b";
  CHECK(refused(comma) == "a run's name has a comma, quote or line break: a,b");
  CHECK(refused(p.runs(), 2) == "shard 2 is none of 1");
  CHECK(refused(p.runs(), 0) == "shard 0 is none of 1");
  CHECK(refused(p.runs(), 1, "root") == "no run begins with 'root'");
  CHECK(p.calls == std::vector<int>(5, 0));
  sweep_options nowhere{.folder = folder / "none", .columns = {"square", "cube"}};
  CHECK_FALSE(lab::sweep::make(nowhere, p.runs()).ok());
}

TEST_CASE("a picture that cannot be drawn says why") {
  const temporary_folder folder;
  CHECK(lab::sweep::draw("a'b", "x", "plot 1\n") == "a folder's name with quotes or line breaks cannot be handed to gnuplot");
  CHECK_FALSE(lab::sweep::draw(folder / "none", "x", "plot 1\n").empty());
  if (std::system("command -v gnuplot > /dev/null 2>&1") == 0)
    CHECK(lab::sweep::draw(folder.path().string(), "x", "this is no script\n") ==
          "gnuplot failed, see " + folder.path().string() + "/gnuplot.log");
}
