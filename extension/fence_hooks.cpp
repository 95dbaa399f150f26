// What makes a session obey the fence.
//
// Most of it is the server's own: the transaction is made read-only before each statement, so that the server's checks
// see it in time. Then what these checks do not see: functions that write outside of them (kWritingFunctions),
// two-phase commit, and, as the last resort, any transaction that has an id and has written WAL when it is about to
// commit.
#include "fence.h"
#include "server_catalog.h"
#include "server_process.h"

extern "C" {
#include "access/genam.h"
#include "access/parallel.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_db_role_setting.h"
#include "catalog/pg_proc.h"
#include "commands/dbcommands.h"
#include "replication/logicalworker.h"
#include "storage/ipc.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
}

namespace airlift {

namespace {

constexpr char kSetting[] = "airlift.fence=";

ExecutorStart_hook_type next_executor_start;
ExecutorRun_hook_type next_executor_run;
ProcessUtility_hook_type next_process_utility;
object_access_hook_type next_object_access;

bool is_loaded_by_all;
bool is_exempt_process;
char exempt_id[NAMEDATALEN];

// Text of the setting that `fence` was read from.
char* fence_text;
FenceState fence;
MemoryContext fence_memory;

LocalTransactionId judged_transaction = InvalidLocalTransactionId;
// The one that was made read-only here and not by its session.
LocalTransactionId forced_transaction = InvalidLocalTransactionId;
// The one that does VACUUM, ANALYZE, REINDEX or CLUSTER, which write but change nothing.
LocalTransactionId maintained_transaction = InvalidLocalTransactionId;
int maintenance_depth;

// Built-in functions that write, or write WAL that subscribers see, and that a read-only transaction may call, in one
// version or another. Numbers of pg_proc never change; the tests compare them with the names.
constexpr Oid kWritingFunctions[] = {
    764,   // lo_import(text)
    767,   // lo_import(text, oid)
    957,   // lo_creat(integer)
    715,   // lo_create(oid)
    955,   // lowrite(integer, bytea)
    1004,  // lo_truncate(integer, integer)
    3172,  // lo_truncate64(integer, bigint)
    964,   // lo_unlink(oid)
    3457,  // lo_from_bytea(oid, bytea)
    3460,  // lo_put(oid, bigint, bytea)
    3577,  // pg_logical_emit_message(boolean, text, text)
    3578,  // pg_logical_emit_message(boolean, text, bytea)
};

bool WritesOutsideOfChecks(Oid function) {
  for (Oid writing : kWritingFunctions)
    if (writing == function) return true;
  return false;
}

// --- the setting
// ------------------------------------------------------------------------------------------------------

// Value of "airlift.fence" in an array of settings, NULL without one.
char* FindSetting(ArrayType* settings) {
  Datum* items;
  int count;
  deconstruct_array(settings, TEXTOID, -1, false, TYPALIGN_INT, &items, nullptr, &count);
  for (int i = 0; i < count; ++i) {
    char* item = TextDatumGetCString(items[i]);
    if (strncmp(item, kSetting, sizeof kSetting - 1) == 0) return item + sizeof kSetting - 1;
  }
  return nullptr;
}

char* ReadSetting() {
  Relation relation = table_open(DbRoleSettingRelationId, AccessShareLock);
  ScanKeyData keys[2];
  ScanKeyInit(&keys[0], Anum_pg_db_role_setting_setdatabase, BTEqualStrategyNumber, F_OIDEQ,
              ObjectIdGetDatum(MyDatabaseId));
  ScanKeyInit(&keys[1], Anum_pg_db_role_setting_setrole, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(InvalidOid));
  SysScanDesc scan = systable_beginscan(relation, DbRoleSettingDatidRolidIndexId, true, nullptr, 2, keys);
  char* text = nullptr;
  HeapTuple tuple = systable_getnext(scan);
  if (HeapTupleIsValid(tuple)) {
    bool is_null;
    const Datum settings = heap_getattr(tuple, Anum_pg_db_role_setting_setconfig, RelationGetDescr(relation), &is_null);
    if (!is_null) text = FindSetting(DatumGetArrayTypeP(settings));
  }
  systable_endscan(scan);
  table_close(relation, AccessShareLock);
  return text;
}

// "" where the object has no such field, or null.
char* Field(Jsonb* object, const char* name) {
  JsonbValue key;
  key.type = jbvString;
  key.val.string.val = const_cast<char*>(name);
  key.val.string.len = static_cast<int>(strlen(name));
  JsonbValue* value = findJsonbValueFromContainer(&object->root, JB_FOBJECT, &key);
  if (value == nullptr || value->type != jbvString) return pstrdup("");
  return pnstrdup(value->val.string.val, value->val.string.len);
}

// A setting that is no JSON object, written by hand, still fences.
void ParseSetting(const char* text) {
  fence.is_raised = true;
  fence.id = fence.since = fence.by = fence.reason = pstrdup("");
  fence.role = InvalidOid;
  if (text[0] != '{') return;
  Jsonb* object = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
  fence.id = Field(object, "id");
  fence.since = Field(object, "since");
  fence.by = Field(object, "by");
  fence.reason = Field(object, "reason");
  fence.role = static_cast<Oid>(strtoul(Field(object, "role"), nullptr, 10));
}

void KeepSetting(const char* text) {
  if (fence_memory == nullptr)
    fence_memory = AllocSetContextCreate(TopMemoryContext, "pg_airlift fence", ALLOCSET_SMALL_SIZES);
  fence_text = nullptr;
  fence = {};
  MemoryContextReset(fence_memory);
  if (text == nullptr) return;
  MemoryContext caller = MemoryContextSwitchTo(fence_memory);
  ParseSetting(text);
  fence_text = pstrdup(text);
  MemoryContextSwitchTo(caller);
}

// --- judging
// ----------------------------------------------------------------------------------------------------------

// Apply and table synchronization workers write under the fence (the way back replicates into the fenced database), and
// autovacuum. Parallel workers cannot write at all.
bool ObeysFence() {
  return !is_exempt_process && OidIsValid(MyDatabaseId) && IsTransactionState() && !IsParallelWorker() &&
         !IsLogicalWorker() && !IsAutovacuum(MyProc);
}

bool IsFenced() {
  if (!ObeysFence()) return false;
  const FenceState& now = FenceOfTransaction();
  return now.is_raised && !IsExempt(now);
}

void MakeReadOnly() {
  if (XactReadOnly) return;
  XactReadOnly = true;
  forced_transaction = CurrentTransactionNumber();
}

bool Enforce() {
  const bool is_fenced = IsFenced();
  if (is_fenced) MakeReadOnly();
  return is_fenced;
}

int ExplainFence(const char* database) {
  errdetail("Database \"%s\" has been fenced by pg_airlift since %s by %s%s%s.", database, fence.since, fence.by,
            fence.reason[0] != '\0' ? ": " : "", fence.reason);
  return errhint("It is being moved to another server. SELECT airlift.unfence() reopens it.");
}

[[noreturn]] void Refuse(const char* what) {
  const char* database = get_database_name(MyDatabaseId);
  ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION), errmsg("cannot %s in a fenced database", what),
                  ExplainFence(database)));
  pg_unreachable();
}

