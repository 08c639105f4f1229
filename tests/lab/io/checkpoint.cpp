#include <doctest/doctest.h>

#include <frond/diffusion/process.hpp>
#include <frond/lab/io/checkpoint.hpp>
#include <frond/lab/io/weights.hpp>
#include <frond/lab/parallel/thread_pool.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "../../train/problems.hpp"
#include "limits.hpp"
#include "session.hpp"
#include "temporary.hpp"

using namespace frond;
using train::decay_curve;
using train::optimiser_kind;
using namespace checkpoint_session;

TEST_CASE("stopped at any step, loaded and continued, a run ends with the same bits") {
  const temporary_folder folder;
  for (const optimiser_kind kind : {optimiser_kind::sgd, optimiser_kind::adam}) {
    const train::trainer_options o = options_of(kind);
    session whole(o);
    whole.train_to(40);
    REQUIRE(whole.stopping.best_step > 0);
    for (const std::uint64_t stop : {0u, 1u, 3u, 17u, 39u, 40u}) {
      CAPTURE(stop);
      session first(o);
      first.train_to(stop);
      REQUIRE(first.save(folder / "c").ok());
      session second(o, 99);
      second.train_to(5);
      REQUIRE(second.load(folder / "c").ok());
      CHECK(second.contents() == first.contents());
      second.train_to(40);
      CHECK(second.contents() == whole.contents());
    }
  }
  CHECK(folder.names() == std::set<std::string>{"c"});
}

TEST_CASE("a run may go on with other blocks, other workers and another patience, to the same bits") {
  const temporary_folder folder;
  train::trainer_options o = options_of(optimiser_kind::adam);
  session whole(o);
  whole.train_to(40);
  session first(o);
  first.train_to(17);
  REQUIRE(first.save(folder / "c").ok());
  o.block_rows = 100;
  lab::parallel::thread_pool pool(3);
  session<problems::regression, lab::parallel::thread_pool> second(o, 99, pool);
  second.stopping.patience = 77;
  REQUIRE(second.load(folder / "c").ok());
  CHECK(second.stopping.patience == 77);
  second.stopping.patience = whole.stopping.patience;
  second.train_to(40);
  CHECK(second.contents() == whole.contents());
}

TEST_CASE("losses and weights that are no numbers come back as they were") {
  const temporary_folder folder;
  session first(options_of(optimiser_kind::sgd));
  first.trainer.resume_at(0x0123456789abcdef);
  first.stopping = {
      .patience = 3, .stale = 0xffffffff, .best_loss = __builtin_bit_cast(float, 0xffc00123u), .best_step = 0xfedcba9876543210};
  first.parameters[3] = first.kept[4] = __builtin_bit_cast(float, 0x7fc54321u);
  first.trainer.state()[5] = -0.0f;
  REQUIRE(first.save(folder / "c").ok());
  session second(options_of(optimiser_kind::sgd));
  second.stopping.patience = 3;
  REQUIRE(second.load(folder / "c").ok());
  CHECK(second.contents() == first.contents());
}

TEST_CASE("a checkpoint of a run with other settings is refused") {
  const temporary_folder folder;
  const train::trainer_options o = options_of(optimiser_kind::adam);
  session first(o);
  first.train_to(6);
  REQUIRE(first.save(folder / "c").ok());
  const char* const reason = "this checkpoint was made with other options of the optimiser";
  const std::function<void(train::trainer_options&)> changes[] = {
      [](auto& x) { x.optimiser.kind = optimiser_kind::sgd; },
      [](auto& x) { x.optimiser.learning_rate = 0.03f; },
      [](auto& x) { x.optimiser.momentum = 0.8f; },
      [](auto& x) { x.optimiser.beta_1 = 0.8f; },
      [](auto& x) { x.optimiser.beta_2 = 0.99f; },
      [](auto& x) { x.optimiser.epsilon = 1e-7f; },
      [](auto& x) { x.optimiser.weight_decay = 0.0f; },
      [](auto& x) { x.optimiser.warm_up = 8; },
      [](auto& x) { x.optimiser.decay = decay_curve::linear; },
      [](auto& x) { x.optimiser.decay_end = 61; },
      [](auto& x) { x.optimiser.clip_norm = 0.0f; },
  };
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    CAPTURE(i);
    train::trainer_options other = o;
    changes[i](other);
    check_refused(folder / "c", other, reason, 0);
  }
  train::trainer_options larger = o;
  larger.batch = o.batch + 1;
  check_refused(folder / "c", larger, "this checkpoint was made with another batch: {} examples", o.batch);
  train::trainer_options sliced = o;
  sliced.shard_rows = o.shard_rows + 1;
  check_refused(folder / "c", sliced, "this checkpoint was made with other shards: {} rows", o.shard_rows);
}

TEST_CASE("a checkpoint of other data is refused") {
  const temporary_folder folder;
  const train::trainer_options o = options_of(optimiser_kind::adam);
  const char* const reason =
      "this checkpoint belongs to another problem: other data, noise, times, weights of the loss or seeds";
  session first(o);
  first.train_to(6);
  REQUIRE(first.save(folder / "c").ok());
  session other(o, 8, calling_thread, problems::regression{seed{10}});
  other.train_to(4);
  check_refused([&] { return other.load(folder / "c"); }, [&] { return other.contents(); }, reason, 0);
}

