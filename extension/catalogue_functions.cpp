// airlift.assess and airlift.checks.
#include "assess.h"
#include "result_set.h"

extern "C" {
#include "utils/array.h"
}

AIRLIFT_SQL_FUNCTION(airlift_assess);
AIRLIFT_SQL_FUNCTION(airlift_checks);

namespace {

using airlift::Check;

// A row with the types of the catalogue.
class CheckRow : public airlift::ResultRow {
 public:
  // NULL stands for "no limit".
  void AddVersion(int version) {
    Add(Int32GetDatum(version), version == airlift::kFirstVersion || version == airlift::kLastVersion);
  }
  template <size_t size>
  void AddNames(const airlift::NamedBit (&names)[size], uint8_t set) {
    Datum items[size];
    int count = 0;
    for (const airlift::NamedBit& named : names)
      if ((set & named.bit) != 0) items[count++] = CStringGetTextDatum(named.name);
    Add(PointerGetDatum(construct_array(items, count, TEXTOID, -1, false, TYPALIGN_INT)), false);
  }
};

airlift::TargetSet TargetNamed(const char* name) {
  const airlift::TargetSet target = airlift::BitNamed(airlift::kTargetNames, name);
  if (target == 0)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown kind of target \"%s\"", name),
                    errhint("Use rds, aurora, or managed for any other managed server.")));
  return target;
}

int TargetVersion(FunctionCallInfo fcinfo, int argument) {
  if (PG_ARGISNULL(argument)) return airlift::kServerMajor;
  const int32 version = PG_GETARG_INT32(argument);
  if (version < airlift::kFirstVersion || version >= airlift::kLastVersion)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("target version %d is not supported", version),
                    errhint("Give a major version of PostgreSQL from %d on.", airlift::kFirstVersion)));
  return version;
}

// An unknown id would look like a check that found nothing.
void RequireKnownIds(const ArrayType* only) {
  Datum* ids;
  bool* nulls;
  int count;
  deconstruct_array(const_cast<ArrayType*>(only), TEXTOID, -1, false, TYPALIGN_INT, &ids, &nulls, &count);
  for (int i = 0; i < count; ++i) {
    const char* id = nulls[i] ? "" : TextDatumGetCString(ids[i]);
    const Check* check = airlift::FindCheck(id);
    if (check == nullptr)
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no check \"%s\"", id),
                      errhint("airlift.checks() lists them.")));
    if (check->side != airlift::CheckSide::kSource)
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("check \"%s\" needs the target", id),
                      errhint("Run pg_airlift assess with --target.")));
  }
}

}  // namespace

Datum airlift_assess(PG_FUNCTION_ARGS) {
  const char* target = PG_ARGISNULL(0) ? "rds" : text_to_cstring(PG_GETARG_TEXT_PP(0));
  const airlift::Assessment assessment = {TargetNamed(target), TargetVersion(fcinfo, 1),
                                          !PG_ARGISNULL(2) && PG_GETARG_BOOL(2)};
  const ArrayType* only = PG_ARGISNULL(3) ? nullptr : PG_GETARG_ARRAYTYPE_P(3);
  if (only != nullptr) RequireKnownIds(only);
  const airlift::ResultSet set = airlift::StartResultSet(fcinfo);
  const airlift::FindingList findings = airlift::RunSourceChecks(assessment, only);
  CheckRow row;
  for (size_t i = 0; i < findings.count; ++i) {
    CHECK_FOR_INTERRUPTS();
    const airlift::Finding& finding = findings.items[i];
    row.AddText(finding.check->id);
    row.AddText(airlift::SeverityName(finding.severity));
    row.AddText(finding.object);
    row.AddText(finding.detail);
    row.AddText(finding.check->remedy);
    row.AddText(finding.fix_sql);
    row.AddText(finding.undo_sql);
    row.Store(set);
  }
  return 0;
}

Datum airlift_checks(PG_FUNCTION_ARGS) {
  const airlift::ResultSet set = airlift::StartResultSet(fcinfo);
  CheckRow row;
  for (size_t i = 0; i < airlift::CheckCount(); ++i) {
    const Check& check = airlift::CheckAt(i);
    row.AddText(check.id);
    row.AddText(check.title);
    row.AddText(airlift::SeverityName(check.severity));
    row.AddNames(airlift::kStrategyNames, check.strategies);
    row.AddNames(airlift::kTargetNames, check.targets);
    row.AddVersion(check.from_version);
    row.AddVersion(check.to_version);
    row.AddVersion(check.from_target);
    row.AddVersion(check.to_target);
    row.AddText(airlift::SideName(check.side));
    row.AddText(check.scope == airlift::CheckScope::kCluster ? "cluster" : "database");
    row.AddText(check.remedy);
    row.AddText(check.source);
    row.AddBool(check.has_fix);
    row.AddBool(check.deep);
    row.Store(set);
  }
  return 0;
}
