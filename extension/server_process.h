// Processes of the server and hooks into statements, and where they differ between server versions.
#pragma once

#include "server.h"

extern "C" {
#include "executor/executor.h"
#include "storage/proc.h"
#include "tcop/utility.h"
}

// Parameters of the hooks after those that every version has, as declared and as passed on.
#if PG_VERSION_NUM >= 180000
#define AIRLIFT_RUN_PARAMETERS QueryDesc *query, ScanDirection direction, uint64 count
#define AIRLIFT_RUN_ARGUMENTS query, direction, count
#else
#define AIRLIFT_RUN_PARAMETERS QueryDesc *query, ScanDirection direction, uint64 count, bool execute_once
#define AIRLIFT_RUN_ARGUMENTS query, direction, count, execute_once
#endif
#if PG_VERSION_NUM >= 140000
#define AIRLIFT_UTILITY_PARAMETERS                                                              \
  PlannedStmt *statement, const char *text, bool read_only_tree, ProcessUtilityContext context, \
      ParamListInfo parameters, QueryEnvironment *environment, DestReceiver *destination, QueryCompletion *completion
#define AIRLIFT_UTILITY_ARGUMENTS \
  statement, text, read_only_tree, context, parameters, environment, destination, completion
#else
#define AIRLIFT_UTILITY_PARAMETERS                                                                   \
  PlannedStmt *statement, const char *text, ProcessUtilityContext context, ParamListInfo parameters, \
      QueryEnvironment *environment, DestReceiver *destination, QueryCompletion *completion
#define AIRLIFT_UTILITY_ARGUMENTS statement, text, context, parameters, environment, destination, completion
#endif

namespace airlift {

// Differs from one transaction of this session to the next.
inline LocalTransactionId CurrentTransactionNumber() {
#if PG_VERSION_NUM >= 170000
  return MyProc->vxid.lxid;
#else
  return MyProc->lxid;
#endif
}

inline bool IsAutovacuum(PGPROC* process) {
#if PG_VERSION_NUM >= 140000
  return (process->statusFlags & PROC_IS_AUTOVACUUM) != 0;
#else
  return (ProcGlobal->allPgXact[process->pgprocno].vacuumFlags & PROC_IS_AUTOVACUUM) != 0;
#endif
}

}  // namespace airlift
