// Raising and lowering the fence (airlift.fence, airlift.unfence), and the sessions that are its own.
//
// A function cannot commit, so an assistant does the work. Order matters: the setting is committed first, then the
// sessions of the database are listed, and those listed are ended and waited for. A session that is not listed has not
// yet said which database it connects to, so it will read the committed setting.
#include "fence.h"

#include "server_process.h"

extern "C" {
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "postmaster/interrupt.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/lwlock.h"
#include "storage/procarray.h"
#include "storage/spin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/pg_lsn.h"
#include "utils/snapmgr.h"
}

AIRLIFT_SQL_FUNCTION(airlift_fence);
AIRLIFT_SQL_FUNCTION(airlift_unfence);
AIRLIFT_SQL_FUNCTION(airlift_enter_fence);
AIRLIFT_SQL_FUNCTION(airlift_leave_fence);
AIRLIFT_SQL_FUNCTION(airlift_is_exempt);

namespace airlift {

namespace {

// --- the assistant: SQL in transactions of its own
// --------------------------------------------------------------------

// Runs a query of one value, with text parameters, and commits. NULL comes back as "".
char* RunCommitted(const char* query, int count, const char* const* parameters) {
  Oid types[4];
  Datum values[4];
  MemoryContext caller = CurrentMemoryContext;
  StartTransactionCommand();
  PushActiveSnapshot(GetTransactionSnapshot());
  SPI_connect();
  for (int i = 0; i < count; ++i) {
    types[i] = TEXTOID;
    values[i] = CStringGetTextDatum(parameters[i]);
  }
  if (SPI_execute_with_args(query, count, types, values, nullptr, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
    elog(ERROR, "unexpected result of %s", query);
  const char* value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
  char* result = MemoryContextStrdup(caller, value == nullptr ? "" : value);
  SPI_finish();
  PopActiveSnapshot();
  CommitTransactionCommand();
  MemoryContextSwitchTo(caller);
  return result;
}

// --- the assistant: sessions
// ------------------------------------------------------------------------------------------

// One that does not send changes runs SQL, as any session.
bool SendsChanges(pid_t pid) {
  for (int i = 0; i < max_wal_senders; ++i) {
    WalSnd* sender = &WalSndCtl->walsnds[i];
    SpinLockAcquire(&sender->mutex);
    const bool is_it = sender->pid == pid;
    const WalSndState state = sender->state;
    SpinLockRelease(&sender->mutex);
    if (is_it) return state == WALSNDSTATE_CATCHUP || state == WALSNDSTATE_STREAMING || state == WALSNDSTATE_STOPPING;
  }
  return false;
}

// Workers that copy and apply changes, those of queries, which end with their leader, and ours.
bool IsSparedWorker(const char* type) {
  return strncmp(type, "logical replication", strlen("logical replication")) == 0 ||
         strcmp(type, "parallel worker") == 0 || strncmp(type, "pg_airlift", strlen("pg_airlift")) == 0;
}

// Processes connected to this database, autovacuum and this one left out. Entries of processes that have ended keep
// their pid before version 17, so each is looked up again among the living.
int ListProcesses(pid_t* pids) {
  int candidates = 0;
  LWLockAcquire(ProcArrayLock, LW_EXCLUSIVE);
  for (uint32 i = 0; i < ProcGlobal->allProcCount; ++i) {
    PGPROC* process = &ProcGlobal->allProcs[i];
    if (process->pid != 0 && process->pid != MyProcPid && process->databaseId == MyDatabaseId && !IsAutovacuum(process))
      pids[candidates++] = process->pid;
  }
  LWLockRelease(ProcArrayLock);
  int count = 0;
  for (int i = 0; i < candidates; ++i)
    if (BackendPidGetProc(pids[i]) != nullptr) pids[count++] = pids[i];
  return count;
}

// Those among them that the fence ends: all but the caller, those who send or apply changes, and parallel workers.
int ListSessions(pid_t* pids, pid_t caller) {
  const int all = ListProcesses(pids);
  int count = 0;
  for (int i = 0; i < all; ++i) {
    const char* worker = GetBackgroundWorkerTypeByPid(pids[i]);
    const bool is_spared = worker != nullptr ? IsSparedWorker(worker) : SendsChanges(pids[i]);
    if (pids[i] != caller && !is_spared) pids[count++] = pids[i];
  }
  return count;
}

pid_t* RoomForProcesses() { return static_cast<pid_t*>(palloc((ProcGlobal->allProcCount + 1) * sizeof(pid_t))); }

int KeepRunning(pid_t* pids, int count) {
  pid_t* running = RoomForProcesses();
  const int all = ListProcesses(running);
  int kept = 0;
  for (int i = 0; i < count; ++i)
    for (int j = 0; j < all; ++j)
      if (pids[i] == running[j]) {
        pids[kept++] = pids[i];
        break;
      }
  pfree(running);
  return kept;
}

const char* Listed(const pid_t* pids, int count) {
  StringInfoData list;
  initStringInfo(&list);
  for (int i = 0; i < count; ++i) {
    const char* worker = GetBackgroundWorkerTypeByPid(pids[i]);
    appendStringInfo(&list, "%s%d", i == 0 ? "" : ", ", static_cast<int>(pids[i]));
    if (worker != nullptr) appendStringInfo(&list, " (%s)", worker);
  }
  return list.data;
}

void RequireStillWanted(AssistantCall* call) {
  if (ShutdownRequestPending || IsAbandoned(call))
    ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("the fence is no longer wanted")));
}

void EndSessions(AssistantCall* call) {
  pid_t* pids = RoomForProcesses();
  int count = ListSessions(pids, call->fence.caller);
  for (int i = 0; i < count; ++i) kill(pids[i], SIGTERM);
  while ((count = KeepRunning(pids, count)) > 0) {
    if (GetCurrentTimestamp() >= call->fence.deadline)
      ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
                      errmsg("database is not fenced: %d of its sessions did not end in time", count),
                      errdetail("Process IDs: %s. All others have been ended.", Listed(pids, count)),
                      errhint("See what they do in pg_stat_activity, or give more time with timeout =>.")));
    RequireStillWanted(call);
    Doze(20);
  }
}

