#include "prepare/role_rules.h"

#include <algorithm>

#include "pg/identifier.h"

namespace airlift {

namespace {

enum class Fate { kMoved, kSilent, kReserved, kTargetUser, kTargetSuperuser };

bool IsServiceName(const std::string& name) { return name.rfind("rds", 0) == 0; }

// Why a role of the source is moved or not; the first rule that holds.
Fate FateOf(const RoleFacts& role, const SourceRoles& source, const TargetRoles& target,
            const std::set<std::string>& left_alone) {
  if (role.is_bootstrap || role.is_predefined || left_alone.count(role.name) > 0) return Fate::kSilent;
  if (IsServiceName(role.name)) return source.is_managed ? Fate::kSilent : Fate::kReserved;
  if (role.name == target.user) return Fate::kTargetUser;
  const auto existing = target.roles.find(role.name);
  if (existing != target.roles.end() && existing->second.superuser && !target.is_superuser)
    return Fate::kTargetSuperuser;
  return Fate::kMoved;
}

constexpr struct {
  Fate fate;
  const char* detail;
  const char* remedy;
} kReasons[] = {
    {Fate::kReserved, "Names that begin with rds are the managed service's own.",
     "Rename the role on the source before the move; an md5 password is lost by that."},
    {Fate::kTargetUser, "The role that runs this on the target has the same name.",
     "Rename the role on the source, or move with another role of the target."},
    {Fate::kTargetSuperuser, "A superuser of the target has the same name.", "Rename the role on the source."},
};

}  // namespace

bool IsServerFilesRole(const std::string& name) {
  return name == "pg_read_server_files" || name == "pg_write_server_files" || name == "pg_execute_server_program";
}

std::vector<const RoleFacts*> EligibleRoles(const SourceRoles& source, const TargetRoles& target,
                                            const std::set<std::string>& left_alone) {
  std::vector<const RoleFacts*> eligible;
  for (const RoleFacts& role : source.roles)
    if (FateOf(role, source, target, left_alone) == Fate::kMoved) eligible.push_back(&role);
  return eligible;
}

void AppendUnmovableRoles(const SourceRoles& source, const TargetRoles& target, const std::set<std::string>& left_alone,
                          std::vector<PrepareFinding>& findings) {
  for (const RoleFacts& role : source.roles) {
    const Fate fate = FateOf(role, source, target, left_alone);
    for (const auto& reason : kReasons)
      if (reason.fate == fate)
        findings.push_back({"role.reserved_name", DisplayName(role.name), reason.detail, reason.remedy, false, false});
  }
}

void AppendAttributeFindings(const RoleFacts& role, const TargetRoles& target, std::vector<PrepareFinding>& findings) {
  const auto add = [&](const char* id, const char* detail, const char* remedy) {
    findings.push_back({id, DisplayName(role.name), detail, remedy, false, false});
  };
  if (role.superuser) {
    add("role.superuser", "It is superuser on the source and is created without that.",
        "GRANT rds_superuser to it where it administers the database; else accept this.");
    return;  // a superuser replicates and bypasses policies by that alone
  }
  if (role.replication && target.roles.count(kReplicationRole) == 0)
    add("role.replication", "It has REPLICATION, and the target has no role rds_replication to grant in its place.",
        "Have the target's administrator give it the right to replicate.");
  if (role.bypassrls)
    add("role.bypassrls", "It has BYPASSRLS, which the target does not give.",
        "Give the role a permissive policy on each table: CREATE POLICY ... TO role USING (true). Accept this where "
        "the "
        "role does not read tables with row-level security.");
  if (role.createdb && !target.may_create_databases)
    add("role.createdb", "It has CREATEDB, which the role that runs this does not have and cannot give.",
        "Have a role with CREATEDB alter it.");
}

}  // namespace airlift
