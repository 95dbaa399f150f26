#include "plan/runbook.h"

#include <fmt/format.h>

#include <map>

#include "base/error.h"
#include "plan/aws_name.h"

namespace airlift::planning {

namespace {

// When a step, or a rule, belongs to the commands.
enum class When { kAlways, kOneRegion, kTwoRegions, kNoVersion, kMissingNames };

struct StepRow {
  When when;
  const char* title;
  const char* command;  // {NAMES} are filled in
};

constexpr StepRow kSnapshotSteps[] = {
    {When::kMissingNames, "fill in what is not known", "{VARIABLES}"},
    {When::kNoVersion, "choose an Aurora version of the same major, of the same or a later minor",
     "aws rds describe-db-engine-versions --engine aurora-postgresql --region {REGION} --query "
     "'DBEngineVersions[].EngineVersion' --output text"},
    {When::kAlways, "stop the application's writes; the snapshot holds what is committed now", "# see fallback"},
    {When::kAlways, "take the snapshot",
     "aws rds create-db-snapshot --region {SOURCE_REGION} --db-instance-identifier {SOURCE} --db-snapshot-identifier "
     "{SNAPSHOT}"},
    {When::kAlways, "wait for it",
     "aws rds wait db-snapshot-available --region {SOURCE_REGION} --db-snapshot-identifier {SNAPSHOT}"},
    {When::kTwoRegions, "copy it to the target's Region",
     "aws rds copy-db-snapshot --source-db-snapshot-identifier arn:aws:rds:{SOURCE_REGION}:\"$(aws sts "
     "get-caller-identity --query Account --output text)\":snapshot:{SNAPSHOT} --target-db-snapshot-identifier {COPY} "
     "--region {REGION} --source-region {SOURCE_REGION}{KMS}"},
    {When::kTwoRegions, "wait for the copy",
     "aws rds wait db-snapshot-available --region {REGION} --db-snapshot-identifier {COPY}"},
    {When::kAlways, "restore it as a cluster",
     "aws rds restore-db-cluster-from-snapshot --region {REGION} --db-cluster-identifier {CLUSTER} "
     "--snapshot-identifier "
     "arn:aws:rds:{REGION}:\"$(aws sts get-caller-identity --query Account --output text)\":snapshot:{RESTORED} "
     "--engine "
     "aurora-postgresql --engine-version {VERSION}{KMS} --db-subnet-group-name \"$SUBNET_GROUP\" "
     "--vpc-security-group-ids \"$SECURITY_GROUP\""},
    {When::kAlways, "give it a writer",
     "aws rds create-db-instance --region {REGION} --db-cluster-identifier {CLUSTER} --db-instance-identifier {WRITER} "
     "--db-instance-class {CLASS} --engine aurora-postgresql --no-publicly-accessible"},
    {When::kAlways, "wait for the writer",
     "aws rds wait db-instance-available --region {REGION} --db-instance-identifier {WRITER}"},
};

constexpr StepRow kReplicaSteps[] = {
    {When::kMissingNames, "fill in what is not known", "{VARIABLES}"},
    {When::kAlways, "turn automatic minor upgrades of the source off until the promotion",
     "aws rds modify-db-instance --region {REGION} --db-instance-identifier {SOURCE} --no-auto-minor-version-upgrade "
     "--apply-immediately"},
    {When::kNoVersion, "choose an Aurora version of the same major, of the same or a later minor",
     "aws rds describe-db-engine-versions --engine aurora-postgresql --region {REGION} --query "
     "'DBEngineVersions[].EngineVersion' --output text"},
    {When::kAlways, "create the cluster as a replica of the instance",
     "aws rds create-db-cluster --region {REGION} --db-cluster-identifier {CLUSTER} --engine aurora-postgresql "
     "--engine-version {VERSION} --replication-source-identifier arn:aws:rds:{REGION}:\"$(aws sts get-caller-identity "
     "--query Account --output text)\":db:{SOURCE}{STORAGE_ENCRYPTION} --db-subnet-group-name \"$SUBNET_GROUP\" "
     "--vpc-security-group-ids \"$SECURITY_GROUP\""},
    {When::kAlways, "give it a writer-to-be",
     "aws rds create-db-instance --region {REGION} --db-cluster-identifier {CLUSTER} --db-instance-identifier {WRITER} "
     "--db-instance-class {CLASS} --engine aurora-postgresql --no-publicly-accessible"},
    {When::kAlways, "wait for it: several hours for each TB",
     "aws rds wait db-instance-available --region {REGION} --db-instance-identifier {WRITER}"},
    {When::kAlways, "watch the lag until it is small",
     "aws cloudwatch get-metric-statistics --region {REGION} --namespace AWS/RDS --metric-name "
     "RDSToAuroraPostgreSQLReplicaLag --dimensions Name=DBClusterIdentifier,Value={CLUSTER} --statistics Maximum "
     "--period "
     "60 --start-time \"$(date -u -d '10 minutes ago' +%FT%TZ)\" --end-time \"$(date -u +%FT%TZ)\""},
    {When::kAlways, "stop the application's writes, then note the source's position (SQL on the source)",
     "SELECT pg_catalog.pg_current_wal_lsn();"},
    {When::kAlways, "wait until the replica has replayed that position (SQL on the cluster)",
     "SELECT pg_catalog.pg_last_wal_replay_lsn() >= '<position>';"},
    {When::kAlways, "promote",
     "aws rds promote-read-replica-db-cluster --region {REGION} --db-cluster-identifier {CLUSTER}"},
    {When::kAlways, "wait for the cluster to take writes",
     "aws rds wait db-cluster-available --region {REGION} --db-cluster-identifier {CLUSTER}"},
};

constexpr const char* kSnapshotRules[] = {
    "the Aurora version must be of the same major version, with the same or a later minor than the RDS instance",
    "an encrypted snapshot gives an encrypted cluster, always; --kms-key-id encrypts an unencrypted one or changes the "
    "key",
    "an unencrypted cluster cannot be made from an encrypted snapshot",
    "snapshot and cluster are in one Region: copy the snapshot first where they are not (20 copies at a time for each "
    "account and destination); a key belongs to its Region",
    "the cluster's identifier must be free in the account and Region",
    "Kerberos authentication stays off until the migration is over",
};

constexpr const char* kReplicaRules[] = {
    "same account, same Region, same major version; one Aurora replica an instance, and none while a cross-Region "
    "replica "
    "exists",
    "unlogged tables must be made LOGGED before",
    "an encrypted instance gives an encrypted cluster; an unencrypted one can be encrypted with --storage-encrypted "
    "and "
    "--kms-key-id",
    "after the promotion the two are apart: writes on either do not reach the other",
};

constexpr const char* kLongestSuffix = "-parameters-cluster";

std::string OrVariable(const std::string& value, const char* variable) {
  return value.empty() ? fmt::format("\"${}\"", variable) : ShellQuote(value);
}

class Writer {
 public:
  Writer(const AwsNames& names, const TargetVersion& version) : names_(names) {
    two_regions_ = !names.region.empty() && !names.source_region.empty() && names.region != names.source_region;
    has_version_ = version.minor >= 0;
    const std::string& region = names.region.empty() ? names.source_region : names.region;
    values_ = {
        {"SOURCE", OrVariable(names.source_instance, "SOURCE_INSTANCE")},
        {"SOURCE_REGION", OrVariable(names.source_region.empty() ? names.region : names.source_region, "REGION")},
        {"REGION", OrVariable(region, "REGION")},
        {"SNAPSHOT", names.prefix + "-snapshot"},
        {"COPY", names.prefix + "-snapshot-copy"},
        {"RESTORED", names.prefix + (two_regions_ ? "-snapshot-copy" : "-snapshot")},
        {"CLUSTER", names.prefix + "-cluster"},
        {"WRITER", names.prefix + "-writer"},
        {"VERSION", has_version_ ? version.Text() : "\"$AURORA_VERSION\""},
        {"KMS", names.kms_key.empty() ? "" : " --kms-key-id " + ShellQuote(names.kms_key)},
        {"STORAGE_ENCRYPTION",
         names.kms_key.empty() ? "" : " --storage-encrypted --kms-key-id " + ShellQuote(names.kms_key)},
        {"CLASS", OrVariable(names.instance_class, "INSTANCE_CLASS")},
    };
    values_["VARIABLES"] = Variables(region);
  }

