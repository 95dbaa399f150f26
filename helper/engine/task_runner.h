// What each kind of task does, within the transaction that holds its claim.
#pragma once

#include "engine/worker.h"

namespace airlift {

TaskOutcome RunTask(Worker& worker, const Task& task, StageProgress& stage);

}  // namespace airlift
