#include "assess/reported_findings.h"

#include <iterator>

#include "checks/check.h"

namespace airlift {

namespace {

constexpr ReportedFinding kReported[] = {
    {"connect.from_here", "prepare", "warning", "the replication role could not connect to the source from this host",
     "See the server's words: address, pg_hba.conf, password."},
    {"connect.from_target", "prepare", "warning",
     "the replication role could not connect to the source from the target, or that could not be tried",
     "Open the way from the target's network to the source; give --source-from-target where the address differs."},
    {"ext.pg_airlift", "prepare", "warning", "the source has no pg_airlift extension, which this part needs",
     "CREATE EXTENSION pg_airlift on the source, then run it again."},
    {"plan.no_way", "plan", "blocker", "every way to move is ruled out", "See why each one was rejected."},
    {"plan.prepare", "plan", "warning", "the chosen way needs something done first", "Do what the detail says."},
    {"plan.storage", "plan", "blocker", "the target cannot have the storage that the database needs",
     "Another kind or version of target, or a smaller database."},
    {"plan.wal_retention", "plan", "warning", "the source would not keep its WAL for as long as the load takes",
     "Raise max_slot_wal_keep_size or idle_replication_slot_timeout for the time of the move."},
    {"publication.refused", "prepare", "warning", "the publication was refused as a whole",
     "Ask for --replica-identity too, or for fewer tables (--table)."},
    {"role.createdb", "prepare", "warning", "a role has CREATEDB, which the migrating role cannot give",
     "As a role that has it: ALTER ROLE ... CREATEDB."},
    {"role.differs", "prepare", "info", "a role or setting is on the target already, and differs",
     "Nothing is taken away from what is there; compare the two."},
    {"role.globals", "prepare", "warning", "a statement of a file of pg_dumpall is left out",
     "Do by hand what the detail says, or leave it."},
    {"role.membership", "prepare", "warning", "a membership could not be granted",
     "Grant it as a role with the ADMIN OPTION."},
    {"role.no_password", "prepare", "info", "a role that logs in has no password on the source, and gets none",
     "Set one where it is to log in on the target."},
    {"role.password_kept", "prepare", "info", "a role of the target keeps the password that it has there",
     "Set the application's password on the target."},
    {"role.password_refused", "prepare", "warning", "the target refused a password hash",
     "Set the password by hand, or use --new-passwords."},
    {"role.refused", "prepare", "warning", "the target refused a role, or an attribute of it",
     "See the server's words."},
    {"undo.refused", "prepare, undo", "warning", "a step could not be taken back",
     "See the server's words, then run undo again."},
};

}  // namespace

size_t ReportedFindingCount() noexcept { return std::size(kReported); }
const ReportedFinding& ReportedFindingAt(size_t index) noexcept { return kReported[index]; }

bool IsKnownFinding(const std::string& id) noexcept {
  for (const ReportedFinding& reported : kReported)
    if (id == reported.id) return true;
  return FindCheck(id.c_str()) != nullptr;
}

}  // namespace airlift
