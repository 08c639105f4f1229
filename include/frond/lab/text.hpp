// For a PC, text as data: lines as sentences.
#pragma once

#include <frond/lab/text/lines.hpp>