// The server's own refusals, too, say why.
void AddReason(void* database) {
  if (geterrcode() == ERRCODE_READ_ONLY_SQL_TRANSACTION && fence.is_raised)
    ExplainFence(static_cast<const char*>(database));
}

// Stands while a statement of a fenced session runs. Left by the end of the block or, by an error, with the whole
// stack.
#define AIRLIFT_WITH_REASON(call)                 \
  do {                                            \
    ErrorContextCallback reason;                  \
    reason.callback = AddReason;                  \
    reason.arg = get_database_name(MyDatabaseId); \
    reason.previous = error_context_stack;        \
    error_context_stack = &reason;                \
    call;                                         \
    error_context_stack = reason.previous;        \
  } while (false)

// --- hooks
// ------------------------------------------------------------------------------------------------------------

void StartExecutor(QueryDesc* query, int flags) {
  ExecutorStart_hook_type next = next_executor_start != nullptr ? next_executor_start : standard_ExecutorStart;
  if (!Enforce()) return (void)next(query, flags);
  AIRLIFT_WITH_REASON(next(query, flags));
}

void RunExecutor(AIRLIFT_RUN_PARAMETERS) {
  ExecutorRun_hook_type next = next_executor_run != nullptr ? next_executor_run : standard_ExecutorRun;
  if (!Enforce()) return next(AIRLIFT_RUN_ARGUMENTS);
  AIRLIFT_WITH_REASON(next(AIRLIFT_RUN_ARGUMENTS));
}

bool IsMaintenance(const Node* statement) {
  return IsA(statement, VacuumStmt) || IsA(statement, ReindexStmt) || IsA(statement, ClusterStmt);
}

void RefuseTwoPhase(const Node* statement) {
  if (!IsA(statement, TransactionStmt)) return;
  const TransactionStmtKind kind = reinterpret_cast<const TransactionStmt*>(statement)->kind;
  if (kind == TRANS_STMT_PREPARE) Refuse("execute PREPARE TRANSACTION");
  if (kind == TRANS_STMT_COMMIT_PREPARED) Refuse("execute COMMIT PREPARED");
}

