// For a PC, text as data: lines of one length.
#pragma once

#include <frond/lab/text/lines.hpp>
