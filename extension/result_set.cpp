#include "result_set.h"

namespace airlift {

ResultSet StartResultSet(FunctionCallInfo fcinfo) {
  ReturnSetInfo* info = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  if (info == nullptr || !IsA(info, ReturnSetInfo) || (info->allowedModes & SFRM_Materialize) == 0)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a set cannot be returned in this context")));
  TupleDesc description;
  if (get_call_result_type(fcinfo, nullptr, &description) != TYPEFUNC_COMPOSITE)
    elog(ERROR, "return type must be a row type");
  MemoryContext caller = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
  info->returnMode = SFRM_Materialize;
  info->setDesc = CreateTupleDescCopy(description);
  info->setResult = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
  MemoryContextSwitchTo(caller);
  return {info->setResult, info->setDesc};
}

}  // namespace airlift
