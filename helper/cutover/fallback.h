// The fallback: after a cutover the application goes back to the source, with all that it wrote to the target.
#pragma once

#include "cutover/crossing.h"

namespace airlift {

// As CutOver, in the other direction, over the way back that the cutover made.
CrossingResult FallBack(const CrossingOptions& options, Progress& progress);

}  // namespace airlift
