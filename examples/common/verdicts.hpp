// The table that a figure ends in: what was measured, what was predicted, and whether the one is within the bounds.
#pragma once

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include <frond/frond.hpp>
#include <frond/lab/io.hpp>

namespace common {

using namespace frond;

inline constexpr double none = std::numeric_limits<double>::quiet_NaN();

// What cannot be known, or has no bound, is `none`; a row without bounds reports and does not judge.
struct verdict {
  std::string id, quantity;
  double measured = none, error = none, predicted = none, low = none, high = none;

  [[nodiscard]] const char* holds() const {
    if (std::isnan(low) && std::isnan(high)) return "";
    return measured >= (std::isnan(low) ? -HUGE_VAL : low) && measured <= (std::isnan(high) ? HUGE_VAL : high) ? "yes" : "no";
  }
};

inline void print(const std::vector<verdict>& verdicts) {
  const auto shown = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return std::isnan(value) ? std::string("-") : std::string(text);
  };
  std::printf("\n%-4s %-52s %11s %11s %11s %11s %11s %s\n", "", "", "measured", "error", "predicted", "low", "high", "holds");
  for (const verdict& v : verdicts)
    std::printf("%-4s %-52s %11s %11s %11s %11s %11s %s\n", v.id.c_str(), v.quantity.c_str(), shown(v.measured).c_str(),
                shown(v.error).c_str(), shown(v.predicted).c_str(), shown(v.low).c_str(), shown(v.high).c_str(), v.holds());
}

inline status write(const std::string& path, const std::vector<verdict>& verdicts) {
  lab::io::csv table({"id", "quantity", "measured", "error", "predicted", "low", "high", "holds"});
  for (const verdict& v : verdicts) {
    table << v.id << v.quantity << v.measured << v.error << v.predicted << v.low << v.high << v.holds();
    table.end_row();
  }
  return table.write(path);
}

}  // namespace common
