// airlift.hold_snapshot and airlift.release_snapshot: snapshots that outlive the session that asked for them.
//
// A background worker exports the snapshot and keeps its transaction open. What others want to know of it stands in its
// pg_stat_activity.query, from where airlift.held_snapshots() reads it: that needs no shared memory of our own, and so
// no shared_preload_libraries, and ends with the worker.
#include "assistant.h"
#include "result_set.h"
#include "server_replication.h"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "executor/spi.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/pg_lsn.h"
}

AIRLIFT_SQL_FUNCTION(airlift_hold_snapshot);
AIRLIFT_SQL_FUNCTION(airlift_end_held_snapshot);

namespace airlift {

namespace {

constexpr char kHeldSnapshotType[] = "pg_airlift held snapshot";
// Of the text by which the worker describes itself, slot name and all.
constexpr int kLongestDescription = 256;

// --- the worker
// -------------------------------------------------------------------------------------------------------

const char* ExportWithSlot(HoldSnapshotCall* hold) {
  static XLogReaderRoutine local_wal = {};
  local_wal.page_read = read_local_xlog_page;
  local_wal.segment_open = wal_segment_open;
  local_wal.segment_close = wal_segment_close;
  CreateEphemeralSlot(NameStr(hold->slot_name));
  char plugin[] = "pgoutput";
  LogicalDecodingContext* decoding =
      CreateInitDecodingContext(plugin, NIL, true, InvalidXLogRecPtr, &local_wal, nullptr, nullptr, nullptr);
  DecodingContextFindStartpoint(decoding);
  hold->lsn = MyReplicationSlot->data.confirmed_flush;
  const char* snapshot = SnapBuildExportSnapshot(decoding->snapshot_builder);
  FreeDecodingContext(decoding);
  return snapshot;
}

const char* ExportPlain(HoldSnapshotCall* hold) {
  StartTransactionCommand();
  XactIsoLevel = XACT_REPEATABLE_READ;
  XactReadOnly = true;
  hold->lsn = RecoveryInProgress() ? InvalidXLogRecPtr : GetXLogInsertRecPtr();
  return ExportSnapshot(GetTransactionSnapshot());
}

void Describe(const AssistantCall* call) {
  char description[kLongestDescription];
  snprintf(description, sizeof description, "snapshot %s slot %s lsn %X/%X role %u until %lld", call->hold.snapshot,
           call->hold.with_slot ? NameStr(call->hold.slot_name) : "-", static_cast<uint32>(call->hold.lsn >> 32),
           static_cast<uint32>(call->hold.lsn), call->role, static_cast<long long>(call->hold.until));
  pgstat_report_activity(STATE_RUNNING, description);
}

void HoldUntil(TimestampTz until) {
  while (!ShutdownRequestPending) {
    const TimestampTz now = GetCurrentTimestamp();
    if (now >= until) return;
    const long milliseconds = Min((until - now) / 1000 + 1, static_cast<TimestampTz>(60 * 1000));
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
}

}  // namespace

// Until the caller has taken the result, the slot is ephemeral: whatever ends this process takes the slot with it.
void HoldSnapshot(AssistantCall* call) {
  HoldSnapshotCall* hold = &call->hold;
  const char* snapshot = hold->with_slot ? ExportWithSlot(hold) : ExportPlain(hold);
  strlcpy(hold->snapshot, snapshot, sizeof hold->snapshot);
  if (!OfferResult(call)) return;
  if (hold->with_slot) {
    ReplicationSlotPersist();
    CountOwnXmin();
    ReplicationSlotRelease();
  }
  const TimestampTz until = hold->until;
  pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
  Describe(call);
  ReportDone(call);
  LeaveCaller();
  HoldUntil(until);
}

namespace {

// --- the caller
// -------------------------------------------------------------------------------------------------------

void RequireReplicationRole() {
  if (!superuser() && !has_rolreplication(GetUserId()))
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied to hold a snapshot"),
                    errdetail("Only superusers and roles with the REPLICATION attribute may hold snapshots.")));
}

void RequireRoomForDescription() {
  if (pgstat_track_activity_query_size < kLongestDescription)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("track_activity_query_size is %d", pgstat_track_activity_query_size),
                    errhint("Held snapshots need at least %d. Changing it needs a restart.", kLongestDescription)));
}

void RequireSlotsArePossible(const char* slot_name) {
  ReplicationSlotValidateName(slot_name, ERROR);
  if (RecoveryInProgress())
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("replication slot \"%s\" cannot be created during recovery", slot_name),
                    errhint("Call airlift.hold_snapshot on the primary, or without a slot.")));
  if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
    ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
                    errmsg("airlift.hold_snapshot cannot create a slot in a transaction that has written"),
                    errdetail("The slot waits for all transactions that write, and so for this one.")));
  CheckSlotRequirements();
  CheckLogicalDecodingRequirements();
}

