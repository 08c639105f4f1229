// The networks of one build of the library.
#include <cstring>

#include <frond/lab/parallel/thread_pool.hpp>
#include <frond/nn/forward.hpp>
#include <frond/nn/initialise.hpp>
#include <frond/nn/plan.hpp>
#include <frond/train/trainer.hpp>

#include "../memory.hpp"
#include "ours_build.hpp"
#include "ours_plan.hpp"

namespace peers::PEERS_BUILD {

namespace {

using namespace frond;

constexpr std::size_t inference_rows = 32;

// The batch, over and over.
template <class Target>
struct table {
  using target = Target;

  std::size_t rows, columns, target_columns;
  const float* inputs;
  const Target* targets;

  void write(std::uint64_t example, std::span<float> input, std::span<Target> wanted, std::span<Target>) const {
    std::memcpy(input.data(), inputs + example % rows * columns, columns * sizeof(float));
    std::memcpy(wanted.data(), targets + example % rows * target_columns, target_columns * sizeof(Target));
  }
};

template <class Target>
class frond_network : public network {
 public:
  frond_network(const net& shape, const training_data& data, const Target* targets, std::size_t workers)
      : storage_(build_plan(shape)), plan_(storage_), parameters_(plan_.parameter_count),
        scratch_(plan_.scratch_size * inference_rows), pool_(workers),
        memory_(train::training_memory(plan_, options(data), pool_.workers())),
        trainer_(plan_,
                 table<Target>{data.rows, plan_.input_size(),
                               shape.classes ? std::size_t{plan_.output_positions} : plan_.output_size(), data.inputs.data(),
                               targets},
                 options(data), parameters_, memory_, pool_) {
    nn::initialise(plan_, nn::initialisation::he, seed{3}, parameters_);
  }

  std::span<float> parameters() override { return parameters_; }
  void infer(const float* inputs, std::size_t rows, float* outputs) override {
    for (std::size_t row = 0; row < rows; row += inference_rows) {
      const std::size_t count = rows - row < inference_rows ? rows - row : inference_rows;
      std::memcpy(nn::scratch_input(plan_, scratch_.data(), count).data(), inputs + row * plan_.input_size(),
                  count * plan_.input_size() * sizeof(float));
      const std::span<float> out = nn::forward(plan_, parameters_.data(), scratch_.data(), count);
      std::memcpy(outputs + row * plan_.output_size(), out.data(), out.size_bytes());
    }
  }
  float train() override { return trainer_.step(); }
  std::span<const float> gradient() override { return trainer_.gradient(); }

 private:
  static train::trainer_options options(const training_data& data) { return {.batch = static_cast<std::uint32_t>(data.rows)}; }

  nn::plan_storage<64> storage_;
  nn::plan plan_;
  bench::aligned_floats parameters_, scratch_;
  lab::parallel::thread_pool pool_;
  bench::aligned_floats memory_;
  train::trainer<table<Target>, lab::parallel::thread_pool> trainer_;
};

}  // namespace

std::unique_ptr<network> make_network(const net& shape, const training_data& data, std::size_t workers) {
  if (shape.classes) return std::make_unique<frond_network<symbol>>(shape, data, data.classes.data(), workers);
  return std::make_unique<frond_network<float>>(shape, data, data.targets.data(), workers);
}

}  // namespace peers::PEERS_BUILD
