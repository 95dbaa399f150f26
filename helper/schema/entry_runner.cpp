#include "schema/entry_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/fault_point.h"
#include "pg/identifier.h"
#include "schema/rewrite.h"

namespace airlift {

namespace {

constexpr size_t kScriptBytes = 1024 * 1024;
constexpr int kMostRemedies = 8;
constexpr const char* kNotGranted = "01007";
constexpr const char* kNotRevoked = "01006";
constexpr const char* kViewRule = " _RETURN";
constexpr const char* kSyntaxError = "42601";
constexpr const char* kDuplicateSchema = "42P06";

// The server's warnings that a GRANT or REVOKE did less than it says; they are no errors.
class PrivilegeWarnings {
 public:
  // `position` is read when a warning comes in.
  PrivilegeWarnings(Connection& connection, const size_t* position)
      : connection_(connection), before_(PQsetNoticeReceiver(connection.get(), Receive, this)), position_(position) {}
  ~PrivilegeWarnings() { PQsetNoticeReceiver(connection_.get(), before_, nullptr); }
  PrivilegeWarnings(const PrivilegeWarnings&) = delete;
  PrivilegeWarnings& operator=(const PrivilegeWarnings&) = delete;

  // Messages by position.
  const std::map<size_t, std::string>& messages() const { return messages_; }

 private:
  static void Receive(void* self, const PGresult* result) {
    auto* warnings = static_cast<PrivilegeWarnings*>(self);
    const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (sqlstate == nullptr || primary == nullptr) return;
    if (std::string_view(sqlstate) != kNotGranted && std::string_view(sqlstate) != kNotRevoked) return;
    std::string& message = warnings->messages_[*warnings->position_];
    if (!message.empty()) message += "; ";
    message += primary;
  }

