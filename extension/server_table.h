// Tables and how they are scanned, and where that differs between server versions.
#pragma once

#include "server.h"

extern "C" {
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/tupmacs.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/executor.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
}

namespace airlift {

// Whether the column's values stand in the tuples; virtual generated columns came with 18.
inline bool IsStored(const FormData_pg_attribute* attribute) {
#if PG_VERSION_NUM >= 180000
  return attribute->attgenerated != ATTRIBUTE_GENERATED_VIRTUAL;
#else
  (void)attribute;
  return true;
#endif
}

}  // namespace airlift
