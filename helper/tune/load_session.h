// Settings of the sessions of a load: probed once, used where the target allows, gone with the session.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "report/result.h"

namespace airlift {

struct LoadSessionOptions {
  int jobs = 1;
  int64_t maintenance_work_mem_kb = 0;  // 0: as the target has it
  std::string toast_compression;        // "": as the target has it
  bool into_existing = false;           // tables may have triggers and foreign keys already
};

// Tries every setting in a transaction that is rolled back.
std::vector<LoadSettingUse> ProbeLoadSettings(Connection& target, const LoadSessionOptions& options);

// Sets those that the probe found allowed, until the session ends.
void ApplyLoadSettings(Connection& target, const std::vector<LoadSettingUse>& settings);

bool UsesReplicaRole(const std::vector<LoadSettingUse>& settings);

}  // namespace airlift
