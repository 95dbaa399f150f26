// The write fence (docs/fence.md): from one moment on nobody writes to the database but the fence's own sessions.
//
// Raised by a setting of the database, "airlift.fence" (a JSON object), next to session_preload_libraries, which loads
// this library into every session. Both are committed before the sessions begun earlier are ended.
#pragma once

#include "assistant.h"

namespace airlift {

// From _PG_init.
void InstallFence();

// This process may write whatever the fence: it raises and lowers it.
void ExemptThisProcess();

// Whether every process of the server has loaded this library (shared_preload_libraries).
bool IsLoadedByAll();

// Jobs of assistants.
void RaiseFence(AssistantCall* call);
void LowerFence(AssistantCall* call);

// What the setting says, as far as this library needs it.
struct FenceState {
  bool is_raised;
  char* id;
  char* since;
  char* by;
  char* reason;
  Oid role;
};

// As of now, read from the catalogue.
const FenceState& CurrentFence();
// As CurrentFence(), read once for each transaction.
const FenceState& FenceOfTransaction();

bool IsExempt(const FenceState& fence);
// With the id of the fence, or "" to be fenced as others.
void ExemptSession(const char* id);

}  // namespace airlift
