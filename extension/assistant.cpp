#include "assistant.h"

#include "fence.h"

extern "C" {
#include "access/xact.h"
#include "libpq/pqsignal.h"
#include "mb/pg_wchar.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/procsignal.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/resowner.h"

PGDLLEXPORT void airlift_assistant_main(Datum segment_handle);
}

namespace airlift {

namespace {

// The assistant's side: what it shares with its caller, until LeaveCaller().
dsm_segment* caller_segment;
AssistantCall* caller_call;

AssistantState StateOf(AssistantCall* call) {
  SpinLockAcquire(&call->lock);
  const AssistantState state = call->state;
  SpinLockRelease(&call->lock);
  return state;
}

// False if the call is no longer in state `from`.
bool Advance(AssistantCall* call, AssistantState from, AssistantState to) {
  SpinLockAcquire(&call->lock);
  const bool advances = call->state == from;
  if (advances) call->state = to;
  SpinLockRelease(&call->lock);
  return advances;
}

// Runs at the end of the caller's use of the segment, however it ends: also when it is cancelled or disconnected.
void Abandon(dsm_segment* segment, Datum assistant_pointer) {
  Assistant* assistant = reinterpret_cast<Assistant*>(DatumGetPointer(assistant_pointer));
  AssistantCall* call = static_cast<AssistantCall*>(dsm_segment_address(segment));
  if (Advance(call, AssistantState::kWorking, AssistantState::kAbandoned) ||
      Advance(call, AssistantState::kReady, AssistantState::kAbandoned))
    TerminateBackgroundWorker(assistant->handle);
}

BackgroundWorkerHandle* RegisterAssistant(dsm_segment* segment, const char* type) {
  BackgroundWorker worker;
  memset(&worker, 0, sizeof worker);
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_ConsistentState;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
  worker.bgw_notify_pid = MyProcPid;
  strlcpy(worker.bgw_name, type, sizeof worker.bgw_name);
  strlcpy(worker.bgw_type, type, sizeof worker.bgw_type);
  strlcpy(worker.bgw_library_name, "pg_airlift", sizeof worker.bgw_library_name);
  strlcpy(worker.bgw_function_name, "airlift_assistant_main", sizeof worker.bgw_function_name);
  BackgroundWorkerHandle* handle;
  if (!RegisterDynamicBackgroundWorker(&worker, &handle))
    ereport(ERROR,
            (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("no background worker slot is free"),
             errhint("End other background workers or increase max_worker_processes, now %d.", max_worker_processes)));
  return handle;
}

[[noreturn]] void RaiseFailure(const AssistantCall* call) {
  ereport(ERROR, (errcode(call->sqlstate), errmsg_internal("%s", call->message),
                  call->detail[0] != '\0' ? errdetail_internal("%s", call->detail) : 0,
                  call->hint[0] != '\0' ? errhint("%s", call->hint) : 0));
  pg_unreachable();
}

void AwaitState(Assistant* assistant, AssistantState wanted, TimestampTz deadline, WhileWaiting while_waiting) {
  const TimestampTz started = GetCurrentTimestamp();
  int seconds = 0;
  for (;;) {
    const AssistantState state = StateOf(assistant->call);
    if (state == wanted) return;
    if (state == AssistantState::kFailed) {
      WaitForBackgroundWorkerShutdown(assistant->handle);
      RaiseFailure(assistant->call);
    }
    if (GetBackgroundWorkerPid(assistant->handle, &assistant->pid) == BGWH_STOPPED && StateOf(assistant->call) == state)
      ereport(ERROR,
              (errcode(ERRCODE_OPERATOR_INTERVENTION), errmsg("background worker ended before it was done"),
               errdetail("Someone ended it, or it could not start."), errhint("The server's log may tell why.")));
    const TimestampTz now = GetCurrentTimestamp();
    if (now >= deadline)
      ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("gave up waiting for a background worker"),
                      errdetail("It is being ended and leaves nothing behind.")));
    if (while_waiting != nullptr && now >= started + (seconds + 1) * USECS_PER_SEC) {
      seconds = static_cast<int>((now - started) / USECS_PER_SEC);
      while_waiting(assistant, seconds);
    }
    Doze(100);
  }
}

// What the assistant did is taken back once it has ended, so that is waited for.
void EndAbandoned(Assistant* assistant) {
  if (Advance(assistant->call, AssistantState::kWorking, AssistantState::kAbandoned) ||
      Advance(assistant->call, AssistantState::kReady, AssistantState::kAbandoned)) {
    TerminateBackgroundWorker(assistant->handle);
    WaitForBackgroundWorkerShutdown(assistant->handle);
  }
}

void CopyText(char (&to)[kAssistantText], const char* from) {
  const char* text = from == nullptr ? "" : from;
  memcpy(to, text, pg_mbcliplen(text, static_cast<int>(strlen(text)), kAssistantText - 1));
}

void ReportFailure(AssistantCall* call, const ErrorData* error) {
  call->sqlstate = error->sqlerrcode;
  CopyText(call->message, error->message);
  CopyText(call->detail, error->detail);
  CopyText(call->hint, error->hint);
  if (Advance(call, AssistantState::kWorking, AssistantState::kFailed) ||
      Advance(call, AssistantState::kReady, AssistantState::kFailed) ||
      Advance(call, AssistantState::kAccepted, AssistantState::kFailed))
    SetLatch(call->caller);
}

