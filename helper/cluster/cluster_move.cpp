#include "cluster/cluster_move.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/format.h"
#include "cluster/database_choice.h"
#include "cluster/one_database.h"
#include "engine/move.h"
#include "pg/identifier.h"
#include "pg/role.h"
#include "pg/sql_text.h"
#include "preflight/preflight.h"
#include "prepare/prepare_report.h"
#include "state/driver_lock.h"

namespace airlift {

namespace {

using Problems = std::vector<PreflightProblem>;

// A database with what is to be done for it.
struct PlannedDatabase {
  DatabaseChoice choice;
  std::optional<DatabaseFacts> at_target;  // where it is there already
  std::string create_sql;                  // where it is not
  std::vector<std::string> notes;
};

class ClusterMove {
 public:
  explicit ClusterMove(const ClusterOptions& options)
      : options_(options), source_(options.move.source, Side::kSource), target_(options.move.target, Side::kTarget) {}

  ClusterResult Run() {
    TakeDriverLock(target_, kClusterDriver);
    Begin();
    Plan();
    if (options_.with_roles) result_.roles = Prepare(RoleOptions(false));
    RoleAccess access(target_);
    const auto count = static_cast<size_t>(std::count_if(databases_.begin(), databases_.end(), IsMoved));
    size_t number = 0;
    for (const PlannedDatabase& database : databases_) {
      if (!IsMoved(database)) {
        result_.databases.push_back(LeaveOutDatabase(database.choice));
        continue;
      }
      const std::string place = fmt::format("{} of {}", ++number, count);
      result_.databases.push_back(DoDatabase(database.choice.facts, place, options_.make_progress, result_,
                                             [&](Progress& progress, DatabaseOutcome& outcome) {
                                               Create(database, access, outcome);
                                               Move(progress, outcome);
                                             }));
    }
    result_.finished_at = UtcNow();
    return std::move(result_);
  }

  std::string Describe() {
    Begin();
    Plan();
    std::string text;
    if (options_.with_roles) text += "-- roles\n" + PrepareText(Prepare(RoleOptions(true))) + "\n";
    text += "-- databases, one after another\n";
    for (const PlannedDatabase& database : databases_) text += DescribeOne(database);
    return text;
  }

 private:
  static bool IsMoved(const PlannedDatabase& database) { return database.choice.left_out.empty(); }

  void Begin() {
    result_.command = "migrate";
    result_.started_at = UtcNow();
    result_.jobs = options_.move.jobs;
    result_.was_verified = options_.move.verify;
    result_.allow_refused = options_.allow_refused;
    superusers_ = SuperuserNames(source_);
    result_.source = ReadServerFacts(source_);
    result_.target = ReadServerFacts(target_);
  }

  // What is to be done, or an Error with everything that stands in the way.
  void Plan() {
    Problems problems;
    const std::vector<DatabaseFacts> databases = ReadDatabases(source_);
    const DatabasePatterns patterns(options_.include, options_.exclude);
    for (const std::string& pattern : patterns.Unmatched(databases))
      problems.push_back({"--database " + pattern + " matches no database of the source", {}, {}});
    CheckServers(problems);
    const std::vector<DatabaseFacts> present = ReadDatabases(target_);
    for (DatabaseChoice& choice :
         ChooseDatabases(databases, patterns, ReadChoiceInputs(source_, options_.move.source, databases)))
      databases_.push_back(PlanOne(std::move(choice), present));
    CheckCreation(problems);
    if (const std::string list = Blockers(problems); !list.empty()) throw Error(list);
  }

  void CheckServers(Problems& problems) {
    if (target_.server_major() < source_.server_major())
      problems.push_back({"the target's version is older than the source's",
                          fmt::format("The source is PostgreSQL {}, the target PostgreSQL {}.", source_.server_major(),
                                      target_.server_major()),
                          {}});
    if (IsSameDatabase(source_, target_))
      problems.push_back({"source and target are the same server", {}, "Check both connection strings."});
  }

  PlannedDatabase PlanOne(DatabaseChoice choice, const std::vector<DatabaseFacts>& present) {
    PlannedDatabase planned;
    planned.choice = std::move(choice);
    if (!IsMoved(planned)) return planned;
    const DatabaseFacts& source = planned.choice.facts;
    DatabaseFacts wanted = WithMappedLocales(source, options_.locales);
    const auto found = std::find_if(present.begin(), present.end(),
                                    [&](const DatabaseFacts& database) { return database.name == source.name; });
    if (found != present.end()) {
      planned.at_target = *found;
    } else {
      planned.create_sql = CreateDatabaseStatement(wanted, target_.server_major());
    }
    const std::string differences = LocaleDifferences(source, planned.at_target.value_or(wanted));
    if (!differences.empty()) planned.notes.push_back(differences);
    return planned;
  }

