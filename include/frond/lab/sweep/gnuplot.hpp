// Pictures, drawn by gnuplot from a script that stays beside them.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include <frond/core/status.hpp>
#include <frond/lab/io/file.hpp>
#include <frond/config/prologue.hpp>

namespace frond { inline namespace FROND_ABI { namespace lab::sweep {

// Whether a folder can be named between single quotes in a shell command.
inline bool shell_safe(const std::string& folder) { return folder.find_first_of("'\n\r") == std::string::npos; }

// Writes folder/name.gnuplot and runs it in that folder, so a script names files as they are called there. Empty, or why there
// is no picture: the script cannot be written, the folder is not shell_safe(), gnuplot is not installed or fails.
inline std::string draw(const std::string& folder, const std::string& name, const std::string& script) {
  const std::string path = folder + "/" + name + ".gnuplot";
  if (!shell_safe(folder) || !shell_safe(name)) return "a folder's name with quotes or line breaks cannot be handed to gnuplot";
  if (const status written = io::write_file(path, script); !written) return path + ": " + text(written).c_str();
  if (std::system("command -v gnuplot > /dev/null 2>&1") != 0)
    return "gnuplot is not installed (package gnuplot-nox); its script is " + path;
  const std::string command = "cd -- '" + folder + "' && gnuplot '" + name + ".gnuplot' 2> gnuplot.log";
  if (std::system(command.c_str()) != 0) return "gnuplot failed, see " + folder + "/gnuplot.log";
  std::remove((folder + "/gnuplot.log").c_str());
  return {};
}

}}}  // namespace frond::lab::sweep

#include <frond/config/epilogue.hpp>