// Background workers do not load session_preload_libraries. Ended, they may come back, seconds later, and write on; so
// none may be there before, nor have come meanwhile.
void RequireNoOtherWorkers(AssistantCall* call) {
  if (IsLoadedByAll()) return;
  pid_t* pids = RoomForProcesses();
  const int all = ListSessions(pids, call->fence.caller);
  int workers = 0;
  for (int i = 0; i < all; ++i)
    if (GetBackgroundWorkerTypeByPid(pids[i]) != nullptr) pids[workers++] = pids[i];
  if (workers > 0)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                    errmsg("database is not fenced: background workers of other extensions run in it"),
                    errdetail("Process IDs: %s.", Listed(pids, workers)),
                    errhint("Stop them, or add pg_airlift to shared_preload_libraries, which fences them, too.")));
}

}  // namespace

namespace {

void LimitLockWaits(long milliseconds) {
  SetConfigOption("lock_timeout", psprintf("%ld", milliseconds), PGC_SUSET, PGC_S_OVERRIDE);
}

// Of the settings' table, which any ALTER DATABASE or ALTER ROLE locks until it commits.
void LimitLockWaitsUntil(TimestampTz deadline) {
  const TimestampTz left = (deadline - GetCurrentTimestamp()) / 1000;
  LimitLockWaits(static_cast<long>(Max(1, Min(left, static_cast<TimestampTz>(INT_MAX)))));
}

void RaiseAndClear(AssistantCall* call) {
  FenceCall* fence = &call->fence;
  RequireStillWanted(call);
  EndSessions(call);
  RequireNoOtherWorkers(call);
  const char* parameters[] = {fence->id};
  const char* lsn = RunCommitted("SELECT airlift.complete_fence($1)", 1, parameters);
  fence->lsn = DatumGetLSN(DirectFunctionCall1(pg_lsn_in, CStringGetDatum(lsn)));
  RequireStillWanted(call);
  if (!OfferResult(call)) ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("the fence is no longer wanted")));
}

}  // namespace

