// A Python process that computes and times one block whenever it is asked to: torch and numpy as their users run them.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "comparison.hpp"

namespace peers {

class python_peer {
 public:
  // Starts peers.py, with the environment in which torch is fastest. Throws if it does not answer.
  python_peer();
  ~python_peer();
  python_peer(const python_peer&) = delete;
  python_peer& operator=(const python_peer&) = delete;

  // One command, one line of answer. Throws what the other side complains about.
  std::string ask(const std::string& command);
  // Named arrays on the other side.
  void send(const std::string& name, std::span<const float> values);
  std::vector<float> fetch(const std::string& name);

  // A job by name, timed over there by the CPU time of its thread.
  side job(const std::string& name);

 private:
  std::string answer();

  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
  int process_ = -1;
};

// The one process of this program, started when it is first needed.
python_peer& python();

}  // namespace peers
