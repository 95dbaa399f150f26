// Roles, memberships and settings of both sides, as facts for the planner.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace airlift {

struct RoleFacts {
  std::string name;
  bool is_bootstrap = false;   // the superuser that initdb made
  bool is_predefined = false;  // pg_monitor and its like
  bool superuser = false;
  bool inherit = true;
  bool createrole = false;
  bool createdb = false;
  bool login = false;
  bool replication = false;
  bool bypassrls = false;
  int connection_limit = -1;
  std::optional<std::string> valid_until;
  std::optional<std::string> password_hash;  // source only, where readable
  std::optional<std::string> comment;
  bool can_act = false;  // target only: the migrating role can SET ROLE to it and inherits from it
};

// The grant options of 16 and later; nullopt where the server does not know them.
struct MembershipOptions {
  bool admin = false;
  std::optional<bool> inherit;
  std::optional<bool> set;
  bool operator==(const MembershipOptions&) const = default;
};

struct MembershipFacts {
  std::string role;
  std::string member;
  bool member_inherits = true;  // rolinherit of the member
  MembershipOptions options;    // of all grants together
  // Target, 16 and later: the grant that a GRANT by the migrating role would change; nullopt where it would add one.
  std::optional<MembershipOptions> own;
};

// One entry of pg_db_role_setting.
struct SettingFacts {
  std::optional<std::string> role;  // nullopt: all roles
  bool in_database = false;         // of the connected database, else of all
  std::string name;
  std::string value;
};

struct SourceRoles {
  int major = 0;
  bool is_managed = false;  // has roles of a managed service itself
  bool passwords_readable = false;
  std::string why_no_passwords =
      "The source's role cannot read password hashes: this role has no password on the target.";
  std::vector<RoleFacts> roles;
  std::vector<MembershipFacts> memberships;
  std::vector<SettingFacts> settings;
};

struct TargetRoles {
  int major = 0;
  std::string user;
  std::string database;
  bool is_superuser = false;
  bool may_create_roles = false;
  bool may_create_databases = false;
  bool accepts_md5 = true;
  std::map<std::string, RoleFacts> roles;
  std::vector<MembershipFacts> memberships;
  std::vector<SettingFacts> settings;
};

}  // namespace airlift