// Whatever goes wrong once the setting is committed, also the end of the caller or of the server, takes it back.
void RaiseFence(AssistantCall* call) {
  const FenceCall* fence = &call->fence;
  RequireNoOtherWorkers(call);
  pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
  char* role = psprintf("%u", call->role);
  const char* parameters[] = {fence->id, fence->reason, role};
  LimitLockWaitsUntil(fence->deadline);
  RunCommitted("SELECT airlift.raise_fence($1, $2, $3::oid)", 3, parameters);
  MemoryContext context = CurrentMemoryContext;
  PG_TRY();
  { RaiseAndClear(call); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    AbortCurrentTransaction();
    MemoryContextSwitchTo(context);
    LimitLockWaits(0);
    HOLD_INTERRUPTS();  // a second cancel
    RunCommitted("SELECT airlift.lower_fence($1)", 1, parameters);
    RESUME_INTERRUPTS();
    ReThrowError(error);
  }
  PG_END_TRY();
  ReportDone(call);
}

void LowerFence(AssistantCall* call) {
  call->fence.was_fenced = strcmp(RunCommitted("SELECT airlift.lower_fence()", 0, nullptr), "t") == 0;
  if (OfferResult(call)) ReportDone(call);
}

namespace {

// --- the caller
// -------------------------------------------------------------------------------------------------------

TimestampTz DeadlineOf(const Interval* timeout) {
  const TimestampTz now = GetCurrentTimestamp();
  const TimestampTz deadline = DatumGetTimestampTz(
      DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(now), IntervalPGetDatum(timeout)));
  if (deadline <= now)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("timeout must be greater than zero")));
  return deadline;
}

void RequirePrimary() {
  if (RecoveryInProgress())
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("a database cannot be fenced or reopened during recovery"), errhint("Do it on the primary.")));
}

const char kFenceType[] = "pg_airlift fence";

}  // namespace

}  // namespace airlift

Datum airlift_fence(PG_FUNCTION_ARGS) {
  airlift::AssistantCall request = {};
  airlift::FenceCall& fence = request.fence;
  request.job = airlift::AssistantJob::kRaiseFence;
  const text* reason = PG_GETARG_TEXT_PP(0);
  const int length = pg_mbcliplen(VARDATA_ANY(reason), VARSIZE_ANY_EXHDR(reason), airlift::kAssistantText - 1);
  memcpy(fence.reason, VARDATA_ANY(reason), length);
  fence.deadline = airlift::DeadlineOf(PG_GETARG_INTERVAL_P(1));
  fence.caller = MyProcPid;
  snprintf(fence.id, sizeof fence.id, "%lld-%d", static_cast<long long>(GetCurrentTimestamp()), MyProcPid);
  airlift::RequirePrimary();
  if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
    ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
                    errmsg("airlift.fence cannot be called in a transaction that has written"),
                    errdetail("It would commit after the fence was raised.")));
  airlift::Assistant* assistant = airlift::StartAssistant(request, airlift::kFenceType);
  airlift::AwaitAssistant(assistant, DT_NOEND, nullptr);
  const XLogRecPtr lsn = assistant->call->fence.lsn;
  airlift::LeaveAssistant(assistant);
  airlift::ExemptSession(fence.id);
  PG_RETURN_LSN(lsn);
}

Datum airlift_unfence(PG_FUNCTION_ARGS) {
  airlift::AssistantCall request = {};
  request.job = airlift::AssistantJob::kLowerFence;
  airlift::RequirePrimary();
  airlift::Assistant* assistant = airlift::StartAssistant(request, airlift::kFenceType);
  airlift::AwaitAssistant(assistant, DT_NOEND, nullptr);
  const bool was_fenced = assistant->call->fence.was_fenced;
  airlift::LeaveAssistant(assistant);
  airlift::ExemptSession("");
  PG_RETURN_BOOL(was_fenced);
}

Datum airlift_enter_fence(PG_FUNCTION_ARGS) {
  const airlift::FenceState& fence = airlift::CurrentFence();
  if (!fence.is_raised)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("database is not fenced")));
  if (!superuser() && !(OidIsValid(fence.role) && has_privs_of_role(GetUserId(), fence.role)))
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied to write under the fence"),
                    errdetail("Only superusers and the role that raised it, \"%s\", may.", fence.by)));
  airlift::ExemptSession(fence.id);
  PG_RETURN_VOID();
}

Datum airlift_leave_fence(PG_FUNCTION_ARGS) {
  airlift::ExemptSession("");
  PG_RETURN_VOID();
}

Datum airlift_is_exempt(PG_FUNCTION_ARGS) {
  const airlift::FenceState& fence = airlift::CurrentFence();
  PG_RETURN_BOOL(fence.is_raised && airlift::IsExempt(fence));
}
