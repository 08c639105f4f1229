// What a second thread gains: a training step of the U-Net at batch 512, against a loop that touches nothing but registers.
#include "comparison.hpp"
#include "cores.hpp"
#include "ours.hpp"
#include "topics.hpp"

#include <frond/lab/parallel/peak.hpp>
#include <frond/lab/parallel/thread_pool.hpp>

namespace peers {

namespace {

constexpr std::size_t batch = 512;
constexpr std::uint64_t turns = 400'000;  // some two milliseconds on each core

row two_threads(benchmark::State& state, const build& library) {
  const two_cores free;
  const net shape = unet_net(16);
  const training_data data = random_data(shape, batch);
  const auto one = library.make_network(shape, data, 1), two = library.make_network(shape, data, 2);
  for (int step = 0; step < 3; ++step) require(one->train() == two->train(), "the losses differ");
  require(std::equal(one->parameters().begin(), one->parameters().end(), two->parameters().begin()), "the weights differ");

  frond::lab::parallel::thread_pool pool(2);
  const auto loop = frond::lab::parallel::multiply_add_loop();
  const auto on_two = [&] { pool.run(2, [&](std::size_t, std::size_t) { loop(turns); }); };
  const measured m =
      run_in_turns(state, {timed([&] { one->train(); }, wall_seconds), timed([&] { two->train(); }, wall_seconds),
                           timed([&] { loop(turns); }, wall_seconds), timed(on_two, wall_seconds)});
  row r;
  r.ours = m.seconds[0] / m.seconds[1];
  r.theirs = 2 * m.seconds[2] / m.seconds[3];
  r.unit = "gain";
  r.ratio = r.ours / r.theirs;
  r.peer = "mul+add in registers";
  r.version = "two threads";
  r.flags = library.own.description() + "; seconds on the wall: step " + text(m.seconds[0] * 1e3) + " and " +
            text(m.seconds[1] * 1e3) + " ms, the same bits";
  r.blocks = m.blocks;
  return r;
}

}  // namespace

void add_threads() {
  if (two_cores::there())
    add("threads-2/peak-gain", two_threads);
  else
    leave_out("threads-2/peak-gain", "this process may use one core only");
}

}  // namespace peers
