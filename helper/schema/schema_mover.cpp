#include "schema/schema_mover.h"

#include <fmt/format.h>

#include <map>

#include "pg/identifier.h"
#include "schema/archive.h"
#include "schema/archive_selection.h"
#include "schema/client_program.h"
#include "schema/entry_runner.h"
#include "schema/foreign_keys.h"
#include "schema/ownership.h"
#include "schema/plan.h"
#include "schema/source_facts.h"
#include "schema/unwritten_grants.h"

namespace airlift {

namespace {

constexpr const char* kLockTimeout = "--lock-wait-timeout=60s";
constexpr int kOne = 1;

Archive Dump(const SchemaOptions& options, const ClientProgram& program, const std::string& snapshot,
             const std::vector<std::string>& passed_over) {
  const MemoryFile file;
  std::vector<std::string> arguments = {"--format=custom",         "--schema-only", "--encoding=UTF8",
                                        "--quote-all-identifiers", kLockTimeout,    "--file=" + file.path()};
  if (!snapshot.empty()) arguments.push_back("--snapshot=" + snapshot);
  for (const std::string& table : passed_over) arguments.push_back("--exclude-table=" + table);
  const std::string warnings = RunClientProgram(program, options.source, arguments);
  if (!warnings.empty() && options.note) options.note(warnings);
  Archive archive = ParseArchive(file.Read());
  AddUnwrittenGrants(&archive);
  return archive;
}

TargetFacts ReadTargetFacts(Connection& target) {
  TargetFacts facts;
  const Result session = target.Query(
      "SELECT d.datname, current_user, pg_catalog.pg_get_userbyid(d.datdba) FROM pg_catalog.pg_database d "
      "WHERE d.datname = pg_catalog.current_database()");
  facts.database = session.Text(0, 0);
  facts.migrating_role = session.Text(0, 1);
  facts.database_owner = session.Text(0, 2);
  const Result methods = target.Query("SELECT amname FROM pg_catalog.pg_am WHERE amtype = 't'");
  for (int row = 0; row < methods.rows(); ++row) facts.table_access_methods.insert(methods.Text(row, 0));
  return facts;
}

LeftOut ToLeftOut(const SchemaEntry& entry) { return {entry.kind, EntryLabel(entry), entry.reason, entry.expected}; }

// One line for all objects that could not be given to one role, for one reason.
class OwnerSummary {
 public:
  void Add(const SchemaEntry& entry) {
    Objects& objects = objects_[{entry.owner, entry.reason, entry.expected}];
    if (objects.count++ == 0) objects.first = EntryLabel(entry);
  }

  void AppendTo(std::vector<LeftOut>* list) const {
    for (const auto& [key, objects] : objects_) {
      const auto& [owner, reason, expected] = key;
      std::string object = fmt::format("{} of {}", DisplayName(owner), objects.first);
      if (objects.count > 1) object += fmt::format(" and {} more", objects.count - 1);
      list->push_back({"OWNER", object, reason, expected});
    }
  }