TimestampTz After(const char* what, const Interval* interval) {
  if (interval == nullptr) return DT_NOEND;
  const TimestampTz now = GetCurrentTimestamp();
  const TimestampTz then = DatumGetTimestampTz(
      DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(now), IntervalPGetDatum(interval)));
  if (then <= now)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be greater than zero", what)));
  return then;
}

const Interval* IntervalArgument(FunctionCallInfo fcinfo, int argument) {
  return PG_ARGISNULL(argument) ? nullptr : PG_GETARG_INTERVAL_P(argument);
}

// Whose transactions the slot waits for, every few seconds.
void TellWhoIsAwaited(const Assistant*, int seconds) {
  if (seconds < 2 || seconds % 5 != 2) return;
  SPI_connect();
  if (SPI_execute("SELECT airlift.awaited_transactions()", false, 1) == SPI_OK_SELECT && SPI_processed == 1) {
    const char* awaited = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
    if (awaited != nullptr)
      ereport(NOTICE, (errmsg("slot waits for running transactions to end (%d s)", seconds), errdetail("%s", awaited),
                       errhint("End them, or cancel this statement: no slot is left behind then.")));
  }
  SPI_finish();
}

// Whether the caller may end the worker; NULL (as is_null) if it holds no snapshot.
bool MayRelease(int pid, bool* is_null) {
  Oid types[] = {INT4OID};
  Datum values[] = {Int32GetDatum(pid)};
  SPI_connect();
  if (SPI_execute_with_args("SELECT airlift.may_release_snapshot($1)", 1, types, values, nullptr, false, 1) !=
          SPI_OK_SELECT ||
      SPI_processed != 1)
    elog(ERROR, "airlift.may_release_snapshot failed");
  const Datum may = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, is_null);
  SPI_finish();
  return !*is_null && DatumGetBool(may);
}

}  // namespace

}  // namespace airlift

Datum airlift_hold_snapshot(PG_FUNCTION_ARGS) {
  airlift::AssistantCall request = {};
  request.job = airlift::AssistantJob::kHoldSnapshot;
  request.hold.with_slot = !PG_ARGISNULL(0);
  if (request.hold.with_slot) {
    const char* slot_name = text_to_cstring(PG_GETARG_TEXT_PP(0));
    airlift::RequireSlotsArePossible(slot_name);
    namestrcpy(&request.hold.slot_name, slot_name);
  }
  airlift::RequireReplicationRole();
  airlift::RequireRoomForDescription();
  request.hold.until = airlift::After("max_hold", airlift::IntervalArgument(fcinfo, 1));
  const TimestampTz deadline = airlift::After("wait", airlift::IntervalArgument(fcinfo, 2));
  const airlift::ResultSet set = airlift::StartResultSet(fcinfo);
  airlift::Assistant* assistant = airlift::StartAssistant(request, airlift::kHeldSnapshotType);
  airlift::AwaitAssistant(assistant, deadline, request.hold.with_slot ? airlift::TellWhoIsAwaited : nullptr);
  const airlift::HoldSnapshotCall& hold = assistant->call->hold;
  airlift::ResultRow row;
  row.Add(Int32GetDatum(assistant->pid), false);
  row.AddText(hold.snapshot);
  row.AddText(hold.with_slot ? NameStr(hold.slot_name) : nullptr);
  row.Add(LSNGetDatum(hold.lsn), XLogRecPtrIsInvalid(hold.lsn));
  row.Store(set);
  airlift::LeaveAssistant(assistant);
  return 0;
}

// Ends the worker `pid` if it holds a snapshot, and waits until it has gone.
Datum airlift_end_held_snapshot(PG_FUNCTION_ARGS) {
  const int pid = PG_GETARG_INT32(0);
  bool is_none;
  const bool may_release = airlift::MayRelease(pid, &is_none);
  if (is_none) PG_RETURN_BOOL(false);
  if (!may_release)
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied to release snapshot %d", pid),
                    errdetail("Only the role that holds it, its members and superusers may.")));
  const char* type = GetBackgroundWorkerTypeByPid(pid);
  if (type == nullptr || strcmp(type, airlift::kHeldSnapshotType) != 0) PG_RETURN_BOOL(false);
  if (kill(pid, SIGTERM) != 0) PG_RETURN_BOOL(false);
  while (BackendPidGetProc(pid) != nullptr) {
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 10, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
  PG_RETURN_BOOL(true);
}
