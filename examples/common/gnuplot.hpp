// Pictures, drawn by gnuplot from a script that stays beside them.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include <frond/frond.hpp>
#include <frond/lab/io.hpp>

namespace common {

// Whether a folder can be named between single quotes in a shell command.
inline bool shell_safe(const std::string& folder) { return folder.find_first_of("'\n\r") == std::string::npos; }

// Writes folder/name.gnuplot and runs it in that folder, so a script names files as they are called there. False, with a word
// on why, where it cannot be written, or gnuplot is not installed or fails. The folder must be shell_safe().
inline bool draw(const std::string& folder, const std::string& name, const std::string& script) {
  using namespace frond;
  const std::string path = folder + "/" + name + ".gnuplot";
  if (const status written = lab::io::write_file(path, script); !written) {
    std::printf("no picture: %s: %s\n", path.c_str(), text(written).c_str());
    return false;
  }
  if (std::system("command -v gnuplot > /dev/null 2>&1") != 0) {
    std::printf("no picture: gnuplot is not installed (package gnuplot-nox); its script is %s\n", path.c_str());
    return false;
  }
  const std::string command = "cd -- '" + folder + "' && gnuplot '" + name + ".gnuplot' 2> gnuplot.log";
  const bool drawn = std::system(command.c_str()) == 0;
  if (drawn)
    std::remove((folder + "/gnuplot.log").c_str());
  else
    std::printf("no picture: gnuplot failed, see %s/gnuplot.log\n", folder.c_str());
  return drawn;
}

}  // namespace common
