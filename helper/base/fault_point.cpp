#include "base/fault_point.h"

namespace airlift {

void ReachFaultPoint(FaultPoint) noexcept {}

}  // namespace airlift