  template <size_t size>
  std::vector<RunbookStep> Steps(const StepRow (&rows)[size]) const {
    std::vector<RunbookStep> steps;
    for (const StepRow& row : rows)
      if (Applies(row.when)) steps.push_back({row.title, Filled(row.command)});
    return steps;
  }
  bool two_regions() const { return two_regions_; }

 private:
  bool Applies(When when) const {
    switch (when) {
      case When::kOneRegion:
        return !two_regions_;
      case When::kTwoRegions:
        return two_regions_;
      case When::kNoVersion:
        return !has_version_;
      case When::kMissingNames:
      case When::kAlways:
        break;
    }
    return true;
  }

  std::string Variables(const std::string& region) const {
    std::string text = "SUBNET_GROUP= SECURITY_GROUP=";
    if (names_.source_instance.empty()) text += " SOURCE_INSTANCE=";
    if (region.empty()) text += " REGION=";
    if (!has_version_) text += " AURORA_VERSION=";
    if (names_.instance_class.empty()) text += " INSTANCE_CLASS=";
    return text;
  }

  std::string Filled(const std::string& command) const {
    std::string filled;
    size_t at = 0;
    while (at < command.size()) {
      const size_t open = command.find('{', at);
      const size_t close = open == std::string::npos ? open : command.find('}', open);
      if (close == std::string::npos) break;
      filled += command.substr(at, open - at) + values_.at(command.substr(open + 1, close - open - 1));
      at = close + 1;
    }
    return filled + command.substr(at);
  }

