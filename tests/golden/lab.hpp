// What the files of the golden program have in common.
#pragma once

#include <cstdint>
#include <cstdio>

namespace golden {

inline void print(const char* kind, std::uint64_t hash) {
  std::printf("%s %016llx\n", kind, static_cast<unsigned long long>(hash));
}
inline void print(const char* kind, const char* name, std::uint64_t hash) {
  std::printf("%s_", kind);
  print(name, hash);
}

// The results of files of their own, so that none takes long to compile.
void grammars_results();
void lab_results();
void papers_results();
void spikes_results();
void online_results();

}  // namespace golden
