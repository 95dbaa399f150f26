// The comparison that costs what changed, not what there is: the rows touched since the last full verification, whose
// keys a slot of its own decodes, are compared on both sides; all others were verified then, and have not changed.
//
// Exact only for what stands still meanwhile: a table that is written to while it is compared is not verified.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/audit_state.h"
#include "audit/change_stream.h"
#include "audit/key_collector.h"
#include "audit/table_signatures.h"
#include "pg/conninfo.h"
#include "progress/progress.h"
#include "report/result.h"

namespace airlift {

struct SinceVerifiedOptions {
  ConnInfo source;
  ConnInfo target;
  int jobs = 2;
  uint64_t max_rows = 1000;
  bool show_values = false;
  bool with_sequences = true;
  bool with_large_objects = true;  // all of them: no slot decodes them
};

// Why the slot cannot tell what changed since `record`; "" where it can.
std::string WhyNoAudit(Connection& source, Connection& target, const std::optional<AuditRecord>& record);

class SinceVerified {
 public:
  SinceVerified(const SinceVerifiedOptions& options, AuditRecord record, std::vector<std::string> publications,
                Progress& progress);

  // Decodes what has committed by now, so that less is left to be decoded later. `source` may write.
  void Collect(Connection& source);

  // `settle` is called with a position of the source's WAL, and waits until the target has applied all up to there.
  RunResult Compare(Connection& source, const std::function<void(const std::string& lsn)>& settle);

  // After Compare(): where everything is verified, and nothing was written meanwhile, the position of the next record.
  const std::string& verified_lsn() const { return verified_lsn_; }
  const TableSignatures& signatures() const { return signatures_; }
  // Lets the slot go.
  void Close() { stream_.reset(); }

 private:
  struct Work;
  void Pair(Connection& source, Connection& target);
  void CollectUntil(const std::string& lsn);
  void CheckPairs(Connection& source, Connection& target);
  void CompareTouched(const std::string& source_snapshot, const std::string& target_snapshot);
  void CompareWhole(RunResult& result);
  void Judge(const std::vector<uint64_t>& changes_before, Connection& source, RunResult& result);

  const SinceVerifiedOptions options_;
  const AuditRecord record_;
  const std::vector<std::string> publications_;
  Progress& progress_;
  std::vector<ComparedTable> tables_;
  std::unique_ptr<KeyCollector> collector_;
  std::unique_ptr<ChangeStream> stream_;
  TableSignatures signatures_;
  std::vector<std::string> whole_;  // by table: why it is compared in full; "" where it is not
  std::vector<TableResult> results_;
  std::vector<TableResult> extras_;  // only on the target
  std::string verified_lsn_;
};

}  // namespace airlift
