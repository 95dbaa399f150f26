// Slots, logical decoding and exported snapshots, and where they differ between server versions.
#pragma once

#include "server.h"

extern "C" {
#include "access/xlog.h"
#include "access/xlogutils.h"
#include "replication/logical.h"
#include "replication/slot.h"
#include "replication/snapbuild.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/snapmgr.h"
}

namespace airlift {

// Gone when this process ends, or the server, unless it is made persistent.
inline void CreateEphemeralSlot(const char* name) {
#if PG_VERSION_NUM >= 170000
  ReplicationSlotCreate(name, true, RS_EPHEMERAL, false, false, false);
#elif PG_VERSION_NUM >= 140000
  ReplicationSlotCreate(name, true, RS_EPHEMERAL, false);
#else
  ReplicationSlotCreate(name, true, RS_EPHEMERAL);
#endif
}

// While a process decodes, its xmin does not count, its slot's does. ReplicationSlotRelease() lets go of the slot's
// before it clears this flag; a process whose exported snapshot is to outlive its slot clears it first.
inline void CountOwnXmin() {
  LWLockAcquire(ProcArrayLock, LW_EXCLUSIVE);
#if PG_VERSION_NUM >= 140000
  MyProc->statusFlags &= ~PROC_IN_LOGICAL_DECODING;
  ProcGlobal->statusFlags[MyProc->pgxactoff] = MyProc->statusFlags;
#else
  MyPgXact->vacuumFlags &= ~PROC_IN_LOGICAL_DECODING;
#endif
  LWLockRelease(ProcArrayLock);
}

}  // namespace airlift
