// The picture, drawn by gnuplot: learning curves, the levels over time, and the final accuracies.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <frond/lab/io.hpp>

#include "learning.hpp"
#include "report.hpp"
#include <frond/lab/sweep/gnuplot.hpp>

namespace demo {

inline std::string milestones_as_csv(const std::vector<milestone>& curve, std::uint64_t steps) {
  lab::io::csv table({"step", "training_loss", "validation_loss", "strict_1", "strict_2", "strict_3", "strict_4"});
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const std::uint64_t step = std::min<std::uint64_t>((i + 1) * learner::evaluate_every, steps);
    table << static_cast<double>(step) << static_cast<double>(curve[i].training_loss)
          << static_cast<double>(curve[i].validation_loss);
    for (const float strict : curve[i].strict) table << static_cast<double>(strict);
    table.end_row();
  }
  return table.text();
}

inline std::string plot_script(double exact_loss, const std::vector<table_row>& rows) {
  std::string script =
      "set terminal pngcairo size 1500,480 font 'DejaVu Sans,11'\nset datafile separator ','\nset datafile missing ''\n";
  script +=
      "set output 'demo.png'\nset multiplot layout 1,3\nset grid back lc rgb '#dddddd'\nset xtics 500\n"
      "set xlabel 'training steps'\n";
  script += "set title 'Loss'\nset ylabel 'nats a token'\nfloor=" + lab::io::cell(exact_loss) + "\n";
  script +=
      "plot 'learning.csv' every ::1 using 1:2 with lines lc rgb '#9bbcd8' title 'training', "
      "'' every ::1 using 1:3 with lines lw 2 lc rgb '#1f77b4' title 'validation', "
      "floor with lines dt 2 lw 2 lc rgb 'black' title 'exact denoiser'\n";
  script +=
      "set title 'Rules are learned level by level'\nset ylabel 'sentences right up to this level'\nset yrange [0:1]\n"
      "set key bottom right\n";
  script +=
      "plot for [l=1:4] 'learning.csv' every ::1 using 1:3+l with linespoints lw 2 pt 7 ps 0.7 title sprintf('level %d', l)\n";
  script +=
      "set title 'Invented sentences'\nset xlabel 'level'\nset ylabel 'sentences right up to this level'\n"
      "set key outside top center horizontal\nset xtics 1\nset style data histograms\n"
      "set style fill solid\nset boxwidth 0.9\n$levels << END\n";
  for (const table_row& r : rows)
    if (r.quantity.rfind("strict_", 0) == 0)
      script += r.quantity.substr(7) + "," + lab::io::cell(r.learned) + "," + lab::io::cell(r.exact) + "," +
                lab::io::cell(r.chance) + "\n";
  script +=
      "END\nplot $levels using 2:xtic(1) lc rgb '#1f77b4' title 'learned', '' using 3 lc rgb '#555555' title 'exact', "
      "'' using 4 lc rgb '#cccccc' title 'chance'\nunset multiplot\n";
  return script;
}

// Empty, or why there is no picture.
inline std::string draw_picture(const std::string& folder, double exact_loss, const std::vector<table_row>& rows) {
  return lab::sweep::draw(folder, "demo", plot_script(exact_loss, rows));
}

}  // namespace demo
