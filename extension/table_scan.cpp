// Digests of a whole table read straight from its pages, by parallel workers where the table is large: what
// airlift.table_digest and airlift.table_buckets do unless a condition, a policy or the kind of table needs a query.
#include "bucket_bytes.h"
#include "digest.h"
#include "pinned_settings.h"
#include "server_table.h"
#include "tuple_encoder.h"

AIRLIFT_SQL_FUNCTION(airlift_scan_digests);
extern "C" PGDLLEXPORT void airlift_scan_worker(dsm_segment* segment, shm_toc* toc);

namespace airlift {

namespace {

struct DigestJob {
  Oid relation;
  int columns;
  const AttrNumber* numbers;
  uint32 buckets;
  TableDigest* digests;
  // A part of the table; all of it where first_block is InvalidBlockNumber.
  BlockNumber first_block;
  BlockNumber blocks;
};

// What a worker gets besides the scan that it shares. Behind it: the columns' numbers.
struct SharedScan {
  Oid relation;
  int columns;
  uint32 buckets;
  AttrNumber numbers[FLEXIBLE_ARRAY_MEMBER];
};

constexpr uint64 kSharedScanKey = 1;
constexpr uint64 kTableScanKey = 2;
constexpr uint64 kDigestsKey = 3;

struct ScanCall {
  TableScanDesc scan;
  TupleEncoder* encoder;
  uint32 buckets;
  TableDigest* digests;
};

void ScanTuples(void* argument) {
  const ScanCall* call = static_cast<ScanCall*>(argument);
  HeapTuple tuple;
  while ((tuple = heap_getnext(call->scan, ForwardScanDirection)) != nullptr) {
    CHECK_FOR_INTERRUPTS();
    const ImageBuffer& image = call->encoder->Encode(tuple->t_data);
    const Digest128 row = HashBytes(image.data(), image.length());
    call->digests[BucketOf(row, call->buckets)].AddRow(row);
  }
}

// Adds the rows that `scan` yields, and ends it.
void DigestScan(Relation relation, TableScanDesc table_scan, const DigestJob& job) {
  const MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "airlift table scan", ALLOCSET_SMALL_SIZES);
  TupleEncoder* encoder = static_cast<TupleEncoder*>(MemoryContextAllocZero(context, sizeof(TupleEncoder)));
  encoder->Init(RelationGetDescr(relation), job.numbers, job.columns, context);
  ScanCall call{table_scan, encoder, job.buckets, job.digests};
  const bool pins = encoder->makes_text() && !TextSettingsArePinned();
  const int level = pins ? PinTextSettings() : 0;
  if (encoder->calls_send())
    CallWithUtf8Client(ScanTuples, &call);
  else
    ScanTuples(&call);
  if (pins) UnpinTextSettings(level);
  table_endscan(table_scan);
  MemoryContextDelete(context);
}

// As many as the planner would give to a sequential scan.
int WorkersFor(Relation relation) {
  if (IsInParallelMode() || relation->rd_rel->relpersistence == RELPERSISTENCE_TEMP) return 0;
  int workers = RelationGetParallelWorkers(relation, -1);
  if (workers < 0) {
    workers = 0;
    const uint64 blocks = RelationGetNumberOfBlocks(relation);
    for (uint64 threshold = Max(min_parallel_table_scan_size, 1); blocks >= threshold; threshold *= 3) ++workers;
  }
  return Min(workers, max_parallel_workers_per_gather);
}

template <typename T>
T* Place(shm_toc* toc, uint64 key, Size size) {
  void* room = shm_toc_allocate(toc, size);
  shm_toc_insert(toc, key, room);
  return static_cast<T*>(room);
}

void ScanWithWorkers(Relation relation, const DigestJob& job, int workers) {
  const Snapshot snapshot = GetActiveSnapshot();
  const Size shared_size = offsetof(SharedScan, numbers) + sizeof(AttrNumber) * job.columns;
  const Size scan_size = table_parallelscan_estimate(relation, snapshot);
  const Size digests_size = sizeof(TableDigest) * job.buckets;

  EnterParallelMode();
  ParallelContext* context = CreateParallelContext("pg_airlift", "airlift_scan_worker", workers);
  shm_toc_estimate_chunk(&context->estimator, shared_size);
  shm_toc_estimate_chunk(&context->estimator, scan_size);
  shm_toc_estimate_chunk(&context->estimator, mul_size(digests_size, workers));
  shm_toc_estimate_keys(&context->estimator, 3);
  InitializeParallelDSM(context);

  SharedScan* shared = Place<SharedScan>(context->toc, kSharedScanKey, shared_size);
  shared->relation = job.relation;
  shared->columns = job.columns;
  shared->buckets = job.buckets;
  memcpy(shared->numbers, job.numbers, sizeof(AttrNumber) * job.columns);
  ParallelTableScanDesc table_scan = Place<ParallelTableScanDescData>(context->toc, kTableScanKey, scan_size);
  table_parallelscan_initialize(relation, table_scan, snapshot);
  TableDigest* digests = Place<TableDigest>(context->toc, kDigestsKey, mul_size(digests_size, workers));
  memset(static_cast<void*>(digests), 0, mul_size(digests_size, workers));

  LaunchParallelWorkers(context);
  DigestScan(relation, table_beginscan_parallel(relation, table_scan), job);
  WaitForParallelWorkersToFinish(context);
  for (int worker = 0; worker < context->nworkers_launched; ++worker)
    for (uint32 i = 0; i < job.buckets; ++i) job.digests[i].Merge(digests[worker * uint64{job.buckets} + i]);
  DestroyParallelContext(context);
  ExitParallelMode();
}

void ScanTable(Relation relation, const DigestJob& job) {
  if (job.first_block != InvalidBlockNumber) {
    const BlockNumber end = RelationGetNumberOfBlocks(relation);
    if (job.first_block >= end) return;
    TableScanDesc part = table_beginscan_strat(relation, GetActiveSnapshot(), 0, nullptr, true, false);
    heap_setscanlimits(part, job.first_block, Min(job.blocks, end - job.first_block));
    return DigestScan(relation, part, job);
  }
  const int workers = WorkersFor(relation);
  if (workers > 0) return ScanWithWorkers(relation, job, workers);
  DigestScan(relation, table_beginscan(relation, GetActiveSnapshot(), 0, nullptr), job);
}

// As the executor does: SELECT on the table or on each of its columns.
void CheckPrivileges(Relation relation, const AttrNumber* numbers, int count) {
  const Oid oid = RelationGetRelid(relation);
  if (pg_class_aclcheck(oid, GetUserId(), ACL_SELECT) == ACLCHECK_OK) return;
  bool may = count > 0;
  for (int i = 0; i < count; ++i)
    may = may && pg_attribute_aclcheck(oid, numbers[i], GetUserId(), ACL_SELECT) == ACLCHECK_OK;
  if (!may)
    aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(relation->rd_rel->relkind), RelationGetRelationName(relation));
}

