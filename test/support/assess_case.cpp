#include "support/assess_case.h"

namespace airlift::test {

using nlohmann::json;

json AssessCase::Run(const std::string& source, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"assess", "--json", "--severity", "info", "--source", source};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProcessResult result = RunHelper(arguments);
  ExpectNoPassword(result.out + result.err);
  EXPECT_TRUE(result.status == 0 || result.status == 1) << result.Describe();
  return json::parse(result.out, nullptr, false);
}

json AssessCase::RunBoth(const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"--target", TargetConnInfo()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Run(SourceConnInfo(), arguments);
}

json AssessCase::FindingsOf(const json& report, const std::string& id) {
  json found = json::array();
  for (const json& finding : report.at("findings"))
    if (finding.at("check") == id) found.push_back(finding);
  return found;
}

AssessCase::Ids AssessCase::IdsIn(const json& report) {
  Ids ids;
  for (const json& finding : report.at("findings")) ids.insert(finding.at("check").get<std::string>());
  return ids;
}

void AssessCase::RunSql(Cluster& cluster, const std::string& database, const json& findings, const char* kind) {
  for (const json& finding : findings)
    if (!finding.at(kind).is_null()) cluster.Psql(database, finding.at(kind).get<std::string>());
}

std::vector<std::string> AssessCase::BadSettings(const Cluster& like) {
  std::vector<std::string> settings = {"wal_level=replica",
                                       "max_replication_slots=1",
                                       "max_wal_senders=2",
                                       "max_slot_wal_keep_size=100MB",
                                       "wal_sender_timeout=5s",
                                       "logical_decoding_work_mem=64kB",
                                       "statement_timeout=1h",
                                       "max_prepared_transactions=5",
                                       "TimeZone=Europe/Berlin",
                                       "timezone_abbreviations=India",
                                       "shared_preload_libraries=pg_stat_statements,auth_delay"};
  if (like.Value("postgres", "SELECT count(*) FROM pg_settings WHERE name = 'output_plugin_libraries'") == "1")
    settings.emplace_back("output_plugin_libraries=test_decoding");
  if (like.Value("postgres", "SELECT count(*) FROM pg_settings WHERE name = 'idle_replication_slot_timeout'") == "1")
    settings.emplace_back("idle_replication_slot_timeout=60");
  return settings;
}

std::string AssessCase::StoredSettings(const Cluster& cluster) {
  return cluster.Value(
      "postgres",
      "SELECT COALESCE((SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_file_settings "
      "WHERE sourcefile ~ 'auto.conf'), '') || COALESCE((SELECT string_agg(setconfig::text, ' ' ORDER BY "
      "setconfig::text) FROM "
      "pg_db_role_setting), '')");
}

}  // namespace airlift::test
