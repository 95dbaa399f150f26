// The write fence of the extension on the source (docs/fence.md).
#pragma once

#include <string>

#include "pg/connection.h"

namespace airlift {

// False where the source has no extension, or one without a fence.
bool ExtensionFences(Connection& source);

struct FenceStatus {
  bool is_up = false;
  std::string reason;
  std::string since;
  bool session_is_exempt = false;
};
FenceStatus ReadFence(Connection& source);

// Calls of airlift.fence(), airlift.unfence() and airlift.enter_fence().
std::string FenceStatement(const std::string& reason, double timeout_seconds);
inline constexpr const char* kUnfenceStatement = "SELECT airlift.unfence()";
inline constexpr const char* kEnterFenceStatement = "SELECT airlift.enter_fence()";

// Snapshots that a background worker of the extension holds (docs/held-snapshots.md).
bool HasHeldSnapshots(Connection& source);
void ReleaseSnapshots(Connection& source);

}  // namespace airlift
