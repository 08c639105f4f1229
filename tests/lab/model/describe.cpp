#include <doctest/doctest.h>

#include <frond/lab/model/describe.hpp>
#include <frond/nn/layers/pointwise.hpp>

using namespace frond;

namespace {

struct half {
  static float value(float x) { return 0.5f * x; }
  static float slope(float) { return 0.5f; }
};

}  // namespace

TEST_CASE("a network as text") {
  nn::plan_storage<> network(4, 3);
  network.add(nn::layers::dense{8}).add(nn::layers::activate{kernel::activation::silu}).add(nn::layers::skip{});
  network.add(nn::layers::pointwise<half>{})
      .add(nn::layers::layer_norm{})
      .add(nn::layers::add{})
      .add(nn::layers::dense{2})
      .finish();
  const nn::plan p = network.view();
  const std::string memory = "a row takes " + std::to_string(p.scratch_size) + " floats to answer and " +
                             std::to_string(p.tape_size + p.scratch_size) + " to learn\n";
  CHECK(lab::model::describe(p) ==
        "input 4 x 3\ndense 4 x 8\nsilu 4 x 8\nskip 4 x 8\nlayer 128 4 x 8\nlayer_norm 4 x 8\nadd 4 x 8\ndense 4 x 2\n"
        "66 parameters, 264 bytes\n" +
            memory);
  CHECK(lab::model::describe(p, {}, 2).ends_with(std::to_string(4 * train::training_memory(p, {}, 2)) +
                                                 " bytes with 2 threads\n"));
}
