// Named points at which tests stop or kill the program (test/faults). In the program itself reaching one does nothing:
// it is a call of an empty function. The same object files, linked with test/faults/fault_point.cpp, make the program
// of the tests.
#pragma once

namespace airlift {

enum class FaultPoint {
#define AIRLIFT_FAULT_POINT(id, name, what) id,
#include "base/fault_points.def"
#undef AIRLIFT_FAULT_POINT
};

void ReachFaultPoint(FaultPoint point) noexcept;

}  // namespace airlift
