// Assistants: background workers that do for a session what a function cannot do in the session's own transaction.
//
// The session (the caller) and its assistant share an AssistantCall in dynamic shared memory. The assistant begins in
// kWorking and moves to kReady, which offers its result; the caller takes it (kAccepted); the assistant makes it last
// (kDone). If the caller ends in any way before that (error, cancel, timeout, disconnect), the call becomes kAbandoned
// and the assistant takes back what it did. kFailed carries the assistant's error.
#pragma once

#include "server.h"

extern "C" {
#include "access/xlogdefs.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/latch.h"
#include "storage/spin.h"
#include "utils/timestamp.h"
}

namespace airlift {

enum class AssistantJob { kHoldSnapshot, kRaiseFence, kLowerFence };

enum class AssistantState { kWorking, kReady, kAccepted, kDone, kFailed, kAbandoned };

inline constexpr int kAssistantText = 2048;

struct HoldSnapshotCall {
  bool with_slot;
  NameData slot_name;
  TimestampTz until;
  char snapshot[NAMEDATALEN];  // result
  XLogRecPtr lsn;              // result; invalid where there is none
};

struct FenceCall {
  char id[NAMEDATALEN];
  char reason[kAssistantText];
  TimestampTz deadline;
  pid_t caller;
  XLogRecPtr lsn;   // result
  bool was_fenced;  // result of kLowerFence
};

struct AssistantCall {
  slock_t lock;  // of state
  AssistantState state;
  AssistantJob job;
  Oid database;
  Oid role;  // the caller's
  Latch* caller;
  int sqlstate;  // of kFailed, with what follows
  char message[kAssistantText];
  char detail[kAssistantText];
  char hint[kAssistantText];
  HoldSnapshotCall hold;
  FenceCall fence;
};

// The caller's side
// ----------------------------------------------------------------------------------------------------

struct Assistant {
  AssistantCall* call;
  dsm_segment* segment;
  BackgroundWorkerHandle* handle;
  pid_t pid;
};

// Starts an assistant for a copy of `request` (lock, state, database, role and caller are filled in). `type` is what
// pg_stat_activity shows as backend_type.
Assistant* StartAssistant(const AssistantCall& request, const char* type);

// Called every second while the caller waits.
typedef void (*WhileWaiting)(const Assistant* assistant, int seconds);

// Waits for the result, takes it, and waits until it lasts. Raises the assistant's error, or one when `deadline` has
// passed; then, as after a cancel, the assistant is gone and has left nothing behind.
void AwaitAssistant(Assistant* assistant, TimestampTz deadline, WhileWaiting while_waiting);

// After AwaitAssistant, when the results have been read.
void LeaveAssistant(Assistant* assistant);

// The assistant's side
// -------------------------------------------------------------------------------------------------

bool IsAbandoned(AssistantCall* call);

// Offers the result. False if the caller did not take it.
bool OfferResult(AssistantCall* call);

void ReportDone(AssistantCall* call);

// For an assistant that outlives its call: gives up the memory shared with the caller. Errors are logged from then on.
void LeaveCaller();

// Sleeps for at most so long, and handles interrupts.
void Doze(long milliseconds);

// Jobs.
void HoldSnapshot(AssistantCall* call);

}  // namespace airlift
