// Names that go into commands for the AWS command line, checked before anything is printed.
#pragma once

#include <string>
#include <string_view>

namespace airlift::planning {

// Identifiers of instances, clusters, snapshots and parameter groups: 1 to 63 letters, digits or hyphens, a letter
// first, no hyphen at the end, no two in a row. Throws Error that says which rule `name` breaks; `what` names it for
// people.
void CheckAwsIdentifier(const std::string& name, const std::string& what);

// A prefix made from a database's name; always a valid identifier with room for our suffixes.
std::string IdentifierFrom(std::string_view database);

// Regions ("eu-west-1"), instance classes ("db.r7g.xlarge"), KMS keys (ID, alias or ARN), versions. Throw Error.
void CheckRegion(const std::string& region);
void CheckInstanceClass(const std::string& name);
void CheckKmsKey(const std::string& key);

// One word for a shell, on one line; as it is where nothing needs quoting. Control characters are written $'\x0a', as
// bash, zsh and ksh take them.
std::string ShellQuote(std::string_view word);

// What an RDS endpoint tells: "mydb" and "eu-west-1" of mydb.abc123.eu-west-1.rds.amazonaws.com; empty otherwise.
struct RdsEndpoint {
  std::string identifier;
  std::string region;
};
RdsEndpoint ParseRdsEndpoint(const std::string& host);

}  // namespace airlift::planning
