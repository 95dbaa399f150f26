#include "state/replication_state.h"

#include <fmt/format.h>

#include "model/state_schema.h"

namespace airlift {

namespace {

constexpr const char* kDdl =
    "CREATE SCHEMA IF NOT EXISTS " AIRLIFT_STATE_SCHEMA
    ";"
    "CREATE TABLE IF NOT EXISTS " AIRLIFT_STATE_SCHEMA R"(.replication (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  type text NOT NULL,
  phase text NOT NULL,
  source_identity text NOT NULL,
  publication text NOT NULL,
  role text NOT NULL,
  source_conninfo text NOT NULL,
  admin_function text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);)"
    "CREATE TABLE IF NOT EXISTS " AIRLIFT_STATE_SCHEMA R"(.subscription (
  name text PRIMARY KEY,
  slot text NOT NULL,
  publication text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('forward', 'reverse')),
  group_number int NOT NULL,
  start_lsn text NOT NULL
);)"
    "CREATE TABLE IF NOT EXISTS " AIRLIFT_STATE_SCHEMA R"(.road_step (
  road text NOT NULL,
  step text NOT NULL,
  is_done boolean NOT NULL DEFAULT false,
  detail jsonb NOT NULL DEFAULT '{}',
  seconds double precision NOT NULL DEFAULT 0,
  began_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (road, step)
);)"
    "COMMENT ON TABLE " AIRLIFT_STATE_SCHEMA ".replication IS 'what pg_airlift replicates; pg_airlift cleanup ends it'";

constexpr struct {
  MigrationPhase phase;
  const char* name;
} kPhaseNames[] = {
    {MigrationPhase::kPreparing, "preparing"},      {MigrationPhase::kReplicating, "replicating"},
    {MigrationPhase::kCuttingOver, "cutting over"}, {MigrationPhase::kOpen, "open"},
    {MigrationPhase::kFallingBack, "falling back"}, {MigrationPhase::kFallenBack, "fallen back"},
};

MigrationPhase MigrationPhaseFromName(const std::string& name) {
  for (const auto& entry : kPhaseNames)
    if (name == entry.name) return entry.phase;
  throw Error("unknown phase \"" + name + "\" in " AIRLIFT_STATE_SCHEMA ".replication", {},
              "It was written by another version of pg_airlift: go on with that one.");
}

}  // namespace

const char* MigrationPhaseName(MigrationPhase phase) {
  for (const auto& entry : kPhaseNames)
    if (phase == entry.phase) return entry.name;
  return "";
}

bool IsOver(MigrationPhase phase) { return phase == MigrationPhase::kOpen || phase == MigrationPhase::kFallenBack; }

const char* DirectionName(Direction direction) { return direction == Direction::kForward ? "forward" : "reverse"; }

std::optional<ReplicationRecord> ReplicationState::Find() {
  const bool exists =
      target_.Query("SELECT pg_catalog.to_regclass('" AIRLIFT_STATE_SCHEMA ".replication') IS NOT NULL").Boolean(0, 0);
  if (!exists) return std::nullopt;
  const Result result = target_.Query(
      "SELECT type, phase, source_identity, publication, role, source_conninfo, admin_function, started_at "
      "FROM " AIRLIFT_STATE_SCHEMA ".replication");
  if (result.rows() == 0) return std::nullopt;
  return ReplicationRecord{result.Text(0, 0), MigrationPhaseFromName(result.Text(0, 1)),
                           result.Text(0, 2), result.Text(0, 3),
                           result.Text(0, 4), result.Text(0, 5),
                           result.Text(0, 6), result.Text(0, 7)};
}

void ReplicationState::Create(const ReplicationRecord& record) {
  Transaction transaction(target_);
  target_.Execute(kDdl);
  target_.Query("INSERT INTO " AIRLIFT_STATE_SCHEMA
                ".replication (type, phase, source_identity, publication, role, source_conninfo, admin_function) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7)",
                {record.type, MigrationPhaseName(record.phase), record.source_identity, record.publication, record.role,
                 record.source_conninfo, record.admin_function});
  transaction.Commit();
}

void ReplicationState::Drop() {
  target_.Execute("DROP TABLE IF EXISTS " AIRLIFT_STATE_SCHEMA ".replication, " AIRLIFT_STATE_SCHEMA
                  ".subscription, " AIRLIFT_STATE_SCHEMA ".road_step");
}

void ReplicationState::SetPhase(MigrationPhase phase) {
  target_.Query("UPDATE " AIRLIFT_STATE_SCHEMA ".replication SET phase = $1", {MigrationPhaseName(phase)});
}

std::vector<SubscriptionRecord> ReplicationState::Subscriptions(Direction direction) {
  const Result result =
      target_.Query("SELECT name, slot, publication, group_number, start_lsn FROM " AIRLIFT_STATE_SCHEMA
                    ".subscription WHERE direction = $1 ORDER BY group_number, name",
                    {DirectionName(direction)});
  std::vector<SubscriptionRecord> subscriptions;
  for (int row = 0; row < result.rows(); ++row)
    subscriptions.push_back({result.Text(row, 0), result.Text(row, 1), result.Text(row, 2), direction,
                             static_cast<int>(result.Integer(row, 3)), result.Text(row, 4)});
  return subscriptions;
}

void ReplicationState::PutSubscription(const SubscriptionRecord& subscription) {
  target_.Query("INSERT INTO " AIRLIFT_STATE_SCHEMA
                ".subscription (name, slot, publication, direction, group_number, start_lsn) "
                "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO UPDATE SET slot = EXCLUDED.slot, "
                "publication = EXCLUDED.publication, direction = EXCLUDED.direction, "
                "group_number = EXCLUDED.group_number, start_lsn = EXCLUDED.start_lsn",
                {subscription.name, subscription.slot, subscription.publication, DirectionName(subscription.direction),
                 std::to_string(subscription.group), subscription.start_lsn});
}

void ReplicationState::RemoveSubscription(const std::string& name) {
  target_.Query("DELETE FROM " AIRLIFT_STATE_SCHEMA ".subscription WHERE name = $1", {name});
}

std::vector<RoadStepRecord> ReplicationState::RoadSteps(const std::string& road) {
  const Result result = target_.Query("SELECT step, is_done, detail, seconds FROM " AIRLIFT_STATE_SCHEMA
                                      ".road_step WHERE road = $1 ORDER BY began_at",
                                      {road});
  std::vector<RoadStepRecord> steps;
  for (int row = 0; row < result.rows(); ++row)
    steps.push_back({result.Text(row, 0), result.Boolean(row, 1), nlohmann::json::parse(result.Text(row, 2)),
                     std::stod(result.Text(row, 3))});
  return steps;
}

void ReplicationState::BeginRoadStep(const std::string& road, const std::string& step) {
  target_.Query("INSERT INTO " AIRLIFT_STATE_SCHEMA ".road_step (road, step) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                {road, step});
}

void ReplicationState::FinishRoadStep(const std::string& road, const std::string& step, const nlohmann::json& detail,
                                      double seconds) {
  target_.Query("UPDATE " AIRLIFT_STATE_SCHEMA
                ".road_step SET is_done = true, detail = $3, seconds = $4 WHERE road = $1 AND step = $2",
                {road, step, detail.dump(), fmt::format("{}", seconds)});
}

void ReplicationState::ForgetRoadStep(const std::string& road, const std::string& step) {
  target_.Query("DELETE FROM " AIRLIFT_STATE_SCHEMA ".road_step WHERE road = $1 AND step = $2", {road, step});
}

}  // namespace airlift
