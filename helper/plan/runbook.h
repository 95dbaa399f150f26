// Roads that AWS itself offers from RDS to Aurora, as commands. Nothing here calls AWS.
#pragma once

#include <string>
#include <vector>

#include "plan/capacity.h"
#include "plan/facts.h"

namespace airlift::planning {

// What the user, or the source's endpoint, says of names. Empty: a shell variable to fill in takes its place.
struct AwsNames {
  std::string prefix;  // of everything that the commands create
  std::string source_instance;
  std::string source_region;
  std::string region;   // of the target
  std::string kms_key;  // encrypts an unencrypted source, or changes its key
  std::string instance_class;
};
// Throws Error on the first name that AWS would refuse. `names.prefix` must leave room for our suffixes.
void CheckAwsNames(const AwsNames& names);

struct RunbookStep {
  std::string title;
  std::string command;
};

struct Runbook {
  std::string name;  // "rds-snapshot", "aurora-read-replica"
  std::string title;
  bool applies = false;
  std::string reason;  // why it applies, or why it does not
  std::vector<RunbookStep> steps;
  std::vector<std::string> rules;  // encryption, Regions, versions
};

std::vector<Runbook> MakeRunbooks(const SourceFacts& facts, const AwsNames& names, const TargetVersion& version,
                                  ServerKind target_kind);

}  // namespace airlift::planning
