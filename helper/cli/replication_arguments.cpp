#include "cli/replication_arguments.h"

namespace airlift {

ReplicationOptions ReplicationArguments::Options() const {
  ReplicationOptions options = replication;
  options.from_target = ConnInfo::Parse(from_target);
  return options;
}

void AddReplicationOptions(CLI::App& app, ReplicationArguments& arguments) {
  ReplicationOptions& replication = arguments.replication;
  replication.password_file = "pg_airlift-replication-role.password";
  app.add_option("--publication", replication.publication,
                 "publication on the source; made where it does not exist, of all tables")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--replication-role", replication.role,
                 "login of the subscriptions on the source; made where it does not exist")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--password-file", replication.password_file,
                 "that role's password; made where the role does not exist (mode 0600)")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--from-target", arguments.from_target,
                 "host, port, sslmode ... of the source as the target reaches it (default: host and port of --source)")
      ->type_name("CONNINFO");
  app.add_option("--groups", replication.groups,
                 "subscriptions, each for a group of tables that foreign keys do not connect with others")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--admin-function", replication.admin_function,
                 "on targets before 16: function with one text argument that runs CREATE SUBSCRIPTION for this role")
      ->type_name("FUNCTION");
  app.add_flag("--two-phase", replication.two_phase,
               "prepared transactions arrive when they are prepared (15 and later)");
}

void AddAuditOption(CLI::App& app, ReplicationArguments& arguments) {
  app.add_flag("--audit-slot", arguments.replication.audit_slot,
               "one more slot, from the verified load on: the cutover, and compare --since-verified, compare only the "
               "rows that changed since; it keeps WAL on the source until then");
}

void AddStartPoint(CLI::App& app, ReplicationArguments& arguments) {
  app.add_option("--start-point", arguments.replication.start_point,
                 "of changes alone: now, slot:NAME (an existing slot's confirmed position), or an LSN that a free slot "
                 "still covers")
      ->type_name("POINT")
      ->capture_default_str();
}

}  // namespace airlift
