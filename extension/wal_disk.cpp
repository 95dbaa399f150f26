// airlift.wal_disk_free: room on the file system that holds the WAL, which a slot may fill.
#include <sys/statvfs.h>

#include "server.h"

extern "C" {
#include "access/xlog_internal.h"
#include "fmgr.h"
}

AIRLIFT_SQL_FUNCTION(airlift_wal_disk_free);

extern "C" Datum airlift_wal_disk_free(PG_FUNCTION_ARGS) {
  // A server process works in its data directory.
  struct statvfs disk;
  if (statvfs(XLOGDIR, &disk) != 0)
    ereport(ERROR,
            (errcode_for_file_access(), errmsg("could not get the size of the file system of \"%s\": %m", XLOGDIR)));
  PG_RETURN_INT64((int64)disk.f_bavail * (int64)disk.f_frsize);
}
