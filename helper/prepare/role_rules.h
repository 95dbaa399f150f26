// Which roles of the source are created on the target, and what is said about the others.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "prepare/role_model.h"
#include "prepare/step.h"

namespace airlift {

// Stands for the attribute REPLICATION on RDS and Aurora.
inline constexpr const char* kReplicationRole = "rds_replication";

// pg_read_server_files, pg_write_server_files, pg_execute_server_program. Before 16 any CREATEROLE could grant them, a
// hole that managed services close: they are never granted.
bool IsServerFilesRole(const std::string& name);

// Roles to be created or completed, in the source's order. They point into `source`.
std::vector<const RoleFacts*> EligibleRoles(const SourceRoles& source, const TargetRoles& target,
                                            const std::set<std::string>& left_alone);

// A finding for each role that is not moved and should be known of.
void AppendUnmovableRoles(const SourceRoles& source, const TargetRoles& target, const std::set<std::string>& left_alone,
                          std::vector<PrepareFinding>& findings);

// A finding for each attribute of `role` that the target cannot give.
void AppendAttributeFindings(const RoleFacts& role, const TargetRoles& target, std::vector<PrepareFinding>& findings);

}  // namespace airlift