// Whatever the database's settings say: what would end this process, or its wait for locks, before its time; a role
// that it was not given; dates that sessions of another DateStyle cannot read. The activity is where others read what
// it does.
void FixSettings() {
  static const char* const kFixed[][2] = {
      {"role", "none"},
      {"statement_timeout", "0"},
      {"lock_timeout", "0"},
      {"idle_in_transaction_session_timeout", "0"},
      {"transaction_timeout", "0"},
      {"default_transaction_read_only", "off"},
      {"track_activities", "on"},
      {"search_path", ""},
      {"DateStyle", "ISO, YMD"},
  };
  StartTransactionCommand();  // roles are looked up
  for (const auto& [name, value] : kFixed)
    if (GetConfigOption(name, true, false) != nullptr) SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
  CommitTransactionCommand();
}

}  // namespace

void Doze(long milliseconds) {
  WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
  ResetLatch(MyLatch);
  CHECK_FOR_INTERRUPTS();
}

Assistant* StartAssistant(const AssistantCall& request, const char* type) {
  // Outlives an error of this call, for Abandon() needs it then.
  Assistant* assistant = static_cast<Assistant*>(MemoryContextAllocZero(TopTransactionContext, sizeof(Assistant)));
  assistant->segment = dsm_create(sizeof(AssistantCall), 0);
  assistant->call = static_cast<AssistantCall*>(dsm_segment_address(assistant->segment));
  *assistant->call = request;
  SpinLockInit(&assistant->call->lock);
  assistant->call->state = AssistantState::kWorking;
  assistant->call->database = MyDatabaseId;
  assistant->call->role = GetUserId();
  assistant->call->caller = MyLatch;
  MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
  assistant->handle = RegisterAssistant(assistant->segment, type);
  MemoryContextSwitchTo(caller);
  on_dsm_detach(assistant->segment, Abandon, PointerGetDatum(assistant));
  return assistant;
}

void AwaitAssistant(Assistant* assistant, TimestampTz deadline, WhileWaiting while_waiting) {
  PG_TRY();
  {
    AwaitState(assistant, AssistantState::kReady, deadline, while_waiting);
    if (!Advance(assistant->call, AssistantState::kReady, AssistantState::kAccepted))
      AwaitState(assistant, AssistantState::kAccepted, deadline, nullptr);  // raises its failure
    HOLD_INTERRUPTS();
    AwaitState(assistant, AssistantState::kDone, DT_NOEND, nullptr);
    RESUME_INTERRUPTS();
  }
  PG_CATCH();
  {
    EndAbandoned(assistant);
    PG_RE_THROW();
  }
  PG_END_TRY();
}

void LeaveAssistant(Assistant* assistant) { dsm_detach(assistant->segment); }

bool IsAbandoned(AssistantCall* call) { return StateOf(call) == AssistantState::kAbandoned; }

bool OfferResult(AssistantCall* call) {
  if (!Advance(call, AssistantState::kWorking, AssistantState::kReady)) return false;
  SetLatch(call->caller);
  AssistantState state;
  while ((state = StateOf(call)) == AssistantState::kReady) Doze(20);
  return state == AssistantState::kAccepted;
}

void ReportDone(AssistantCall* call) {
  Advance(call, AssistantState::kAccepted, AssistantState::kDone);
  SetLatch(call->caller);
}

void LeaveCaller() {
  caller_call = nullptr;
  dsm_detach(caller_segment);
}

}  // namespace airlift

using airlift::AssistantCall;

void airlift_assistant_main(Datum segment_handle) {
  pqsignal(SIGTERM, die);
  BackgroundWorkerUnblockSignals();
  airlift::caller_segment = dsm_attach(DatumGetUInt32(segment_handle));
  if (airlift::caller_segment == nullptr) proc_exit(0);  // the caller has gone
  dsm_pin_mapping(airlift::caller_segment);
  AssistantCall* call = static_cast<AssistantCall*>(dsm_segment_address(airlift::caller_segment));
  airlift::caller_call = call;
  BackgroundWorkerInitializeConnectionByOid(call->database, InvalidOid, 0);
  airlift::ExemptThisProcess();
  airlift::FixSettings();
  CurrentResourceOwner = ResourceOwnerCreate(nullptr, "pg_airlift assistant");
  MemoryContext context = AllocSetContextCreate(TopMemoryContext, "pg_airlift assistant", ALLOCSET_DEFAULT_SIZES);
  MemoryContextSwitchTo(context);
  PG_TRY();
  {
    switch (call->job) {
      case airlift::AssistantJob::kHoldSnapshot:
        airlift::HoldSnapshot(call);
        break;
      case airlift::AssistantJob::kRaiseFence:
        airlift::RaiseFence(call);
        break;
      case airlift::AssistantJob::kLowerFence:
        airlift::LowerFence(call);
        break;
    }
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    HOLD_INTERRUPTS();
    if (airlift::caller_call == nullptr) {
      EmitErrorReport();  // nobody else is told
      proc_exit(0);
    }
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    airlift::ReportFailure(airlift::caller_call, error);
    proc_exit(0);
  }
  PG_END_TRY();
  proc_exit(0);
}