 private:
  struct Objects {
    int count = 0;
    std::string first;
  };
  std::map<std::tuple<std::string, std::string, bool>, Objects> objects_;
};

}  // namespace

SchemaMover::SchemaMover(SchemaOptions options, Connection& target)
    : options_(std::move(options)), target_(target), store_(target) {}

SchemaMover::~SchemaMover() = default;

void SchemaMover::Load(Connection& source, const std::string& snapshot) {
  const ClientProgram program =
      ChooseProgram(FindPrograms(options_.pg_bindir), source.server_major(), target_.server_major());
  if (options_.note) options_.note(fmt::format("reading the schema with {}", program.path));
  std::vector<std::string> passed_over;
  if (options_.selection != nullptr) passed_over = UnreadableTables(source, *options_.selection);
  Archive archive = Dump(options_, program, snapshot, passed_over);
  SourceFacts facts = ReadSourceFacts(source);
  facts.replication_roles = options_.replication_roles;
  SelectedPart part;
  if (options_.selection != nullptr) {
    part.blocked = ReduceArchive(archive, *options_.selection, ReadLinks(archive, source));
    std::erase_if(facts.indexes, [this](const auto& index) {
      const SelectedRelation* table = options_.selection->Find(index.second.table_oid);
      return table != nullptr && !table->is_selected;
    });
  }
  if (options_.selection != nullptr && options_.selection->mapping() != nullptr) {
    part.before_load = options_.selection->mapping()->before_load();
    part.at_end = options_.selection->mapping()->at_end();
  }
  Load(std::move(archive), facts, part);
}

void SchemaMover::Load(Archive archive, const SourceFacts& facts, const SelectedPart& part) {
  SchemaPlan plan = MakePlan(std::move(archive), facts, ReadTargetFacts(target_), part);
  if (const auto stored = store_.FindLoad()) {
    if (stored->fingerprint == plan.fingerprint) return;
    throw Error("the source's schema has changed since this run began",
                "What was restored so far belongs to the earlier schema.", "Start over with --restart.");
  }
  Transaction transaction(target_);
  store_.Write({plan.fingerprint, options_.into_existing}, plan.entries);
  transaction.Commit();
}

void SchemaMover::RunWith(const std::function<void(EntryRunner&)>& work) {
  const auto load = store_.FindLoad();
  if (!load) throw Error("the schema has not been loaded");
  EntryRunner runner(target_, load->into_existing);
  work(runner);
}

void SchemaMover::RestorePreData() {
  RunWith([](EntryRunner& runner) {
    runner.RunPhase(RestorePhase::kPreData);
    runner.MarkBlocked(RestorePhase::kIndex);
    runner.store().ForgetPasswords();
  });
  RequireMapping();
}

void SchemaMover::RequireMapping() {
  std::string refused;
  for (const SchemaEntry& entry : store_.Reported())
    if (entry.kind == kMappingKind && entry.state == EntryState::kLeftOut)
      refused += fmt::format("{}{}: {}", refused.empty() ? "" : "\n", entry.sql, entry.reason);
  if (!refused.empty())
    throw Error("the target refuses what the table mapping asks for", refused,
                "Change the mapping, and start over with --restart.");
}

std::vector<IndexJob> SchemaMover::IndexJobs() {
  std::vector<IndexJob> jobs;
  int64_t after = 0;
  while (true) {
    const auto batch = store_.Pending(RestorePhase::kIndex, after, EntryRunner::kBatch * 10);
    if (batch.empty()) return jobs;
    after = batch.back().entry;
    for (const SchemaEntry& entry : batch) {
      if (entry.state != EntryState::kPending || entry.weight <= kSmallBytes) continue;
      jobs.push_back({entry.entry, entry.table_oid, EntryLabel(entry), entry.weight, entry.is_constraint_backing});
    }
  }
}

void SchemaMover::RestorePostData() {
  RunWith([this](EntryRunner& runner) {
    runner.RunPhase(RestorePhase::kIndex);
    runner.RunPhase(RestorePhase::kPostData);
    runner.RunPhase(RestorePhase::kForeignKey);
    runner.MarkBlocked(RestorePhase::kValidate);
    ValidateForeignKeys(target_, options_.target, options_.jobs);
    runner.RunPhase(RestorePhase::kTrigger);
    Ownership ownership(target_, runner, options_.note);
    ownership.RunPhase(RestorePhase::kOwner);
    ownership.RunPhase(RestorePhase::kDefaultAcl);
    ownership.ObtainGrantors();
    runner.RunPhase(RestorePhase::kAcl);
    runner.RunPhase(RestorePhase::kRefresh, kOne);
    runner.RunPhase(RestorePhase::kRename);
    runner.RunPhase(RestorePhase::kEventTrigger, kOne);
  });
  RequireMapping();
}

std::vector<LeftOut> SchemaMover::LeftOuts() {
  std::vector<LeftOut> list;
  OwnerSummary owners;
  for (const SchemaEntry& entry : store_.Reported()) {
    if (entry.kind == "OWNER" && !entry.owner.empty()) {
      owners.Add(entry);
    } else {
      list.push_back(ToLeftOut(entry));
    }
  }
  owners.AppendTo(&list);
  return list;
}

void RunIndexJob(Connection& target, int64_t number) {
  EntryStore store(target);
  const auto entry = store.Find(number);
  if (!entry || entry->state != EntryState::kPending || entry->phase != RestorePhase::kIndex) return;
  EntryOutcome outcome{number, entry->sql.empty() ? EntryState::kDone : EntryState::kBuilt, "", false};
  target.Execute("SAVEPOINT airlift_index");
  try {
    target.Execute(entry->build_sql + "\n;RELEASE SAVEPOINT airlift_index");
  } catch (const SqlError& error) {
    if (!IsRefusal(error)) throw;
    target.Execute("ROLLBACK TO SAVEPOINT airlift_index");
    const auto load = store.FindLoad();
    const bool kept = load && load->into_existing && IsDuplicate(error);
    outcome.state = kept ? EntryState::kKept : EntryState::kLeftOut;
    outcome.reason = kept ? "exists already" : RefusalReason(error);
    outcome.expected = kept || entry->expected;
  }
  store.Save({outcome});
}

}  // namespace airlift
