#include "schema/ownership.h"

#include <fmt/format.h>

#include <set>

#include "pg/batch.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

// ALTER ... OWNER TO asks that the new owner may create objects of that kind where the object lies. Grants CREATE where
// it is missing, and takes it back.
class TemporaryCreate {
 public:
  TemporaryCreate(Connection& target, const std::string& role) : target_(target), role_(role) {}

  void OnSchema(const std::string& schema) {
    On("SCHEMA", schema,
       "SELECT pg_catalog.has_schema_privilege($1, oid, 'CREATE') FROM pg_catalog.pg_namespace "
       "WHERE nspname = $2");
  }
  void OnDatabase(const std::string& database) {
    On("DATABASE", database, "SELECT pg_catalog.has_database_privilege($1, $2, 'CREATE')");
  }

  void TakeBack() {
    for (const std::string& object : granted_)
      TryStatement(target_, "REVOKE CREATE ON " + object + " FROM " + QuoteIdentifier(role_));
    granted_.clear();
  }

 private:
  void On(const std::string& kind, const std::string& name, const char* question) {
    const Result result = target_.Query(question, {role_, name});
    if (result.rows() == 0 || result.Boolean(0, 0)) return;
    const std::string object = kind + " " + QuoteIdentifier(name);
    // Where it fails, ALTER ... OWNER TO fails too and says why.
    if (!TryStatement(target_, "GRANT CREATE ON " + object + " TO " + QuoteIdentifier(role_)))
      granted_.push_back(object);
  }

  Connection& target_;
  const std::string& role_;
  std::vector<std::string> granted_;
};

}  // namespace

void Ownership::RunPhase(RestorePhase phase) {
  for (const std::string& role : runner_.store().PendingOwners(phase)) {
    if (const auto reason = Obtain(role)) {
      Refuse(phase, role, *reason);
    } else {
      RunOwner(phase, role);
    }
  }
}

std::optional<std::string> Ownership::Obtain(const std::string& role) {
  Transaction transaction(target_);
  const size_t granted_before = access_.granted().size();
  const auto reason = access_.WhyNot(role);
  if (access_.granted().size() > granted_before) {
    runner_.store().RecordMembership(role);
    if (note_) note_(fmt::format("granted role {} to the migrating role, to act for it", DisplayName(role)));
  }
  transaction.Commit();
  return reason;
}

void Ownership::Refuse(RestorePhase phase, const std::string& role, const std::string& reason) {
  Transaction transaction(target_);
  runner_.store().LeaveOutOwner(phase, role, reason);
  transaction.Commit();
}

void Ownership::RunOwner(RestorePhase phase, const std::string& role) {
  int64_t after = 0;
  while (true) {
    const auto batch = runner_.store().PendingOfOwner(phase, role, after, EntryRunner::kBatch);
    if (batch.empty()) return;
    after = batch.back().entry;
    Transaction transaction(target_);
    if (phase == RestorePhase::kOwner) {
      GiveAway(batch, role);
    } else {
      runner_.RunEntries(batch);
    }
    transaction.Commit();
  }
}

// Schemas first: in a schema of its own the role needs no temporary grant, and taking one back would hurt the owner.
void Ownership::GiveAway(const std::vector<SchemaEntry>& batch, const std::string& role) {
  std::vector<SchemaEntry> outside;
  std::vector<SchemaEntry> inside;
  std::set<std::string> schemas;
  for (const SchemaEntry& entry : batch) {
    (entry.schema.empty() ? outside : inside).push_back(entry);
    if (!entry.schema.empty()) schemas.insert(entry.schema);
  }
  TemporaryCreate create(target_, role);
  if (!outside.empty()) create.OnDatabase(target_.Query("SELECT pg_catalog.current_database()").Text(0, 0));
  runner_.RunEntries(outside);
  for (const std::string& schema : schemas) create.OnSchema(schema);
  runner_.RunEntries(inside);
  create.TakeBack();
}

void Ownership::ObtainGrantors() {
  for (const std::string& role : runner_.store().PendingGrantors()) Obtain(role);
}

}  // namespace airlift
