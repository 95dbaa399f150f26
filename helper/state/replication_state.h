// The memory of a replication: tables replication, subscription and road_step in schema airlift_state of the target.
//
// A migration with changes is one row of `replication`, and one row of `subscription` for each stream: forward, from
// the source to the target, while it replicates; reverse, after the cutover, for the way back. Cutover and fallback are
// roads of steps; how far each has come is in `road_step`.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

// Which side the application may write to, and what runs; the names are stored.
enum class MigrationPhase {
  kPreparing,    // slots exist, subscriptions do not run yet
  kReplicating,  // the application writes to the source
  kCuttingOver,  // the source is fenced, or about to be
  kOpen,         // the application writes to the target; the way back may run
  kFallingBack,  // the target is fenced, or about to be
  kFallenBack,   // the application writes to the source again, and nothing replicates
};
const char* MigrationPhaseName(MigrationPhase phase);
// Nothing replicates from the source to the target any more, nor is about to.
bool IsOver(MigrationPhase phase);

struct ReplicationRecord {
  std::string type;  // "full-load-and-cdc" or "cdc"
  MigrationPhase phase = MigrationPhase::kPreparing;
  std::string source_identity;  // system identifier and database OID of the source
  std::string publication;      // on the source; groups of it carry a suffix
  std::string role;             // that the subscriptions use on the source
  std::string source_conninfo;  // how the target reaches the source, without the password
  std::string admin_function;   // see replicate/admin_route.h; "" where the role's own rights suffice
  std::string started_at;
};

enum class Direction { kForward, kReverse };
const char* DirectionName(Direction direction);

struct SubscriptionRecord {
  std::string name;         // forward: on the target; reverse: on the source
  std::string slot;         // on the other side
  std::string publication;  // there as well
  Direction direction = Direction::kForward;
  int group = 0;
  std::string start_lsn;  // changes that commit after it are streamed
};

// A step of a road, done or begun.
struct RoadStepRecord {
  std::string step;
  bool is_done = false;
  nlohmann::json detail;  // what the step has to remember
  double seconds = 0;
};

class ReplicationState {
 public:
  explicit ReplicationState(Connection& target) : target_(target) {}

  std::optional<ReplicationRecord> Find();
  // Creates the tables where they are missing, and the record. Throws SqlError where there is one already.
  void Create(const ReplicationRecord& record);
  // Drops the tables.
  void Drop();

  void SetPhase(MigrationPhase phase);

  std::vector<SubscriptionRecord> Subscriptions(Direction direction);
  // Replaces one of the same name.
  void PutSubscription(const SubscriptionRecord& subscription);
  void RemoveSubscription(const std::string& name);

  // Steps of `road` ("cutover", "fallback"), in the order in which they began.
  std::vector<RoadStepRecord> RoadSteps(const std::string& road);
  void BeginRoadStep(const std::string& road, const std::string& step);
  void FinishRoadStep(const std::string& road, const std::string& step, const nlohmann::json& detail, double seconds);
  void ForgetRoadStep(const std::string& road, const std::string& step);

 private:
  Connection& target_;
};

}  // namespace airlift
