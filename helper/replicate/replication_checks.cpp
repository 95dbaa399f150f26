#include "replicate/replication_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/format.h"
#include "catalog/relation.h"
#include "pg/batch.h"
#include "pg/identifier.h"
#include "prepare/reachability.h"
#include "prepare/secret.h"
#include "replicate/published_tables.h"
#include "replicate/subscription.h"
#include "slots/slot.h"
#include "source/extension_prepare.h"

namespace airlift {

namespace {

using Inputs = ReplicationCheckInputs;
using Problems = std::vector<PreflightProblem>;

constexpr bool kWarning = false;
constexpr int kListedTables = 10;

std::string Setting(Connection& connection, const char* name) {
  return connection.Query("SELECT pg_catalog.current_setting($1, true)", {name}).Text(0, 0);
}

int NewSlots(const Inputs& in) { return in.slots.empty() ? in.options.groups + (in.options.audit_slot ? 1 : 0) : 0; }

void CheckIsPrimary(const Inputs& in, Problems& problems) {
  if (in.source.Query("SELECT pg_catalog.pg_is_in_recovery()").Boolean(0, 0))
    problems.push_back({"the source is a standby", "Publications and replication roles are made on the primary.",
                        "Connect to the source's primary."});
}

void CheckWalLevel(const Inputs& in, Problems& problems) {
  const std::string level = Setting(in.source, "wal_level");
  if (level == "logical") return;
  problems.push_back({fmt::format("wal_level of the source is {}", level), "Logical replication needs logical.",
                      "ALTER SYSTEM SET wal_level = logical; then restart the source (on a managed source: "
                      "rds.logical_replication = 1 and a reboot)."});
}

void CheckSlots(const Inputs& in, Problems& problems) {
  const Result result = in.source.Query(
      "SELECT pg_catalog.current_setting('max_replication_slots')::bigint, pg_catalog.count(*) "
      "FROM pg_catalog.pg_replication_slots");
  const int64_t most = result.Integer(0, 0), used = result.Integer(0, 1);
  if (most - used >= NewSlots(in)) return;
  problems.push_back(
      {"the source has too few free replication slots",
       fmt::format("max_replication_slots is {}, {} are used, {} are needed.", most, used, NewSlots(in)),
       fmt::format("Set max_replication_slots to {} or more and restart the source, or drop slots that nobody needs.",
                   used + NewSlots(in))});
}

void CheckSenders(const Inputs& in, Problems& problems) {
  // One for each subscription, and one while the slot is created.
  const int needed = in.options.groups + 1;
  const Result result = in.source.Query(
      "SELECT pg_catalog.current_setting('max_wal_senders')::bigint, pg_catalog.count(*) "
      "FROM pg_catalog.pg_stat_replication r WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s "
      "WHERE s.active_pid = r.pid AND s.slot_name = ANY (pg_catalog.string_to_array($1, ' ')))",
      {[&] {
        std::string names;
        for (const std::string& slot : in.slots) names += (names.empty() ? "" : " ") + slot;
        return names;
      }()});
  const int64_t most = result.Integer(0, 0), used = result.Integer(0, 1);
  if (most - used >= needed) return;
  problems.push_back({"the source has too few free WAL senders",
                      fmt::format("max_wal_senders is {}, {} are used, {} are needed.", most, used, needed),
                      fmt::format("Set max_wal_senders to {} or more and restart the source.", used + needed)});
}

void CheckOutputPlugin(const Inputs& in, Problems& problems) {
  const std::optional<std::string> libraries = RefusesPgoutput(in.source);
  if (!libraries) return;
  problems.push_back({"the source does not allow the output plugin pgoutput",
                      fmt::format("output_plugin_libraries is \"{}\".", *libraries),
                      "Add pgoutput to output_plugin_libraries and reload the source's configuration."});
}

void CheckSourceRole(const Inputs& in, Problems& problems) {
  const bool replicates =
      in.source
          .Query(
              "SELECT rolsuper OR rolreplication OR EXISTS (SELECT FROM pg_catalog.pg_roles g WHERE g.rolname = "
              "'rds_replication' AND pg_catalog.pg_has_role(g.oid, 'USAGE')) FROM pg_catalog.pg_roles "
              "WHERE rolname = current_user")
          .Boolean(0, 0);
  if (replicates) return;
  problems.push_back({"the source's role may not create replication slots", "It has no REPLICATION.",
                      "Connect to the source as a role with REPLICATION, or as a superuser."});
}

void CheckKeepSize(const Inputs& in, Problems& problems) {
  const std::string size = Setting(in.source, "max_slot_wal_keep_size");
  if (size != "-1")
    problems.push_back({"max_slot_wal_keep_size of the source is " + size,
                        "A slot that falls further behind is lost, and the load has to begin again.",
                        "Set it to -1 for the migration, and watch pg_airlift status.", kWarning});
  const std::string timeout = Setting(in.source, "idle_replication_slot_timeout");
  if (!timeout.empty() && timeout != "0")
    problems.push_back({"idle_replication_slot_timeout of the source is " + timeout,
                        "A slot that waits longer for the load to end is lost.", "Set it to 0 for the migration.",
                        kWarning});
}

void CheckTransactions(const Inputs& in, Problems& problems) {
  if (NewSlots(in) == 0) return;
  std::string list;
  for (const std::string& line : TransactionsInTheWay(in.source)) list += (list.empty() ? "" : "; ") + line;
  if (list.empty()) return;
  problems.push_back({"the slot will wait for transactions of the source that are open now", list + ".",
                      "End those that have been forgotten; COMMIT PREPARED or ROLLBACK PREPARED.", kWarning});
}

void CheckUnlogged(const Inputs& in, Problems& problems) {
  for (const std::string& table : UnloggedTables(in.source))
    problems.push_back({"table " + table + " is unlogged: its changes are not replicated",
                        "It arrives as it is at the snapshot.", "ALTER TABLE ... SET LOGGED before, or copy it again.",
                        kWarning});
}

void CheckLargeObjects(const Inputs& in, Problems& problems) {
  if (!in.source.Query("SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)").Boolean(0, 0)) return;
  problems.push_back({"the source has large objects: their changes are not replicated",
                      "They arrive as they are at the snapshot.",
                      "Let nobody write to them until the cutover; pg_airlift compare tells.", kWarning});
}

// Updates and deletes of such a table fail in the application as soon as it is published.
constexpr const char* kWithoutIdentityQuery = R"(
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), n.nspname, c.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift', 'airlift_state') AND n.nspname NOT LIKE 'pg\_%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
  AND (c.relreplident = 'n'
    OR c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i
         WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate)
    OR c.relreplident = 'i' AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i
         WHERE i.indrelid = c.oid AND i.indisreplident))
