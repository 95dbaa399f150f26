// Acting as another role on a managed target, where the migrating role is no superuser.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

// Makes the session's user able to give objects to other roles and to go on owning them through inheritance: a
// superuser always is; before 16 a membership is needed, since 16 one with SET and INHERIT. Where CREATEROLE gave the
// user only the ADMIN option, the rest is granted to itself (the manual, "Role Attributes": creating roles gives
// neither SET nor INHERIT by itself).
class RoleAccess {
 public:
  explicit RoleAccess(Connection& target) : target_(target) {}

  // Why the user cannot act as `role` on the target ("role "x" does not exist", the server's own words), or nullopt
  // when it can. Asked once per role. Within a transaction, a refused grant is rolled back alone.
  std::optional<std::string> WhyNot(const std::string& role);
  // Roles that WhyNot granted to the user.
  const std::vector<std::string>& granted() const { return granted_; }

 private:
  std::optional<std::string> Ask(const std::string& role);

  Connection& target_;
  std::map<std::string, std::optional<std::string>> answers_;
  std::vector<std::string> granted_;
};

std::set<std::string> SuperuserNames(Connection& connection);

}  // namespace airlift
