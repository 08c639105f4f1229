#include <doctest/doctest.h>

#include <frond/train/trainer.hpp>

#include <cstddef>
#include <span>
#include <vector>

#include "problems.hpp"

using namespace frond;

namespace {

// Two workers of which one does everything, and how much there was to share at once.
struct counting_executor {
  std::vector<std::size_t> counts;

  [[nodiscard]] static std::size_t workers() { return 2; }
  template <class Work>
  void run(std::size_t count, const Work& work) {
    counts.push_back(count);
    for (std::size_t i = 0; i < count; ++i) work(i, i % 2);
  }
};

}  // namespace

TEST_CASE("by default two workers share the gradient of a batch") {
  const auto built = reference::build(reference::mlp(8, 6, 4, 512, 1, reference::activation::relu));
  auto parameters = problems::initial(built.view());
  counting_executor workers;
  std::vector<float> memory(train::training_memory(built.view(), {}, 2));
  train::trainer trainer(built.view(), problems::denoising<diffusion::absorbing>(5), {}, std::span<float>(parameters),
                         std::span<float>(memory), workers);
  trainer.step();
  REQUIRE(trainer.check().ok());
  CHECK(workers.counts[0] == 2);
}