ORDER BY 1)";

std::vector<std::string> TablesWithoutIdentity(const Inputs& in) {
  const Result result = in.source.Query(kWithoutIdentityQuery);
  std::vector<std::string> tables;
  for (int row = 0; row < result.rows(); ++row)
    if (in.selection.TakesRows(result.Text(row, 1), result.Text(row, 2))) tables.push_back(result.Text(row, 0));
  return tables;
}

void CheckTableMapping(const Inputs& in, Problems& problems) { CheckMapping(in.source, in.selection, problems); }

void CheckIdentity(const Inputs& in, Problems& problems) {
  const std::vector<std::string> tables = TablesWithoutIdentity(in);
  if (tables.empty()) return;
  std::string list;
  for (const std::string& table : tables) list += (list.empty() ? "" : ", ") + table;
  problems.push_back({fmt::format("{} tables of the source have no replica identity", tables.size()),
                      "Once published, their updates and deletes would fail in the application: " + list + ".",
                      "pg_airlift prepare --replica-identity gives them one."});
}

// Everything else that stands against the publication, as the extension sees it, when nobody made it yet.
void CheckPublication(const Inputs& in, Problems& problems) {
  if (!ExtensionPrepares(in.source)) {
    if (in.options.groups > 1)
      problems.push_back({"groups of tables need the pg_airlift extension on the source",
                          {},
                          "On the source: CREATE EXTENSION pg_airlift; or leave out --groups."});
    return;
  }
  std::vector<PreflightProblem> of_mapping;
  CheckMapping(in.source, in.selection, of_mapping);
  if (!of_mapping.empty() || !TablesWithoutIdentity(in).empty() || PublicationIsMade(in.source, in.options.publication))
    return;
  const PublicationRequest request =
      RequestPublication(in.source, in.selection, in.options.publication, in.options.groups);
  try {
    in.source.Query(CreatePublicationStatement(request, true));
  } catch (const SqlError& error) {
    if (in.source.IsBroken()) throw;
    problems.push_back({error.primary(), error.detail().substr(0, error.detail().find(" Context: ")), error.hint()});
  }
}