  Connection& connection_;
  PQnoticeReceiver before_;
  const size_t* position_;
  std::map<size_t, std::string> messages_;
};

bool IsPiecewise(const SchemaEntry& entry) { return entry.kind == "ACL" || entry.kind == "DATABASE PROPERTIES"; }

// The statement on one line, for a list.
std::string OneLine(const std::string& sql) {
  std::string line;
  for (const char c : sql) {
    const bool blank = c == '\n' || c == '\t' || c == ' ' || c == '\r';
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && (line.back() == ' ' || line.back() == ';')) line.pop_back();
  return line;
}

}  // namespace

std::string EntrySql(const SchemaEntry& entry) {
  return entry.state == EntryState::kBuilt ? entry.sql : entry.build_sql + "\n;" + entry.sql;
}

EntryRunner::EntryRunner(Connection& target, bool into_existing)
    : target_(target), store_(target), into_existing_(into_existing) {
  // What pg_dump's script would set; everything else is set for every session of ours.
  target_.Execute(
      "SET standard_conforming_strings = on; SET xmloption = content; SET default_tablespace = ''; "
      "SET default_table_access_method = heap; SET check_function_bodies = off");
  for (const SchemaEntry& entry : store_.MissingOrKept()) {
    if (entry.state == EntryState::kKept) {
      RememberKept(entry);
    } else {
      missing_[entry.dump_id] = {entry.kind + " " + EntryLabel(entry), entry.expected};
    }
  }
}

void EntryRunner::RunPhase(RestorePhase phase, int entries_per_transaction) {
  int64_t after = 0;
  while (true) {
    const std::vector<SchemaEntry> batch = store_.Pending(phase, after, entries_per_transaction);
    if (batch.empty()) return;
    after = batch.back().entry;
    Transaction transaction(target_);
    RunEntries(batch);
    ReachFaultPoint(FaultPoint::kEntriesBegun);
    transaction.Commit();
    ReachFaultPoint(FaultPoint::kEntriesCommitted);
  }
}

void EntryRunner::MarkBlocked(RestorePhase phase) {
  int64_t after = 0;
  while (true) {
    const std::vector<SchemaEntry> batch = store_.Pending(phase, after, 10 * kBatch);
    if (batch.empty()) return;
    after = batch.back().entry;
    Transaction transaction(target_);
    for (const SchemaEntry& entry : batch) RecordIfBlocked(entry);
    SaveOutcomes();
    transaction.Commit();
  }
}

void EntryRunner::RunEntries(const std::vector<SchemaEntry>& entries) {
  outcomes_.clear();
  std::vector<const SchemaEntry*> script;
  size_t bytes = 0;
  for (const SchemaEntry& entry : entries) {
    script.push_back(&entry);
    bytes += entry.sql.size() + entry.build_sql.size();
    if (bytes < kScriptBytes) continue;
    RunScript(script);
    script.clear();
    bytes = 0;
  }
  RunScript(script);
  SaveOutcomes();
}

bool EntryRunner::RecordIfBlocked(const SchemaEntry& entry) {
  for (const int32_t id : entry.dependencies) {
    const auto found = missing_.find(id);
    if (found == missing_.end()) continue;
    const Cause cause = found->second;
    if (IsPropertyOnly(entry)) {
      Record(entry, EntryState::kSkipped, "", true);
    } else {
      Record(entry, EntryState::kLeftOut, "depends on " + cause.label, cause.expected);
    }
    return true;
  }
  return false;
}

void EntryRunner::Record(const SchemaEntry& entry, EntryState state, const std::string& reason, bool expected) {
  if (state == EntryState::kLeftOut && entry.dump_id > 0)
    missing_[entry.dump_id] = {entry.kind + " " + EntryLabel(entry), expected};
  if (state == EntryState::kKept) RememberKept(entry);
  outcomes_[entry.entry] = {entry.entry, state, reason, expected};
}

void EntryRunner::RememberKept(const SchemaEntry& entry) {
  if (entry.dump_id > 0) kept_.insert(entry.dump_id);
  if (entry.kind == "VIEW") kept_view_rules_.insert(QualifiedName(entry.schema, entry.name + kViewRule));
}

// The second half of a view that was there before we came: its CREATE OR REPLACE would change it.
bool EntryRunner::RecordIfKept(const SchemaEntry& entry) {
  if (entry.kind != "RULE" || !kept_view_rules_.contains(QualifiedName(entry.schema, entry.name))) return false;
  Record(entry, EntryState::kKept, "exists already", true);
  return true;
}

void EntryRunner::SaveOutcomes() {
  std::vector<EntryOutcome> outcomes;
  for (const auto& [entry, outcome] : outcomes_) outcomes.push_back(outcome);
  store_.Save(outcomes);
  outcomes_.clear();
}

// Executes the entries in order. After a refusal the rest is looked at again: some of it may depend on the refused one.
void EntryRunner::RunScript(const std::vector<const SchemaEntry*>& script) {
  size_t most = script.size();
  for (size_t next = 0; next < script.size();) {
    std::vector<size_t> ready;
    size_t end = next;
    for (; end < script.size() && ready.size() < most; ++end)
      if (!RecordIfBlocked(*script[end]) && !RecordIfKept(*script[end])) ready.push_back(end);
    std::vector<const SchemaEntry*> entries;
    for (const size_t index : ready) entries.push_back(script[index]);
    std::optional<SqlError> error;
    const size_t done = TryScript(entries, &error);
    if (!error) {
      next = end;
    } else if (done == 0 && entries.size() > 1 && error->sqlstate() == kSyntaxError) {
      most = 1;  // the server parses a script before it executes any of it: find the culprit one by one
    } else {
      Refused(*entries[done], *error);
      next = ready[done] + 1;
    }
  }
}

size_t EntryRunner::TryScript(const std::vector<const SchemaEntry*>& script, std::optional<SqlError>* error) {
  if (script.empty()) return 0;
  std::string sql;
  for (const SchemaEntry* entry : script)
    sql += "SAVEPOINT airlift_entry;\n" + EntrySql(*entry) + "\n;RELEASE SAVEPOINT airlift_entry;\n";
  size_t begun = 0;
  size_t done = 0;
  const PrivilegeWarnings warnings(target_, &done);
  target_.Execute("SAVEPOINT airlift_script");
  try {
    target_.ExecuteScript(sql, [&](std::string_view tag) {
      if (tag == "SAVEPOINT") ++begun;
      if (tag == "RELEASE") ++done;
    });
  } catch (const SqlError& refusal) {
    if (!IsRefusal(refusal)) throw;
    *error = refusal;
  }
  if (*error && begun > done) target_.Execute("ROLLBACK TO SAVEPOINT airlift_entry");
  if (*error && begun == done) target_.Execute("ROLLBACK TO SAVEPOINT airlift_script");
  target_.Execute("RELEASE SAVEPOINT airlift_script");
  for (size_t i = 0; i < done; ++i) {
    const auto warning = warnings.messages().find(i);
    Record(*script[i], EntryState::kDone, warning == warnings.messages().end() ? "" : warning->second, false);
  }
  return done;
}

std::optional<SqlError> EntryRunner::TryAlone(const std::string& sql) {
  target_.Execute("SAVEPOINT airlift_script");
  try {
    target_.Execute(sql);
  } catch (const SqlError& refusal) {
    if (!IsRefusal(refusal)) throw;
    target_.Execute("ROLLBACK TO SAVEPOINT airlift_script; RELEASE SAVEPOINT airlift_script");
    return refusal;
  }
  target_.Execute("RELEASE SAVEPOINT airlift_script");
  return std::nullopt;
}

void EntryRunner::Refused(const SchemaEntry& entry, const SqlError& error) {
  if (IsThereAlready(entry, error)) {
    Record(entry, EntryState::kKept, "exists already", true);
  } else if (IsPiecewise(entry)) {
    RunPiecewise(entry, error);
  } else if (!RunWithRemedies(entry, error)) {
    Record(entry, EntryState::kLeftOut, RefusalReason(error), entry.expected);
  }
}

bool EntryRunner::RunWithRemedies(const SchemaEntry& entry, SqlError error) {
  SchemaEntry smaller = entry;
  std::string changes;
  for (int i = 0; i < kMostRemedies; ++i) {
    const auto remedy = FindRemedy(smaller, error);
    if (!remedy) return false;
    smaller.sql = remedy->sql;
    changes += (changes.empty() ? "" : "; ") + remedy->change;
    const auto again = TryAlone(EntrySql(smaller));
    if (!again) {
      Record(entry, EntryState::kDone, changes, false);
      return true;
    }
    error = *again;
  }
  return false;
}

// Statement by statement: what is refused is listed, the rest holds.
void EntryRunner::RunPiecewise(const SchemaEntry& entry, const SqlError& error) {
  const std::vector<std::string> statements = IndependentStatements(entry.sql);
  if (statements.size() < 2) return Record(entry, EntryState::kLeftOut, RefusalReason(error), entry.expected);
  std::string refused;
  size_t refusals = 0;
  for (const std::string& statement : statements) {
    const auto refusal = TryAlone(statement);
    if (!refusal) continue;
    ++refusals;
    refused += fmt::format("{}\"{}\": {}", refused.empty() ? "" : "; ", OneLine(statement), RefusalReason(*refusal));
  }
  Record(entry, refusals == statements.size() ? EntryState::kLeftOut : EntryState::kDone, refused, entry.expected);
}

bool EntryRunner::IsThereAlready(const SchemaEntry& entry, const SqlError& error) const {
  if (error.sqlstate() == kDuplicateSchema) return true;  // an empty schema made beforehand harms nobody
  if (!into_existing_) return false;
  if (IsDuplicate(error)) return true;
  // A property that an object had already: its second primary key, its identity, its place in a partitioned table.
  const bool object_was_there =
      std::any_of(entry.dependencies.begin(), entry.dependencies.end(), [&](int32_t id) { return kept_.contains(id); });
  return object_was_there && IsRepeatedProperty(error);
}

}  // namespace airlift