// The numbers of the named columns, or null where this is not for us: an unknown or virtual column, or they do not
// ascend.
AttrNumber* ColumnNumbers(Relation relation, const Datum* names, int count) {
  AttrNumber* numbers = static_cast<AttrNumber*>(palloc(sizeof(AttrNumber) * (count + 1)));
  const TupleDesc descriptor = RelationGetDescr(relation);
  int found = 0;
  for (int i = 0; i < descriptor->natts && found < count; ++i) {
    const FormData_pg_attribute* attribute = TupleDescAttr(descriptor, i);
    if (attribute->attisdropped) continue;
    const text* name = DatumGetTextPP(names[found]);
    const size_t length = strlen(NameStr(attribute->attname));
    if (length != VARSIZE_ANY_EXHDR(name) || memcmp(VARDATA_ANY(name), NameStr(attribute->attname), length) != 0)
      continue;
    if (!IsStored(attribute)) return nullptr;
    numbers[found++] = attribute->attnum;
  }
  return found == count ? numbers : nullptr;
}

// A standby has no rows of unlogged tables; the query says so.
bool IsReadable(Relation relation) {
  return relation->rd_rel->relam == HEAP_TABLE_AM_OID && !RELATION_IS_OTHER_TEMP(relation) &&
         RelationIsScannable(relation) &&
         (relation->rd_rel->relpersistence == RELPERSISTENCE_PERMANENT || !RecoveryInProgress());
}

// A role that may not use the schema cannot name the table in a query, and gets the query's error here as well. Where
// another module checks or records the tables that queries read, it must see one.
bool MayBypassQuery(Relation relation) {
  return ExecutorCheckPerms_hook == nullptr &&
         DatumGetBool(DirectFunctionCall3(has_schema_privilege_id_id, ObjectIdGetDatum(GetUserId()),
                                          ObjectIdGetDatum(RelationGetNamespace(relation)),
                                          PointerGetDatum(cstring_to_text("USAGE"))));
}

