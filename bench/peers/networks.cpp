// Networks: inference and training steps, against the peak, torch and nets written by hand.
#include <cmath>

#include <frond/random/draws.hpp>

#include "comparison.hpp"
#include "ours.hpp"
#include "python_peer.hpp"
#include "rivals.hpp"
#include "topics.hpp"

namespace peers {

training_data random_data(const net& shape, std::size_t rows) {
  frond::random::draws draw(frond::seed{5}, frond::random::stream::user, 0);
  training_data data{rows, std::vector<float>(rows * shape.input_size()), {}, {}};
  if (!shape.classes) {
    data.targets.resize(rows * shape.output_size());
    for (float& value : data.inputs) value = 2 * draw.uniform() - 1;
    for (float& value : data.targets) value = 2 * draw.uniform() - 1;
    return data;
  }
  for (std::size_t place = 0; place < rows * shape.input_positions; ++place) {
    data.inputs[place * shape.input_channels + draw.below(16)] = 1;
    data.classes.push_back(static_cast<std::uint8_t>(draw.below(16)));
  }
  return data;
}

namespace {

// Torch, OpenBLAS and Eigen sum in other orders; the nets by hand approximate GELU.
constexpr double same_function = 1e-4, approximate_gelu = 1e-2;

std::vector<float> copy(std::span<const float> floats) { return {floats.begin(), floats.end()}; }

std::vector<float> infer(network& model, const training_data& data, const net& shape, std::size_t rows) {
  std::vector<float> outputs(rows * shape.output_size());
  model.infer(data.inputs.data(), rows, outputs.data());
  return outputs;
}

side inference(network& model, const training_data& data, std::vector<float>& outputs, std::size_t rows) {
  return timed([&model, &data, &outputs, rows] { model.infer(data.inputs.data(), rows, outputs.data()); });
}
side training(network& model) {
  return timed([&model] { model.train(); });
}

// The same network with the same parameters elsewhere.
void send_to_python(const std::string& kind, network& model, const training_data& data) {
  python().send("parameters", model.parameters());
  python().send("inputs", data.inputs);
  python().send("targets", data.targets.empty() ? std::vector<float>(data.classes.begin(), data.classes.end()) : data.targets);
  python().ask("net " + kind + " it");
}
std::unique_ptr<network> rebuilt(network_maker maker, network& model, const net& shape, const training_data& data) {
  auto other = maker(shape, data);
  std::copy(model.parameters().begin(), model.parameters().end(), other->parameters().begin());
  return other;
}

// One training step on both sides: the same loss and the same gradient.
double require_same_step(network& ours, float their_loss, const std::vector<float>& their_gradient, float our_loss,
                         double tolerance) {
  require_close({our_loss}, {their_loss}, tolerance, "the loss");
  return require_close(copy(ours.gradient()), their_gradient, tolerance, "the gradient");
}
double require_same_step(network& ours, network& theirs) {
  const float our_loss = ours.train(), their_loss = theirs.train();
  return require_same_step(ours, their_loss, copy(theirs.gradient()), our_loss, approximate_gelu);
}
double require_same_step_in_python(network& ours) {
  const float our_loss = ours.train(), their_loss = std::stof(python().ask("train it"));
  return require_same_step(ours, their_loss, python().fetch("gradient"), our_loss, same_function);
}

std::string of_peak(double operations, double seconds, const measured& m) {
  return text(operations / seconds / m.multiply_add) + " of peak";
}

// Fills in who the other side is.
row against(row r, const std::string& peer, const std::string& version, const std::string& flags, double difference) {
  r.peer = peer;
  r.version = version;
  r.flags = our_flags() + "; theirs " + flags + "; difference " + text(difference);
  return r;
}

constexpr const char* torch_flags = "ATEN_CPU_CAPABILITY widest and malloc tuned";

row infer_against_torch(benchmark::State& state, const std::string& kind, const net& shape, std::size_t rows) {
  const training_data data = random_data(shape, rows);
  const auto ours = builtin::make_network(shape, data);
  send_to_python(kind, *ours, data);
  python().ask("infer it " + std::to_string(rows));
  std::vector<float> outputs = infer(*ours, data, shape, rows);
  const double difference = require_close(outputs, python().fetch("outputs"), same_function, "the output");
  const measured m = run_in_turns(state, {inference(*ours, data, outputs, rows), python().job("it/infer")});
  return against(compare_times(m, 0, 1), "torch.jit " + kind, python().ask("hello"),
                 std::string(torch_flags) + ", traced and frozen", difference);
}

row train_against_torch(benchmark::State& state, const std::string& kind, const net& shape, std::size_t rows) {
  const training_data data = random_data(shape, rows);
  const auto ours = builtin::make_network(shape, data);
  send_to_python(kind, *ours, data);
  const double difference = require_same_step_in_python(*ours);
  const measured m = run_in_turns(state, {training(*ours), python().job("it/train")});
  return against(
      compare_times(m, 0, 1), "torch " + kind, python().ask("hello"),
      std::string(torch_flags) + ", " + of_peak(static_cast<double>(rows) * shape.training_operations(), m.seconds[1], m),
      difference);
}

#if PEERS_WITH_EIGEN
row infer_against_eigen(benchmark::State& state, const net& shape, std::size_t rows) {
  const training_data data = random_data(shape, rows);
  const auto ours = builtin::make_network(shape, data), theirs = rebuilt(eigen_network, *ours, shape, data);
  std::vector<float> outputs = infer(*ours, data, shape, rows), their_outputs = infer(*theirs, data, shape, rows);
  const double difference = require_close(outputs, their_outputs, approximate_gelu, "the output");
  const measured m =
      run_in_turns(state, {inference(*ours, data, outputs, rows), inference(*theirs, data, their_outputs, rows)});
  return against(compare_times(m, 0, 1), "Eigen by hand", eigen_products().version, hand_flags, difference);
}

row train_against_eigen(benchmark::State& state, const net& shape, std::size_t rows) {
  const training_data data = random_data(shape, rows);
  const auto ours = builtin::make_network(shape, data), theirs = rebuilt(eigen_network, *ours, shape, data);
  const double difference = require_same_step(*ours, *theirs);
  const measured m = run_in_turns(state, {training(*ours), training(*theirs)});
  return against(
      compare_times(m, 0, 1), "Eigen by hand", eigen_products().version,
      std::string(hand_flags) + ", " + of_peak(static_cast<double>(rows) * shape.training_operations(), m.seconds[1], m),
      difference);
}
#endif

// Against the fastest of all that are there.
row train_against_best(benchmark::State& state, const net& shape, std::size_t rows) {
  const training_data data = random_data(shape, rows);
  const auto ours = builtin::make_network(shape, data);
  std::vector<side> sides = {training(*ours)};
  std::vector<std::string> names = {""}, versions = {""};
  std::vector<std::unique_ptr<network>> others;
  double difference = 0;
  const auto join_in = [&](const std::string& name, const std::string& version, side work, double theirs) {
    names.push_back(name);
    versions.push_back(version);
    sides.push_back(std::move(work));
    difference = std::max(difference, theirs);
  };
#if PEERS_WITH_TORCH
  {
    const auto same = rebuilt(builtin::make_network, *ours, shape, data);
    send_to_python("mlp", *same, data);
    const double theirs = require_same_step_in_python(*same);
    join_in("torch", python().ask("hello"), python().job("it/train"), theirs);
  }
#endif
  [[maybe_unused]] const auto join_by_hand = [&](const product_library& library, network_maker maker) {
    const auto same = rebuilt(builtin::make_network, *ours, shape, data);
    others.push_back(rebuilt(maker, *ours, shape, data));
    const double theirs = require_same_step(*same, *others.back());
    join_in(library.name + " by hand", library.version, training(*others.back()), theirs);
  };
#if PEERS_WITH_EIGEN
  join_by_hand(eigen_products(), eigen_network);
#endif
#if PEERS_WITH_OPENBLAS
  join_by_hand(openblas_products(), openblas_network);
#endif
  require(sides.size() > 1, "there is no peer");
  const measured m = run_in_turns(state, sides);
  std::size_t best = 1;
  std::string all;
  for (std::size_t i = 1; i < sides.size(); ++i) {
    if (m.seconds[i] < m.seconds[best]) best = i;
    all += (i == 1 ? "" : ", ") + names[i] + ' ' + text(m.seconds[i] * 1e6) + " us";
  }
  return against(compare_times(m, 0, best), names[best], versions[best], std::string(hand_flags) + "; " + all, difference);
}

row infer_against_peak(benchmark::State& state, const net& shape, std::size_t rows) {
  const training_data data = random_data(shape, rows);
  const auto ours = builtin::make_network(shape, data);
  std::vector<float> outputs = infer(*ours, data, shape, rows);
  const measured m = run_in_turns(state, {inference(*ours, data, outputs, rows)});
  return compare_with_peak(m, 0, static_cast<double>(rows) * shape.forward_operations());
}

row train_against_peak(benchmark::State& state, const net& shape, std::size_t rows) {
  const training_data data = random_data(shape, rows);
  const auto ours = builtin::make_network(shape, data);
  const float before = ours->train();
  const measured m = run_in_turns(state, {training(*ours)});
  const float after = ours->train();
  require(after < before, "the loss does not fall");
  return compare_with_peak(m, 0, static_cast<double>(rows) * shape.training_operations());
}

}  // namespace

void add_networks() {
  const net mlp = mlp_net(), unet = unet_net(16);
  add("mlp-128/peak", [=](benchmark::State& state) { return infer_against_peak(state, mlp, 128); });
  add("mlp-train-128/peak", [=](benchmark::State& state) { return train_against_peak(state, mlp, 128); });
#if PEERS_WITH_TORCH || PEERS_WITH_EIGEN || PEERS_WITH_OPENBLAS
  add("mlp-train-128/best", [=](benchmark::State& state) { return train_against_best(state, mlp, 128); });
#else
  leave_out("mlp-train-128/best", "none of python3-torch, libeigen3-dev, libopenblas-dev is installed");
#endif
#if PEERS_WITH_TORCH
  add("mlp-1/torch", [=](benchmark::State& state) { return infer_against_torch(state, "mlp", mlp, 1); });
  add("unet-train-128/torch-conv", [=](benchmark::State& state) { return train_against_torch(state, "unet-conv", unet, 128); });
  add("unet-train-128/torch-linear",
      [=](benchmark::State& state) { return train_against_torch(state, "unet-linear", unet, 128); });
  add("unet-1/torch", [=](benchmark::State& state) { return infer_against_torch(state, "unet-linear", unet, 1); });
  add("unet-1024/torch-linear", [=](benchmark::State& state) { return infer_against_torch(state, "unet-linear", unet, 1024); });
#else
  for (const char* id :
       {"mlp-1/torch", "unet-train-128/torch-conv", "unet-train-128/torch-linear", "unet-1/torch", "unet-1024/torch-linear"})
    leave_out(id, "python3-torch is not installed");
#endif
#if PEERS_WITH_EIGEN
  add("unet-train-128/eigen", [=](benchmark::State& state) { return train_against_eigen(state, unet, 128); });
  add("unet-1/eigen", [=](benchmark::State& state) { return infer_against_eigen(state, unet, 1); });
#else
  for (const char* id : {"unet-train-128/eigen", "unet-1/eigen"}) leave_out(id, "libeigen3-dev is not installed");
#endif
}

}  // namespace peers
