#include "queue/task_kind.h"

#include "base/error.h"

namespace airlift {

const TaskKind& FindTaskKind(const std::string& name) {
  for (const TaskKind& kind : kTaskKinds)
    if (name == kind.name) return kind;
  throw Error("unknown kind of task \"" + name + "\" in airlift_state.task");
}

int TaskPriority(const std::string& kind) { return FindTaskKind(kind).priority; }

}  // namespace airlift