  const AwsNames& names_;
  bool two_regions_ = false;
  bool has_version_ = false;
  std::map<std::string, std::string> values_;
};

// Why neither road is open; "" where they are.
std::string WhyNot(const SourceFacts& facts, const TargetVersion& version, ServerKind target_kind) {
  if (facts.kind != ServerKind::kRds)
    return fmt::format("the source is {}, not RDS: for it this is a second step, after a move to RDS",
                       ServerKindName(facts.kind));
  if (target_kind != ServerKind::kAurora) return "the target is not Aurora";
  if (version.major != 0 && version.major != facts.major())
    return fmt::format("source and target must be of one major version: {} and {}", facts.major(), version.major);
  return {};
}

}  // namespace

void CheckAwsNames(const AwsNames& names) {
  CheckAwsIdentifier(names.prefix, "identifier prefix");
  CheckAwsIdentifier(names.prefix + kLongestSuffix, "identifier made from the prefix,");
  if (!names.source_instance.empty()) CheckAwsIdentifier(names.source_instance, "source instance");
  if (!names.source_region.empty()) CheckRegion(names.source_region);
  if (!names.region.empty()) CheckRegion(names.region);
  if (!names.kms_key.empty()) CheckKmsKey(names.kms_key);
  if (!names.instance_class.empty()) CheckInstanceClass(names.instance_class);
}

std::vector<Runbook> MakeRunbooks(const SourceFacts& facts, const AwsNames& names, const TargetVersion& version,
                                  ServerKind target_kind) {
  const Writer writer(names, version);
  const std::string why_not = WhyNot(facts, version, target_kind);
  const std::string open = "the source is RDS, the target Aurora of the same major version";
  Runbook snapshot{"rds-snapshot",
                   "RDS snapshot restored as an Aurora cluster",
                   why_not.empty(),
                   why_not.empty() ? open : why_not,
                   writer.Steps(kSnapshotSteps),
                   {std::begin(kSnapshotRules), std::end(kSnapshotRules)}};
  Runbook replica{"aurora-read-replica",
                  "Aurora read replica of the RDS instance, promoted",
                  why_not.empty(),
                  why_not.empty() ? open : why_not,
                  writer.Steps(kReplicaSteps),
                  {std::begin(kReplicaRules), std::end(kReplicaRules)}};
  if (why_not.empty() && writer.two_regions()) {
    replica.applies = false;
    replica.reason = "source and target are in two Regions: an Aurora replica stays in the Region of its instance";
  }
  return {snapshot, replica};
}

}  // namespace airlift::planning