struct WorkerSetting {
  const char* name;
  int since;
  int until;
  int spare;  // besides the subscriptions'
};
// An origin for each subscription; a worker of max_worker_processes is the launcher's.
constexpr WorkerSetting kTargetSettings[] = {
    {"max_logical_replication_workers", 13, 99, 0},
    {"max_worker_processes", 13, 99, 1},
    {"max_replication_slots", 13, 17, 0},
    {"max_active_replication_origins", 18, 99, 0},
};

void CheckTargetWorkers(const Inputs& in, Problems& problems) {
  const int64_t others = in.target
                             .Query(
                                 "SELECT pg_catalog.count(*) FROM pg_catalog.pg_subscription WHERE NOT subslotname = "
                                 "ANY (pg_catalog.string_to_array($1, ' '))",
                                 {[&] {
                                   std::string names;
                                   for (const std::string& slot : in.slots) names += slot + " ";
                                   return names;
                                 }()})
                             .Integer(0, 0);
  for (const WorkerSetting& setting : kTargetSettings) {
    if (in.target.server_major() < setting.since || in.target.server_major() > setting.until) continue;
    const int64_t value = std::stoll(Setting(in.target, setting.name));
    const int64_t needed = others + in.options.groups + setting.spare;
    if (value >= needed) continue;
    problems.push_back({fmt::format("{} of the target is too small", setting.name),
                        fmt::format("It is {}, {} are needed.", value, needed),
                        fmt::format("Set it to {} or more and restart the target (on a managed target: in its "
                                    "parameter group).",
                                    needed)});
  }
}

// A subscription that connects to nobody, made and rolled back: what the role may do is asked of the server.
void CheckMayCreateSubscription(const Inputs& in, Problems& problems) {
  const Transaction rolled_back(in.target);
  const std::string statement =
      "CREATE SUBSCRIPTION airlift_trial CONNECTION 'dbname=airlift_trial password=none' PUBLICATION airlift_trial "
      "WITH (connect = false, slot_name = NONE)";
  try {
    AdminRoute(in.options.admin_function).Execute(in.target, statement);
  } catch (const SqlError& error) {
    if (in.target.IsBroken()) throw;
    const char* hint =
        in.target.server_major() >= 16
            ? "GRANT pg_create_subscription to the migrating role, which also needs CREATE on the database."
            : "Before 16 this takes the service's administrator role, or a function that runs it (--admin-function).";
    problems.push_back({"the migrating role may not create subscriptions on the target",
                        "The server says: " + error.primary() + ".", hint});
  }
}