  void CheckCreation(Problems& problems) {
    std::set<std::string> locales;
    std::string databases;
    for (const PlannedDatabase& database : databases_) {
      if (database.create_sql.empty()) continue;
      databases += (databases.empty() ? "" : ", ") + DisplayName(database.choice.facts.name);
      const DatabaseFacts wanted = WithMappedLocales(database.choice.facts, options_.locales);
      locales.insert({wanted.collate, wanted.ctype});
    }
    if (databases.empty()) return;
    const bool may_create =
        target_.Query("SELECT rolsuper OR rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = current_user")
            .Boolean(0, 0);
    if (!may_create)
      problems.push_back({"the migrating role may not create databases on the target", "To create: " + databases + ".",
                          "Give it CREATEDB, or create the databases for it."});
    for (const std::string& locale : UnknownLocales(target_, {locales.begin(), locales.end()})) {
      std::string users;
      for (const PlannedDatabase& database : databases_) {
        const DatabaseFacts wanted = WithMappedLocales(database.choice.facts, options_.locales);
        if (!database.create_sql.empty() && (wanted.collate == locale || wanted.ctype == locale))
          users += (users.empty() ? "" : ", ") + DisplayName(wanted.name);
      }
      problems.push_back(
          {fmt::format("the target does not know the locale {}", SqlText(locale)),
           fmt::format("It is that of: {}.", users),
           fmt::format("Name one that it knows, with --map-locale {}=LOCALE, or create the databases for it.",
                       SqlText(locale))});
    }
  }

  PrepareOptions RoleOptions(bool dry_run) const {
    PrepareOptions prepare;
    prepare.source = options_.move.source;
    prepare.target = options_.move.target;
    prepare.roles = true;
    prepare.database_settings = false;
    prepare.globals = options_.globals;
    prepare.new_passwords = options_.new_passwords;
    prepare.dry_run = dry_run;
    return prepare;
  }

  void Create(const PlannedDatabase& database, RoleAccess& access, DatabaseOutcome& outcome) {
    outcome.notes = database.notes;
    if (!database.create_sql.empty()) target_.Execute(database.create_sql);
    GiveToOwner(database.choice.facts, access, outcome);
  }

  // Before the move, so that grants are made in the owner's name, as they are at the source. A database that belongs to
  // somebody else than the migrating role was given away already, or is not ours to give.
  void GiveToOwner(const DatabaseFacts& source, RoleAccess& access, DatabaseOutcome& outcome) {
    if (source.name == kServersDatabase) return;
    const Result owner = target_.Query(
        "SELECT pg_catalog.pg_get_userbyid(d.datdba) = current_user, pg_catalog.pg_get_userbyid(d.datdba) = $2 "
        "FROM pg_catalog.pg_database d WHERE d.datname = $1",
        {source.name, source.owner});
    if (!owner.Boolean(0, 0) || owner.Boolean(0, 1)) return;
    try {
      if (const auto reason = access.WhyNot(source.owner)) {
        // The source's superusers own most databases, and nobody expects them on a managed target; the database's own
        // evidence tells of the owner.
        if (superusers_.contains(source.owner)) return;
        outcome.notes.push_back(
            fmt::format("belongs to the migrating role, not to {}: {}", DisplayName(source.owner), *reason));
        return;
      }
      target_.Execute(OwnerStatement(source));
    } catch (const SqlError& error) {
      if (!error.IsClass("42") && !error.IsClass("22")) throw;
      outcome.notes.push_back(
          fmt::format("belongs to the migrating role, not to {}: {}", DisplayName(source.owner), error.primary()));
    }
  }

  static std::string OwnerStatement(const DatabaseFacts& database) {
    return fmt::format("ALTER DATABASE {} OWNER TO {}", SqlName(database.name), SqlName(database.owner));
  }

  void Move(Progress& progress, DatabaseOutcome& outcome) {
    MoveOptions move = options_.move;
    move.source = move.source.With("dbname", outcome.name);
    move.target = move.target.With("dbname", outcome.name);
    move.keep_finished = !move.restart;
    RunResult result = RunMove(move, progress);
    result.allow_refused = options_.allow_refused;
    outcome.fate = result.kept_since.empty() ? DatabaseFate::kMoved : DatabaseFate::kKept;
    outcome.evidence = options_.keep_evidence(result);
    outcome.result = std::move(result);
  }

  std::string DescribeOne(const PlannedDatabase& database) const {
    const DatabaseFacts& facts = database.choice.facts;
    if (!IsMoved(database))
      return fmt::format("-- {}: left out: {}\n", DisplayName(facts.name), database.choice.left_out);
    std::string text = fmt::format("-- {}: {}, {}\n", DisplayName(facts.name), FormatBytes(facts.bytes),
                                   database.at_target ? "is on the target already" : "is created");
    for (const std::string& note : database.notes) text += fmt::format("--   {}\n", OneLine(note));
    if (!database.at_target) text += fmt::format("{};\n{};\n", database.create_sql, OwnerStatement(facts));
    return text + fmt::format("-- pg_airlift migrate --jobs {} --source {} --target {}\n", options_.move.jobs,
                              SqlText(options_.move.source.With("dbname", facts.name).ToStringWithoutPassword()),
                              SqlText(options_.move.target.With("dbname", facts.name).ToStringWithoutPassword()));
  }

  const ClusterOptions& options_;
  Connection source_;
  Connection target_;
  std::set<std::string> superusers_;  // of the source
  std::vector<PlannedDatabase> databases_;
  ClusterResult result_;
};

}  // namespace

ClusterResult MoveCluster(const ClusterOptions& options) { return ClusterMove(options).Run(); }

std::string DescribeClusterMove(const ClusterOptions& options) { return ClusterMove(options).Describe(); }

}  // namespace airlift
