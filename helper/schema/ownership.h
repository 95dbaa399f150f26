// Giving objects to the roles that own them at the source, on a server where we are not superuser.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pg/role.h"
#include "schema/entry_runner.h"

namespace airlift {

class Ownership {
 public:
  Ownership(Connection& target, EntryRunner& runner, std::function<void(const std::string&)> note)
      : target_(target), runner_(runner), access_(target), note_(std::move(note)) {}

  // Phases kOwner and kDefaultAcl: makes the migrating role a member of each role that it needs, then runs the entries.
  // A role that is missing, or that cannot be had, leaves all its entries out, with one reason.
  void RunPhase(RestorePhase phase);
  // Makes the migrating role a member of the roles in whose name grants were made; what is refused shows in phase kAcl.
  void ObtainGrantors();

 private:
  // Why the migrating role cannot act for `role`; nullopt where it can (now).
  std::optional<std::string> Obtain(const std::string& role);
  void Refuse(RestorePhase phase, const std::string& role, const std::string& reason);
  void RunOwner(RestorePhase phase, const std::string& role);
  void GiveAway(const std::vector<SchemaEntry>& batch, const std::string& role);

  Connection& target_;
  EntryRunner& runner_;
  RoleAccess access_;
  std::function<void(const std::string&)> note_;
};

}  // namespace airlift