void CheckConnection(const Inputs& in, Problems& problems) {
  const bool role_exists =
      in.source.Query("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", {in.options.role}).rows() > 0;
  std::string password;
  try {
    password = ReadPasswordFile(in.options.password_file);
  } catch (const Error& error) {
    problems.push_back({error.what(), error.detail(), error.hint()});
    return;
  }
  if (role_exists && password.empty()) {
    problems.push_back({fmt::format("the password of replication role {} is not known", DisplayName(in.options.role)),
                        "The role exists on the source, and subscriptions need its password.",
                        fmt::format("Write it into file \"{}\" (mode 0600), or name another with --password-file.",
                                    in.options.password_file)});
  }
  if (!SourceFromTarget(in.source, in.options.from_target, in.options.role, password)) {
    problems.push_back({"the source's address for the target is not known", "It was reached through a socket here.",
                        "Give it: --from-target \"host=... port=...\"."});
    return;
  }
  for (const PrepareFinding& finding : TestReachability(
           {in.source, in.target, in.source_info, in.options.from_target, in.options.role, password, role_exists}))
    if (!finding.is_note)
      problems.push_back(
          {fmt::format("replication role {} cannot be used", finding.object), finding.detail, finding.remedy});
}

void CheckTwoPhase(const Inputs& in, Problems& problems) {
  if (!in.options.two_phase) return;
  if (in.source.server_major() < 15 || in.target.server_major() < 15)
    problems.push_back(
        {"--two-phase needs PostgreSQL 15 or later on both sides",
         fmt::format("The source is {}, the target {}.", in.source.server_major(), in.target.server_major()),
         "Leave it out: prepared transactions then arrive when they commit."});
  if (Setting(in.target, "max_prepared_transactions") == "0")
    problems.push_back({"max_prepared_transactions of the target is 0", "--two-phase prepares transactions there.",
                        "Set it to the source's value and restart the target."});
}

void CheckAuditSlot(const Inputs& in, Problems& problems) {
  if (in.options.audit_slot && !in.selection.IsEverything())
    problems.push_back({"--audit-slot is about the whole database", in.selection.Summary() + ".",
                        "Leave it out: cutover then compares every row that was moved."});
}

using Check = void (*)(const Inputs&, Problems&);
constexpr Check kChecks[] = {
    CheckIsPrimary,  CheckWalLevel,     CheckSlots,        CheckSenders,       CheckOutputPlugin,
    CheckSourceRole, CheckKeepSize,     CheckTransactions, CheckUnlogged,      CheckLargeObjects,
    CheckIdentity,   CheckTableMapping, CheckPublication,  CheckTargetWorkers, CheckMayCreateSubscription,
    CheckConnection, CheckTwoPhase,     CheckAuditSlot,
};

}  // namespace

void CheckTablesAreLoaded(const ReplicationCheckInputs& in, std::vector<PreflightProblem>& problems) {
  const std::vector<std::string> unlogged = UnloggedTables(in.source);
  const Result tables = in.target.Query(
      "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')");
  std::set<std::pair<std::string, std::string>> there;
  for (int row = 0; row < tables.rows(); ++row) there.emplace(tables.Text(row, 0), tables.Text(row, 1));
  std::string list;
  int missing = 0;
  for (const Relation& relation : in.selection.Apply(in.source, LoadRelations(in.source))) {
    const std::string name = DisplayName(relation.schema, relation.name);
    if (relation.is_extension_configuration || there.contains({relation.schema, relation.name}) ||
        std::find(unlogged.begin(), unlogged.end(), name) != unlogged.end())
      continue;
    if (++missing <= kListedTables) list += (list.empty() ? "" : ", ") + name;
  }
  if (missing == 0) return;
  problems.push_back(
      {fmt::format("{} tables of the source are not on the target", missing),
       "Changes alone are for a target that is loaded already. Missing: " + list +
           (missing > kListedTables ? " ..." : "."),
       "Load it first: pg_airlift migrate --type full-load-and-cdc; or choose tables, as with --table."});
}

void CheckReplication(const ReplicationCheckInputs& inputs, std::vector<PreflightProblem>& problems) {
  for (const Check check : kChecks) check(inputs, problems);
}

std::vector<std::string> UnloggedTables(Connection& source) {
  const Result result = source.Query(
      "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind IN "
      "('r', 'p') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1");
  std::vector<std::string> tables;
  for (int row = 0; row < result.rows(); ++row) tables.push_back(result.Text(row, 0));
  return tables;
}

}  // namespace airlift
