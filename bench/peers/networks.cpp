// Networks: inference and training steps, against the peak, torch and nets written by hand.
#include <cmath>

#include <frond/rng/draws.hpp>

#include "comparison.hpp"
#include "ours.hpp"
#include "python_peer.hpp"
#include "rivals.hpp"
#include "topics.hpp"

namespace peers {

training_data random_data(const net& shape, std::size_t rows) {
  frond::rng::draws draw(frond::seed{5}, frond::rng::stream::user, 0);
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

// A network of ours and the batch that it is shown, as every comparison begins.
struct stage {
  const build& library;
  net shape;
  std::size_t rows;
  training_data data = random_data(shape, rows);
  std::unique_ptr<network> ours = library.make_network(shape, data, 1);
  std::vector<float> outputs = std::vector<float>(rows * shape.output_size());

  // The same network, the same parameters.
  std::unique_ptr<network> rebuilt_by(network_maker maker) {
    auto other = maker(shape, data);
    std::copy(ours->parameters().begin(), ours->parameters().end(), other->parameters().begin());
    return other;
  }
  void rebuild_in_python(const std::string& kind) {
    python().send("parameters", ours->parameters());
    python().send("inputs", data.inputs);
    python().send("targets", shape.classes ? std::vector<float>(data.classes.begin(), data.classes.end()) : data.targets);
    python().ask("net " + kind + " it");
  }

  void infer(network& model, std::vector<float>& out) { model.infer(data.inputs.data(), rows, out.data()); }
  side inference(network& model, std::vector<float>& out) {
    return timed([this, &model, &out] { infer(model, out); });
  }
  [[nodiscard]] double forward_operations() const { return static_cast<double>(rows) * shape.forward_operations(); }
  [[nodiscard]] double training_operations() const { return static_cast<double>(rows) * shape.training_operations(); }
};

side training(network& model) {
  return timed([&model] { model.train(); });
}

// One training step on both sides, of networks that are the same so far: the same loss and the same gradient.
double require_same_step(network& ours, network& theirs) {
  const float our_loss = ours.train(), their_loss = theirs.train();
  require_close({our_loss}, {their_loss}, approximate_gelu, "the loss");
  return require_close(copy(ours.gradient()), copy(theirs.gradient()), approximate_gelu, "the gradient");
}
double require_same_step_in_python(network& ours) {
  const float our_loss = ours.train(), their_loss = std::stof(python().ask("train it"));
  require_close({our_loss}, {their_loss}, same_function, "the loss");
  return require_close(copy(ours.gradient()), python().fetch("gradient"), same_function, "the gradient");
}

// Fills in who the other side is.
row against(row r, const stage& s, const std::string& peer, const std::string& version, const std::string& flags,
            double difference) {
  r.peer = peer;
  r.version = version;
  r.flags = s.library.own.description() + "; theirs " + flags + "; difference " + text(difference);
  return r;
}

row infer_against_peak(benchmark::State& state, stage s) {
  s.infer(*s.ours, s.outputs);
  row r = compare_with_peak(run_in_turns(state, {s.inference(*s.ours, s.outputs)}), 0, s.forward_operations());
  r.flags = s.library.own.description();
  return r;
}

row train_against_peak(benchmark::State& state, stage s) {
  const float before = s.ours->train();
  const measured m = run_in_turns(state, {training(*s.ours)});
  require(s.ours->train() < before, "the loss does not fall");
  row r = compare_with_peak(m, 0, s.training_operations());
  r.flags = s.library.own.description();
  return r;
}

constexpr const char* torch_flags = "widest ATEN_CPU_CAPABILITY, malloc tuned, ";

row infer_against_torch(benchmark::State& state, const std::string& kind, stage s) {
  s.rebuild_in_python(kind);
  python().ask("infer it " + std::to_string(s.rows));
  s.infer(*s.ours, s.outputs);
  const double difference = require_close(s.outputs, python().fetch("outputs"), same_function, "the output");
  const measured m = run_in_turns(state, {s.inference(*s.ours, s.outputs), python().job("it/infer")});
  return against(compare_times(m, 0, 1), s, "torch.jit " + kind, python().ask("hello"),
                 torch_flags + std::string("traced and frozen, ") + m.of_peak(s.forward_operations(), 1), difference);
}

row train_against_torch(benchmark::State& state, const std::string& kind, stage s) {
  s.rebuild_in_python(kind);
  const double difference = require_same_step_in_python(*s.ours);
  const measured m = run_in_turns(state, {training(*s.ours), python().job("it/train")});
  return against(compare_times(m, 0, 1), s, "torch " + kind, python().ask("hello"),
                 torch_flags + m.of_peak(s.training_operations(), 1), difference);
}

row infer_against_eigen(benchmark::State& state, stage s) {
  const auto theirs = s.rebuilt_by(eigen_network);
  std::vector<float> their_outputs(s.outputs.size());
  s.infer(*s.ours, s.outputs);
  s.infer(*theirs, their_outputs);
  const double difference = require_close(s.outputs, their_outputs, approximate_gelu, "the output");
  const measured m = run_in_turns(state, {s.inference(*s.ours, s.outputs), s.inference(*theirs, their_outputs)});
  return against(compare_times(m, 0, 1), s, "Eigen by hand", eigen_products().version, hand_flags, difference);
}

row train_against_eigen(benchmark::State& state, stage s) {
  const auto theirs = s.rebuilt_by(eigen_network);
  const double difference = require_same_step(*s.ours, *theirs);
  const measured m = run_in_turns(state, {training(*s.ours), training(*theirs)});
  return against(compare_times(m, 0, 1), s, "Eigen by hand", eigen_products().version,
                 std::string(hand_flags) + ", " + m.of_peak(s.training_operations(), 1), difference);
}

// Against the fastest of all that are there.
row train_against_best(benchmark::State& state, stage s) {
  struct rival {
    std::string name, version;
    double difference;
    std::unique_ptr<network> model;
  };
  std::vector<rival> rivals;
  std::vector<side> sides = {training(*s.ours)};
  [[maybe_unused]] const auto join_in = [&](const product_library& products, network_maker maker) {
    const stage same{s.library, s.shape, s.rows};
    rivals.push_back({products.name + " by hand", products.version, 0, s.rebuilt_by(maker)});
    rivals.back().difference = require_same_step(*same.ours, *rivals.back().model);
    sides.push_back(training(*rivals.back().model));
  };
  if constexpr (with_torch) {
    const stage same{s.library, s.shape, s.rows};
    s.rebuild_in_python("mlp");
    rivals.push_back({"torch", python().ask("hello"), require_same_step_in_python(*same.ours), nullptr});
    sides.push_back(python().job("it/train"));
  }
  if constexpr (with_eigen) join_in(eigen_products(), eigen_network);
  if constexpr (with_openblas) join_in(openblas_products(), openblas_network);
  const measured m = run_in_turns(state, sides);
  std::size_t best = 0;
  std::string all;
  for (std::size_t i = 0; i < rivals.size(); ++i) {
    if (m.seconds[i + 1] < m.seconds[best + 1]) best = i;
    all += "; " + rivals[i].name + ' ' + text(m.seconds[i + 1] * 1e6) + " us";
  }
  return against(compare_times(m, 0, best + 1), s, rivals[best].name, rivals[best].version, hand_flags + all,
                 rivals[best].difference);
}

}  // namespace

void add_networks() {
  const net mlp = mlp_net(), unet = unet_net(16);
  add("mlp-128/peak", [=](benchmark::State& state) { return infer_against_peak(state, {separate::library(), mlp, 128}); });
  add("mlp-train-128/peak", [=](benchmark::State& state) {
    return train_against_peak(state, {separate::library(), mlp, 128});
  });
  const auto infer_by_torch = [](const std::string& id, const std::string& kind, const net& shape, std::size_t rows) {
    if constexpr (with_torch)
      add(id, [=](benchmark::State& state, const build& ours) {
        return infer_against_torch(state, kind, {ours, shape, rows});
      });
    else
      leave_out(id, "python3-torch is not installed");
  };
  const auto train_by_torch = [](const std::string& id, const std::string& kind, const net& shape, std::size_t rows) {
    if constexpr (with_torch)
      add(id, [=](benchmark::State& state, const build& ours) {
        return train_against_torch(state, kind, {ours, shape, rows});
      });
    else
      leave_out(id, "python3-torch is not installed");
  };
  infer_by_torch("mlp-1/torch", "mlp", mlp, 1);
  train_by_torch("unet-train-128/torch-conv", "unet-conv", unet, 128);
  train_by_torch("unet-train-128/torch-linear", "unet-linear", unet, 128);
  infer_by_torch("unet-1/torch", "unet-linear", unet, 1);
  infer_by_torch("unet-1024/torch-linear", "unet-linear", unet, 1024);
  if constexpr (with_eigen) {
    add("unet-train-128/eigen", [=](benchmark::State& state, const build& ours) {
      return train_against_eigen(state, {ours, unet, 128});
    });
    add("unet-1/eigen", [=](benchmark::State& state, const build& ours) {
      return infer_against_eigen(state, {ours, unet, 1});
    });
  } else {
    for (const char* id : {"unet-train-128/eigen", "unet-1/eigen"}) leave_out(id, "libeigen3-dev is not installed");
  }
  if constexpr (with_torch || with_eigen || with_openblas)
    add("mlp-train-128/best", [=](benchmark::State& state, const build& ours) {
      return train_against_best(state, {ours, mlp, 128});
    });
  else
    leave_out("mlp-train-128/best", "none of python3-torch, libeigen3-dev, libopenblas-dev is installed");
}

}  // namespace peers
