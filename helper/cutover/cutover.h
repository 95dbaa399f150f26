// The cutover: the application's writes move from the source to the target within seconds, nothing lost, nothing
// doubled. Every step can be taken back until the target is open; from there the way back is `fallback`.
#pragma once

#include "cutover/crossing.h"

namespace airlift {

// Throws Error where something stands in the way (all of it at once, before anything is done), and RoadBlocked where a
// step failed and the application goes on writing to the source as before.
CrossingResult CutOver(const CrossingOptions& options, Progress& progress);

}  // namespace airlift
