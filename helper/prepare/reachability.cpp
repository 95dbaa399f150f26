#include "prepare/reachability.h"

#include <fmt/format.h>

#include <optional>

#include "pg/identifier.h"
#include "pg/sql_text.h"

namespace airlift {

namespace {

using Findings = std::vector<PrepareFinding>;

constexpr const char* kFromHere = "connect.from_here";
constexpr const char* kFromTarget = "connect.from_target";
constexpr const char* kHba = "cfg.hba";

constexpr const char* kExampleAddress = "ADDRESS-OF-THE-TARGET/32";

void Add(Findings& findings, const char* id, const ReachabilityInputs& in, const std::string& detail,
         const std::string& remedy, bool is_note) {
  findings.push_back({id, DisplayName(in.role), detail, remedy, is_note, false});
}

bool MayReadHba(Connection& source) {
  return source
      .Query(
          "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_hba_file_rules', 'SELECT') AND "
          "pg_catalog.has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE')")
      .Boolean(0, 0);
}

// The first rule for this database, role and address, in the file's order: the one that decides. Logical replication
// connects to the database, not to the keyword "replication". Names that begin with "/" are regular expressions since
// 16; an address that is a host name is not resolved.
constexpr const char* kHbaQuery = R"(
SELECT h.line_number, h.auth_method, h.type
FROM pg_catalog.pg_hba_file_rules h
WHERE h.error IS NULL AND h.type LIKE 'host%'
  AND EXISTS (SELECT FROM pg_catalog.unnest(h.database) d
    WHERE d IN ('all', pg_catalog.current_database()) OR (d = 'sameuser' AND $1 = pg_catalog.current_database())
       OR (d LIKE '/%' AND pg_catalog.current_database() ~ pg_catalog.substr(d, 2)))
  AND EXISTS (SELECT FROM pg_catalog.unnest(h.user_name) u
    WHERE u IN ('all', $1) OR (u LIKE '/%' AND $1 ~ pg_catalog.substr(u, 2))
       OR (u LIKE '+%' AND EXISTS (SELECT FROM pg_catalog.pg_roles g JOIN pg_catalog.pg_roles m ON m.rolname = $1
             WHERE g.rolname = pg_catalog.substr(u, 2) AND pg_catalog.pg_has_role(m.oid, g.oid, 'MEMBER'))))
  AND CASE WHEN h.address = 'all' THEN true
           WHEN $2 = '' OR h.netmask IS NULL THEN false
           WHEN pg_catalog.family(h.address::pg_catalog.inet) <> pg_catalog.family($2::pg_catalog.inet) THEN false
           ELSE (h.address::pg_catalog.inet & h.netmask::pg_catalog.inet)
              = (pg_catalog.host($2::pg_catalog.inet)::pg_catalog.inet & h.netmask::pg_catalog.inet) END
ORDER BY h.line_number LIMIT 1)";

std::string HbaLine(const ReachabilityInputs& in, const std::string& address) {
  const bool ssl = in.source.Query("SELECT pg_catalog.current_setting('ssl')").Text(0, 0) == "on";
  const std::string database = in.source.Query("SELECT pg_catalog.current_database()").Text(0, 0);
  return fmt::format("{} {} {} {} scram-sha-256", ssl ? "hostssl" : "host", QuoteIdentifier(database),
                     QuoteIdentifier(in.role), address.empty() ? kExampleAddress : address);
}

// "10.1.2.3/32" as the target sees itself; "" where it is reached through a socket.
std::string TargetAddress(Connection& target) {
  return target
      .Query(
          "SELECT COALESCE(pg_catalog.host(pg_catalog.inet_server_addr()) || CASE pg_catalog.family("
          "pg_catalog.inet_server_addr()) WHEN 4 THEN '/32' ELSE '/128' END, '')")
      .Text(0, 0);
}

void CheckHba(const ReachabilityInputs& in, Findings& findings) {
  const std::string address = TargetAddress(in.target);
  const std::string line = HbaLine(in, address);
  if (!MayReadHba(in.source))
    return Add(findings, kHba, in, "The source's pg_hba.conf cannot be read by this role.",
               "It needs a line like: " + line, true);
  const Result rule = in.source.Query(kHbaQuery, {in.role, address});
  const std::string where = address.empty() ? "the target" : address + " (the target, as it sees itself)";
  if (rule.rows() == 0)
    return Add(findings, kHba, in, "No line of the source's pg_hba.conf lets it in from " + where + ".",
               "Add this line, then SELECT pg_reload_conf(): " + line, false);
  const std::string method = rule.Text(0, 1);
  const std::string found =
      fmt::format("Line {} of the source's pg_hba.conf decides for {}: {}", rule.Integer(0, 0), where, method);
  if (method == "reject")
    return Add(findings, kHba, in, found + ".", "Add this line above it, then SELECT pg_reload_conf(): " + line, false);
  if (method == "trust")
    return Add(findings, kHba, in, found + ", which subscriptions of roles that are not superuser refuse.",
               "Add this line above it, then SELECT pg_reload_conf(): " + line, false);
  Add(findings, kHba, in, found + ".", {}, true);
}

ConnInfo AsRole(const ConnInfo& info, const ReachabilityInputs& in) {
  return info.With("user", in.role).With("password", in.password);
}

void TestFromHere(const ReachabilityInputs& in, Findings& findings) {
  try {
    // The walsender's way in, as a subscription uses it: by the database's lines of pg_hba.conf, with REPLICATION.
    Connection connection(AsRole(in.source_info, in).With("replication", "database"), Side::kSource);
    connection.Execute("IDENTIFY_SYSTEM");
    const bool used = PQconnectionUsedPassword(connection.get()) != 0;
    Add(findings, kFromHere, in,
        used ? "It connects for replication from here, with its password."
             : "It connects for replication from here, but was not asked for a password.",
        used ? "" : "A subscription of a role that is not superuser wants a line with scram-sha-256.", true);
  } catch (const SqlError& error) {
    Add(findings, kFromHere, in, std::string("It cannot connect for replication from here: ") + error.primary() + ".",
        "See the server's words; the target will meet the same.", false);
  }
}

bool DblinkAtHand(Connection& target) {
  return target.Query("SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'dblink')")
      .Boolean(0, 0);
}

// Where dblink is not installed it is created for the length of a transaction that is rolled back.
std::string DblinkConnect(Connection& target) {
  const char* query =
      "SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e "
      "JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'dblink'";
  const Result installed = target.Query(query);
  if (installed.rows() > 0) return installed.Text(0, 0) + ".dblink_connect";
  target.Execute("CREATE SCHEMA airlift_reachability; CREATE EXTENSION dblink SCHEMA airlift_reachability");
  return "airlift_reachability.dblink_connect";
}

void TestFromTarget(const ReachabilityInputs& in, Findings& findings) {
  const auto info = SourceFromTarget(in.source, in.from_target, in.role, in.password);
  const char* by_hand = "Try it on the target: CREATE SUBSCRIPTION will tell.";
  if (!info)
    return Add(findings, kFromTarget, in, "Not tested from the target: the source was reached through a socket here.",
               "Give the source's address for the target: --from-target \"host=... port=...\" (of prepare: "
               "--source-from-target).",
               true);
  if (!DblinkAtHand(in.target))
    return Add(findings, kFromTarget, in, "Not tested from the target, which has no dblink.", by_hand, true);
  const Transaction rolled_back(in.target);
  std::string connect;
  try {
    connect = DblinkConnect(in.target);
  } catch (const SqlError& error) {
    if (in.target.IsBroken()) throw;
    return Add(findings, kFromTarget, in, "Not tested from the target: " + error.primary() + ".", by_hand, true);
  }
  try {
    in.target.Query("SELECT " + connect + "($1)", {info->ToString()});
    Add(findings, kFromTarget, in, "It connects from the target (dblink), with its password.", {}, true);
  } catch (const SqlError& error) {
    if (in.target.IsBroken()) throw;
    const std::string detail = error.detail().empty() ? "" : " (" + error.detail() + ")";
    Add(findings, kFromTarget, in, "It cannot connect from the target: " + error.primary() + detail + ".",
        "Check network rules (security groups, listen_addresses), pg_hba.conf, the password, and the address: "
        "--from-target (of prepare: --source-from-target).",
        false);
  }
}

}  // namespace

std::optional<ConnInfo> SourceFromTarget(Connection& source, const ConnInfo& from_target, const std::string& role,
                                         const std::string& password) {
  ConnInfo info = from_target;
  if (info.Get("host").empty() && info.Get("hostaddr").empty()) {
    const std::string host = PQhost(source.get());
    if (host.empty() || host[0] == '/') return std::nullopt;
    info = info.With("host", host).With("port", PQport(source.get()));
  }
  if (info.Get("connect_timeout").empty()) info = info.With("connect_timeout", "10");
  const std::string database = source.Query("SELECT pg_catalog.current_database()").Text(0, 0);
  return info.With("dbname", database).With("user", role).With("password", password);
}

std::vector<PrepareFinding> TestReachability(const ReachabilityInputs& in) {
  Findings findings;
  CheckHba(in, findings);
  if (!in.role_exists) {
    Add(findings, kFromHere, in, "Connections are tested when the role exists.", {}, true);
    return findings;
  }
  if (in.password.empty()) {
    Add(findings, kFromHere, in, "Not tested: its password is not known here.", "Give it with --password-file.", true);
    return findings;
  }
  TestFromHere(in, findings);
  TestFromTarget(in, findings);
  return findings;
}

}  // namespace airlift