// It commits on its way, within this call.
void RunMaintenance(ProcessUtility_hook_type next, AIRLIFT_UTILITY_PARAMETERS) {
  ++maintenance_depth;
  PG_TRY();
  { next(AIRLIFT_UTILITY_ARGUMENTS); }
  PG_FINALLY();
  { --maintenance_depth; }
  PG_END_TRY();
  maintained_transaction = CurrentTransactionNumber();
}

void RunUtility(AIRLIFT_UTILITY_PARAMETERS) {
  ProcessUtility_hook_type next = next_process_utility != nullptr ? next_process_utility : standard_ProcessUtility;
  if (!Enforce()) return next(AIRLIFT_UTILITY_ARGUMENTS);
  RefuseTwoPhase(statement->utilityStmt);
  if (IsMaintenance(statement->utilityStmt))
    RunMaintenance(next, AIRLIFT_UTILITY_ARGUMENTS);
  else
    AIRLIFT_WITH_REASON(next(AIRLIFT_UTILITY_ARGUMENTS));
  Enforce();  // it may have been SET TRANSACTION READ WRITE
}

// Function calls that no statement announces come by here, too: those of the fast-path protocol, and simple expressions
// of PL/pgSQL, which begin a transaction's work where a procedure has just committed.
void AccessObject(ObjectAccessType access, Oid class_id, Oid object_id, int sub_id, void* argument) {
  if (next_object_access != nullptr) next_object_access(access, class_id, object_id, sub_id, argument);
  if (access != OAT_FUNCTION_EXECUTE || !Enforce()) return;
  if (WritesOutsideOfChecks(object_id)) Refuse(psprintf("call %s()", get_func_name(object_id)));
}

// A subtransaction that is rolled back takes the mark "read-only" back with it, while expressions of PL/pgSQL that were
// prepared in it are run again without a hook.
void BeginSubtransaction(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
  if (event == SUBXACT_EVENT_START_SUB) Enforce();
}

// An id alone is no write (txid_current), nor is WAL (a reader may prune pages). Rows written take a command's number.
bool HasWrittenRows() {
  if (!TransactionIdIsValid(GetTopTransactionIdIfAny())) return false;
  CommandCounterIncrement();
  return GetCurrentCommandId(false) != FirstCommandId;
}

void CheckCommit(XactEvent event, void*) {
  if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) return;
  if (proc_exit_inprogress) return;  // removes temporary tables
  if (maintenance_depth > 0 || maintained_transaction == CurrentTransactionNumber()) return;
  if (TransactionIdIsValid(GetTopTransactionIdIfAny()) && IsFenced() && HasWrittenRows())
    Refuse("commit what was written");
}

}  // namespace

void InstallFence() {
  is_loaded_by_all = process_shared_preload_libraries_in_progress;
  next_executor_start = ExecutorStart_hook;
  ExecutorStart_hook = StartExecutor;
  next_executor_run = ExecutorRun_hook;
  ExecutorRun_hook = RunExecutor;
  next_process_utility = ProcessUtility_hook;
  ProcessUtility_hook = RunUtility;
  next_object_access = object_access_hook;
  object_access_hook = AccessObject;
  RegisterXactCallback(CheckCommit, nullptr);
  RegisterSubXactCallback(BeginSubtransaction, nullptr);
}

bool IsLoadedByAll() { return is_loaded_by_all; }

void ExemptThisProcess() { is_exempt_process = true; }

const FenceState& CurrentFence() {
  const char* text = ReadSetting();
  if ((text == nullptr) != (fence_text == nullptr) || (text != nullptr && strcmp(text, fence_text) != 0))
    KeepSetting(text);
  return fence;
}

const FenceState& FenceOfTransaction() {
  if (judged_transaction == CurrentTransactionNumber()) return fence;
  CurrentFence();
  judged_transaction = CurrentTransactionNumber();
  return fence;
}

bool IsExempt(const FenceState& state) { return exempt_id[0] != '\0' && strcmp(exempt_id, state.id) == 0; }

void ExemptSession(const char* id) {
  strlcpy(exempt_id, id, sizeof exempt_id);
  if (exempt_id[0] != '\0' && forced_transaction == CurrentTransactionNumber()) {
    XactReadOnly = false;
    forced_transaction = InvalidLocalTransactionId;
  }
  judged_transaction = InvalidLocalTransactionId;
}

}  // namespace airlift
