// A replication from publication and slots to subscriptions that have caught up; the server applies, not we.
//
// Order, which is what makes it exact: publication, slots (all at one position, with one exported snapshot), schema and
// copy and proof under that snapshot, guard of the target, subscriptions to those slots. What has been done is in
// airlift_state.replication and .subscription; whatever a killed process left is found there and in the servers'
// catalogs, and the same call goes on from it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/companion.h"
#include "progress/progress.h"
#include "replicate/replication_options.h"
#include "selection/selection.h"
#include "slots/slot.h"
#include "source/extension_prepare.h"
#include "source/extension_replicate.h"
#include "state/replication_state.h"

namespace airlift {

class Replication : public MoveCompanion {
 public:
  Replication(const ConnInfo& source, const ConnInfo& target, ReplicationOptions options, Progress& progress);

  // Of a move (kFullLoadAndChanges).
  void Check(std::vector<PreflightProblem>& problems) override;
  void StartOver() override;
  std::unique_ptr<SourceSnapshot> TakeSnapshot() override;
  std::unique_ptr<SourceSnapshot> FindSnapshot(const std::string& id, const std::string& lsn) override;
  void AfterLoad(RunResult& result) override;
  std::string Describe() override;

  // Without a move: from the start point that the options name, or from where an earlier run stopped. Throws Error with
  // all problems. Returns lines for the user.
  std::vector<std::string> RunChangesOnly();
  Description DescribeChangesOnly();

 private:
  std::vector<PreflightProblem> CheckChangesOnly();
  void WarnOfIgnored(const char* option, const std::string& given, const std::string& by_default,
                     const std::string& recorded);
  void RefuseOtherSelection();
  void RefuseLaterPhase();
  void RefuseUnfinishedLoad();
  void WarnOfAnotherTimeline();
  std::vector<std::string> Publications();
  void PrepareSource();
  void PublishWithoutExtension(const PublicationRequest& request);
  void CreateRecord();
  std::string SlotName(size_t group);
  void DropStreams();
  void RecordStreams(const std::vector<std::string>& publications);
  void WatchDdl();
  NewSlot CreateFirstSlot(const std::string& name, std::unique_ptr<SourceSnapshot>* snapshot);
  std::unique_ptr<SourceSnapshot> UseHeld(const HeldSnapshot& held);
  void AddAuditSlot(const SubscriptionRecord& first);
  std::string CreateSlots(std::unique_ptr<SourceSnapshot>* snapshot);
  void UseStartPoint();
  void StartSubscriptions(std::vector<std::string>& notes);
  void PrepareTarget();
  void CloseGuard();
  void Subscribe(const SubscriptionRecord& record);
  ConnInfo SourceForTarget();
  bool SourceSubscribes();

  const ConnInfo source_info_;
  const ConnInfo target_info_;
  ReplicationOptions options_;
  Progress& progress_;
  Connection source_;
  Connection target_;
  ReplicationState state_;
  std::optional<ReplicationRecord> record_;
  Selection selection_;
};

}  // namespace airlift
