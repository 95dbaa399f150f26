#include "assess.h"

#include "checks/query_prefix.h"
#include "extension_matrix.h"

extern "C" {
#include "access/xact.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/resowner.h"
}

namespace airlift {

namespace {

constexpr int kParameters = 3;

struct CheckRun {
  FindingList* findings;
  MemoryContext context;  // that the findings live in
  Datum values[kParameters];
};

void Append(FindingList* list, const Finding& finding) {
  if (list->count == list->capacity) {
    list->capacity *= 2;
    list->items = static_cast<Finding*>(repalloc_huge(list->items, list->capacity * sizeof(Finding)));
  }
  list->items[list->count++] = finding;
}

FindingList NewList() {
  constexpr size_t kFirstCapacity = 256;
  return {static_cast<Finding*>(palloc(kFirstCapacity * sizeof(Finding))), 0, kFirstCapacity};
}

// What the target's service offers, as [["name", "version"], ...]. The names and versions need no escapes.
Datum OfferedExtensions(const Assessment& assessment) {
  StringInfoData json;
  initStringInfo(&json);
  appendStringInfoChar(&json, '[');
  const size_t count = OfferedExtensionCount(assessment.target, assessment.target_version);
  for (size_t i = 0; i < count; ++i) {
    const OfferedExtension offered = OfferedExtensionAt(assessment.target, assessment.target_version, i);
    appendStringInfo(&json, "%s[\"%s\", \"%s\"]", i == 0 ? "" : ", ", offered.name, offered.version);
  }
  appendStringInfoChar(&json, ']');
  return CStringGetTextDatum(json.data);
}

const char* TargetName(TargetSet target) {
  for (const NamedBit& named : kTargetNames)
    if (named.bit == target) return named.name;
  return "";
}

char* ResultText(HeapTuple tuple, TupleDesc description, int column) {
  return SPI_getvalue(tuple, description, column);
}

// In a context that outlives SPI's.
const char* Kept(const CheckRun& run, char* text) {
  return text == nullptr ? nullptr : MemoryContextStrdup(run.context, text);
}

void ReadFindings(const Check& check, CheckRun* run) {
  TupleDesc description = SPI_tuptable->tupdesc;
  for (uint64 row = 0; row < SPI_processed; ++row) {
    CHECK_FOR_INTERRUPTS();
    HeapTuple tuple = SPI_tuptable->vals[row];
    Append(run->findings, {&check, check.severity, Kept(*run, ResultText(tuple, description, 1)),
                           Kept(*run, ResultText(tuple, description, 2)), Kept(*run, ResultText(tuple, description, 3)),
                           Kept(*run, ResultText(tuple, description, 4))});
  }
}

void ExecuteCheck(const Check& check, CheckRun* run) {
  StringInfoData query;
  initStringInfo(&query);
  appendStringInfo(&query, "%s%s%s", kQueryPrefix, check.query, kQuerySuffix);
  Oid types[kParameters] = {TEXTOID, INT4OID, TEXTOID};
  const int status = SPI_execute_with_args(query.data, kParameters, types, run->values, nullptr, true, 0);
  if (status != SPI_OK_SELECT) elog(ERROR, "check %s: %s", check.id, SPI_result_code_string(status));
  ReadFindings(check, run);
  SPI_freetuptable(SPI_tuptable);
  pfree(query.data);
}

void AppendFailure(const Check& check, CheckRun* run, const ErrorData* error) {
  MemoryContext caller = MemoryContextSwitchTo(run->context);
  Append(run->findings, {&check, Severity::kError, psprintf("SQLSTATE %s", unpack_sql_state(error->sqlerrcode)),
                         pstrdup(error->message == nullptr ? "" : error->message), nullptr, nullptr});
  MemoryContextSwitchTo(caller);
}

// In a subtransaction, so that the others still run when it fails. It is rolled back in any case, which gives back the
// locks that a query took. What the user or the administrator cancels stays cancelled.
void RunCheck(const Check& check, CheckRun* run) {
  MemoryContext caller = CurrentMemoryContext;
  ResourceOwner owner = CurrentResourceOwner;
  const size_t findings_before = run->findings->count;

  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(caller);
  PG_TRY();
  {
    ExecuteCheck(check, run);
    RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(caller);
    CurrentResourceOwner = owner;
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(caller);
    ErrorData* error = CopyErrorData();
    if (error->sqlerrcode == ERRCODE_QUERY_CANCELED) PG_RE_THROW();
    FlushErrorState();
    RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(caller);
    CurrentResourceOwner = owner;
    run->findings->count = findings_before;
    AppendFailure(check, run, error);
    FreeErrorData(error);
  }
  PG_END_TRY();
}

bool IsAmong(const ArrayType* only, const char* id) {
  if (only == nullptr) return true;
  Datum* ids;
  bool* nulls;
  int count;
  deconstruct_array(const_cast<ArrayType*>(only), TEXTOID, -1, false, TYPALIGN_INT, &ids, &nulls, &count);
  for (int i = 0; i < count; ++i)
    if (!nulls[i] && strcmp(TextDatumGetCString(ids[i]), id) == 0) return true;
  return false;
}

int CompareTexts(const char* a, const char* b) { return strcmp(a == nullptr ? "" : a, b == nullptr ? "" : b); }

int CompareFindings(const void* left, const void* right) {
  const Finding* a = static_cast<const Finding*>(left);
  const Finding* b = static_cast<const Finding*>(right);
  if (a->severity != b->severity) return a->severity < b->severity ? -1 : 1;
  if (a->check != b->check) return strcmp(a->check->id, b->check->id);
  const int by_object = CompareTexts(a->object, b->object);
  return by_object != 0 ? by_object : CompareTexts(a->detail, b->detail);
}

}  // namespace

FindingList RunSourceChecks(const Assessment& assessment, const ArrayType* only) {
  FindingList findings = NewList();
  CheckRun run = {&findings,
                  CurrentMemoryContext,
                  {CStringGetTextDatum(TargetName(assessment.target)), Int32GetDatum(assessment.target_version),
                   OfferedExtensions(assessment)}};
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  MemoryContext per_check = AllocSetContextCreate(CurrentMemoryContext, "airlift check", ALLOCSET_DEFAULT_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(per_check);
  for (size_t i = 0; i < CheckCount(); ++i) {
    CHECK_FOR_INTERRUPTS();
    const Check& check = CheckAt(i);
    if (check.side == CheckSide::kSource && Concerns(check, assessment, kServerMajor) && IsAmong(only, check.id))
      RunCheck(check, &run);
    MemoryContextReset(per_check);
  }
  MemoryContextSwitchTo(caller);
  SPI_finish();
  qsort(findings.items, findings.count, sizeof(Finding), CompareFindings);
  return findings;
}

}  // namespace airlift
