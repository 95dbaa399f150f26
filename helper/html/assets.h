// Style sheet and script of every report, as constants.
#pragma once

namespace airlift::html {

extern const char* const kStyle;
extern const char* const kScript;

}  // namespace airlift::html