// The table, or the partitions that hold its rows; false where one of them is not for us.
bool ScanLeaves(Relation root, const Datum* names, int count, DigestJob& job) {
  if (root->rd_rel->relkind != RELKIND_PARTITIONED_TABLE) {
    if (!IsReadable(root)) return false;
    ScanTable(root, job);
    return true;
  }
  if (job.first_block != InvalidBlockNumber) return false;
  List* leaves = find_all_inheritors(RelationGetRelid(root), AccessShareLock, nullptr);
  ListCell* cell;
  foreach (cell, leaves) {
    CHECK_FOR_INTERRUPTS();
    Relation leaf = relation_open(lfirst_oid(cell), NoLock);
    const char kind = leaf->rd_rel->relkind;
    bool is_ours = true;
    if (kind != RELKIND_PARTITIONED_TABLE) {
      job.relation = RelationGetRelid(leaf);
      job.numbers = ColumnNumbers(leaf, names, count);
      is_ours = kind == RELKIND_RELATION && job.numbers != nullptr && IsReadable(leaf);
      if (is_ours) ScanTable(leaf, job);
    }
    relation_close(leaf, NoLock);
    if (!is_ours) return false;
  }
  return true;
}

BlockNumber BlockArgument(FunctionCallInfo fcinfo, int i, BlockNumber otherwise) {
  if (PG_ARGISNULL(i)) return otherwise;
  const int64 value = PG_GETARG_INT64(i);
  if (value < 0 || value > MaxBlockNumber)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("block number %lld is out of range", static_cast<long long>(value))));
  return static_cast<BlockNumber>(value);
}

}  // namespace

}  // namespace airlift

// Runs in each parallel worker.
void airlift_scan_worker(dsm_segment*, shm_toc* toc) {
  using namespace airlift;
  const SharedScan* shared = static_cast<SharedScan*>(shm_toc_lookup(toc, kSharedScanKey, false));
  TableDigest* digests = static_cast<TableDigest*>(shm_toc_lookup(toc, kDigestsKey, false));
  const DigestJob job{shared->relation,
                      shared->columns,
                      shared->numbers,
                      shared->buckets,
                      digests + ParallelWorkerNumber * uint64{shared->buckets},
                      InvalidBlockNumber,
                      0};
  Relation relation = table_open(shared->relation, AccessShareLock);
  ParallelTableScanDesc table_scan = static_cast<ParallelTableScanDesc>(shm_toc_lookup(toc, kTableScanKey, false));
  DigestScan(relation, table_beginscan_parallel(relation, table_scan), job);
  table_close(relation, AccessShareLock);
}

// (relation, buckets, columns, first block, number of blocks) -> digests of the buckets as bytes, or NULL where the
// table can only be read by a query.
Datum airlift_scan_digests(PG_FUNCTION_ARGS) {
  using namespace airlift;
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  const Oid oid = PG_GETARG_OID(0);
  const uint32 buckets = CheckedBuckets(PG_GETARG_INT32(1));
  Datum* names;
  bool* nulls;
  int count;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
  for (int i = 0; i < count; ++i)
    if (nulls[i]) PG_RETURN_NULL();

  Relation relation = try_relation_open(oid, AccessShareLock);
  if (relation == nullptr) PG_RETURN_NULL();
  const char kind = relation->rd_rel->relkind;
  const bool is_table = kind == RELKIND_RELATION || kind == RELKIND_MATVIEW || kind == RELKIND_PARTITIONED_TABLE;
  const AttrNumber* numbers = is_table ? ColumnNumbers(relation, names, count) : nullptr;
  DigestJob job{oid,
                count,
                numbers,
                buckets,
                nullptr,
                BlockArgument(fcinfo, 3, InvalidBlockNumber),
                BlockArgument(fcinfo, 4, MaxBlockNumber)};
  bool is_done = false;
  if (numbers != nullptr && MayBypassQuery(relation) && check_enable_rls(oid, InvalidOid, true) != RLS_ENABLED) {
    CheckPrivileges(relation, numbers, count);
    job.digests = static_cast<TableDigest*>(palloc0(sizeof(TableDigest) * buckets));
    is_done = ScanLeaves(relation, names, count, job);
  }
  relation_close(relation, NoLock);
  if (!is_done) PG_RETURN_NULL();
  PG_RETURN_BYTEA_P(BucketBytes(job.digests, buckets));
}
