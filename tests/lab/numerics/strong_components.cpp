#include <doctest/doctest.h>

#include <frond/lab/numerics/strong_components.hpp>
#include <frond/rng/draws.hpp>

#include <cstdint>
#include <utility>
#include <vector>

using namespace frond;

namespace {

using edge_list = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// Which vertex reaches which, by trying all intermediate ones (Warshall).
std::vector<std::vector<bool>> reach(std::size_t vertices, const edge_list& edges) {
  std::vector<std::vector<bool>> r(vertices, std::vector<bool>(vertices));
  for (const auto& [from, to] : edges) r[from][to] = true;
  for (std::size_t k = 0; k < vertices; ++k)
    for (std::size_t i = 0; i < vertices; ++i)
      for (std::size_t j = 0; j < vertices; ++j)
        if (r[i][k] && r[k][j]) r[i][j] = true;
  return r;
}

}  // namespace

TEST_CASE("components are what reaches each other, in order") {
  rng::draws draws(seed{8}, rng::stream::user, 0);
  for (int trial = 0; trial < 300; ++trial) {
    const std::uint32_t vertices = 1 + draws.below(12), count = draws.below(2 * vertices + 1);
    edge_list edges;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t from = draws.below(vertices);
      edges.emplace_back(from, draws.below(vertices));
    }
    const auto reaches = reach(vertices, edges);
    const lab::numerics::strong_components found = lab::numerics::find_components(lab::numerics::make_graph(vertices, edges));
    std::vector<std::size_t> component(vertices, found.size());
    REQUIRE(found.order.size() == vertices);
    for (std::size_t c = 0; c < found.size(); ++c)
      for (const std::uint32_t x : found[c]) component[x] = c;
    for (std::uint32_t x = 0; x < vertices; ++x) {
      REQUIRE(component[x] < found.size());
      CHECK((found.cyclic[component[x]] == 1) == reaches[x][x]);
      for (std::uint32_t y = 0; y < vertices; ++y) {
        if (x != y) CHECK((component[x] == component[y]) == (reaches[x][y] && reaches[y][x]));
        if (reaches[x][y]) CHECK(component[x] <= component[y]);
      }
    }
  }
}

TEST_CASE("a graph without vertices has no components") {
  CHECK(lab::numerics::find_components(lab::numerics::make_graph(0, {})).size() == 0);
}