TEST_CASE("a run that has stopped is not saved over the last good checkpoint, which sets it going again") {
  const temporary_folder folder;
  train::trainer_options o = options_of(optimiser_kind::sgd);
  session run(o);
  run.train_to(5);
  REQUIRE(run.save(folder / "c").ok());
  const auto before = content_of(folder / "c");
  const auto contents = run.contents();
  run.parameters[3] = std::nanf("");
  run.train_to(7);
  REQUIRE_FALSE(run.trainer.check().ok());
  const status refused = run.save(folder / "c");
  REQUIRE_FALSE(refused.ok());
  CHECK(std::string(text(refused).c_str()) == "step 5: the loss is not finite, from example 105 on");
  CHECK(content_of(folder / "c") == before);
  REQUIRE(run.load(folder / "c").ok());
  CHECK(run.contents() == contents);
  CHECK(run.trainer.check().ok());
}

TEST_CASE("what is not a checkpoint of this network is refused") {
  const temporary_folder folder;
  const train::trainer_options o = options_of(optimiser_kind::adam);
  const char* const other_shape = "this record belongs to a network of another shape";
  check_refused(folder / "missing", o, "the file cannot be opened", 0);

  session first(o);
  REQUIRE(lab::io::save_weights(folder / "w", first.built.view(), first.parameters).ok());
  check_refused(folder / "w", o, "this record holds something else", 16);

  using others = train::denoising<problems::table, diffusion::uniform>;
  session<others> other(o, 7, calling_thread, problems::denoising<diffusion::uniform>(5));
  REQUIRE(other.save(folder / "o").ok());
  check_refused(folder / "o", o, other_shape, 20);

  first.kept.push_back(1.0f);
  REQUIRE(first.save(folder / "k").ok());
  const std::size_t floats = 4 * first.parameters.size() + 2;
  check_refused(folder / "k", o, "this checkpoint has {} floats, this run room for {}: a run can be made longer, not shorter",
                floats);
}

TEST_CASE("a checkpoint beyond the last number of an example is refused") {
  const temporary_folder folder;
  const train::trainer_options o = options_of(optimiser_kind::adam);
  session first(o);
  first.trainer.resume_at(UINT64_MAX / o.batch - 1);
  REQUIRE(first.save(folder / "last").ok());
  CHECK(session(o).load(folder / "last").ok());
  first.trainer.resume_at(UINT64_MAX / o.batch);
  REQUIRE(first.save(folder / "beyond").ok());
  check_refused(folder / "beyond", o, "this run has shown 2^64 examples", 0);
}

TEST_CASE("a damaged checkpoint is refused, and the run goes on as if nothing had been tried") {
  const temporary_folder folder;
  const train::trainer_options o = options_of(optimiser_kind::adam);
  session first(o);
  first.train_to(6);
  REQUIRE(first.save(folder / "c").ok());
  const auto sound = content_of(folder / "c");
  // One bit in the words, in the parameters, in the moments, in what is kept, and in the checksum.
  const std::size_t count = first.parameters.size();
  for (const std::size_t at :
       {std::size_t{52}, std::size_t{83}, 116 + 2 * count, 116 + 8 * count, sound.size() - 10, sound.size() - 1}) {
    CAPTURE(at);
    auto bytes = sound;
    bytes[at] ^= 16;
    put(folder / "c", bytes);
    check_refused(folder / "c", o, "this record's checksum does not match", sound.size() - 8);
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{59}, std::size_t{84}, sound.size() - 1}) {
    put(folder / "c", {sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(size)});
    check_refused(folder / "c", o, "this record is cut off", size);
  }
  session second(o), untouched(o);
  second.train_to(6);
  CHECK_FALSE(second.load(folder / "c").ok());
  second.train_to(20);
  untouched.train_to(20);
  CHECK(second.contents() == untouched.contents());
}

TEST_CASE("of a checkpoint no more is read than the run's state takes") {
  const temporary_folder folder;
  const train::trainer_options o = options_of(optimiser_kind::sgd);
  session first(o);
  first.train_to(5);
  REQUIRE(first.save(folder / "c").ok());
  const auto sound = content_of(folder / "c");
  flooded_pipe pipe(folder / "pipe", sound);
  check_refused(folder / "pipe", o, "something follows this record", sound.size());
  CHECK(pipe.taken() <= flooded_pipe::taken_unasked + sound.size());
}

TEST_CASE("a checkpoint that cannot be written leaves the one before") {
  const temporary_folder folder;
  session first(options_of(optimiser_kind::sgd));
  first.train_to(5);
  REQUIRE(first.save(folder / "c").ok());
  const auto before = content_of(folder / "c");
  first.train_to(10);
  status refused;
  {
    const limited_file_size now(before.size() - 1);
    REQUIRE(now.effective());
    refused = first.save(folder / "c");
  }
  CHECK_FALSE(refused.ok());
  CHECK(content_of(folder / "c") == before);
}
