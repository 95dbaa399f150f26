// The evidence file (docs/evidence.md): JSON with everything a third party needs to judge, or to repeat, a verdict.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "report/result.h"
#include "report/signature.h"

namespace airlift {

namespace {

using nlohmann::json;

constexpr int kEvidenceVersion = 1;

json ToJson(const ServerFacts& server) {
  return {{"host", server.host},
          {"port", server.port},
          {"database", server.database},
          {"user", server.user},
          {"server_version", server.server_version},
          {"encoding", server.encoding},
          {"identity", server.identity},
          {"extension_version", server.extension_version.empty() ? json() : json(server.extension_version)}};
}

json DigestText(const TableDigest& digest) {
  char text[kUuidTextLength + 1];
  FormatUuid(digest.sum, text);
  return text;
}

json ToJson(const std::vector<NamedValue>& values) {
  json object = json::object();
  for (const auto& [column, value] : values) object[column] = value ? json(*value) : json();
  return object;
}

json ToJson(const RowResult& row) {
  json entry = {{"difference", row.kind}};
  if (row.digest.empty()) {
    entry["key"] = ToJson(row.key);
  } else {
    entry["digest"] = row.digest;
    entry["copies_source"] = row.source_copies;
    entry["copies_target"] = row.target_copies;
  }
  if (!row.columns.empty()) entry["columns"] = row.columns;
  if (!row.source_values.empty()) entry["source"] = ToJson(row.source_values);
  if (!row.target_values.empty()) entry["target"] = ToJson(row.target_values);
  return entry;
}

json ToJson(const TableDifferences& differences) {
  json rows = json::array();
  for (const RowResult& row : differences.rows) rows.push_back(ToJson(row));
  return {{"key", differences.key},
          {"missing_on_target", differences.missing_on_target},
          {"extra_on_target", differences.extra_on_target},
          {"changed", differences.changed},
          {"columns", differences.columns},
          {"rows", std::move(rows)},
          {"not_listed", differences.not_listed},
          {"reason", differences.reason}};
}

json ToJson(const LiveTableFacts& live) {
  return {{"lsn", live.lsn},
          {"rechecked", live.rechecked},
          {"rounds", live.rounds},
          {"pins", live.pins},
          {"longest_pin_ms", live.longest_pin_ms},
          {"table_lock_ms", live.table_lock_ms},
          {"not_proved", live.not_proved}};
}

json ToJson(const LiveFacts& live) {
  json subscriptions = json::array();
  for (const LiveFacts::Subscription& each : live.subscriptions)
    subscriptions.push_back({{"name", each.name}, {"slot", each.slot}, {"publications", each.publications}});
  return {{"subscriptions", std::move(subscriptions)},
          {"last_lsn", live.last_lsn},
          {"waited_seconds", live.waited_seconds}};
}

json ToJson(const TableResult& table) {
  json entry = {{"schema", table.schema},
                {"table", table.name},
                {"columns", table.columns},
                {"verdict", VerdictName(table.verdict)},
                {"reason", table.reason},
                {"rows_source", table.source ? json(table.source->rows) : json()},
                {"rows_target", table.target ? json(table.target->rows) : json()},
                {"digest_source", table.source ? DigestText(*table.source) : json()},
                {"digest_target", table.target ? DigestText(*table.target) : json()},
                {"source_digest_by", table.source_digest_by}};
  if (!table.left_out_columns.empty()) entry["left_out_columns"] = table.left_out_columns;
  if (!table.condition.empty()) entry["condition"] = table.condition;
  if (table.live) entry["live"] = ToJson(*table.live);
  if (table.differences) entry["differences"] = ToJson(*table.differences);
  return entry;
}

json ToJson(const LargeObjectsResult& objects) {
  return {{"verdict", VerdictName(objects.verdict)},     {"reason", objects.reason},
          {"objects_source", objects.source.rows},       {"objects_target", objects.target.rows},
          {"digest_source", DigestText(objects.source)}, {"digest_target", DigestText(objects.target)}};
}

json ToJson(const LeftOut& item) {
  return {{"kind", item.kind}, {"object", item.object}, {"reason", item.reason}, {"expected", item.expected}};
}

json ToJson(const ObjectResult& object) {
  return {{"object", object.object}, {"verdict", VerdictName(object.verdict)}, {"reason", object.reason}};
}

json ToJson(const SchemaFinding& finding) {
  return {{"kind", finding.kind},     {"object", finding.object}, {"property", finding.property},
          {"source", finding.source}, {"target", finding.target}, {"informational", finding.informational}};
}

template <typename Items>
json ToArray(const Items& items) {
  json array = json::array();
  for (const auto& item : items) array.push_back(ToJson(item));
  return array;
}

}  // namespace

json ToJson(const RunResult& result) {
  json seconds = json::object();
  for (const auto& [stage, duration] : result.seconds) seconds[stage] = duration;
  return {{"evidence_version", kEvidenceVersion},
          {"program", "pg_airlift"},
          {"program_version", AIRLIFT_VERSION},
          {"command", result.command},
          {"row_digest_format", kDigestFormat},
          {"started_at", result.started_at},
          {"finished_at", result.finished_at},
          {"source", ToJson(result.source)},
          {"target", ToJson(result.target)},
          {"snapshot_lsn", result.snapshot_lsn.empty() ? json() : json(result.snapshot_lsn)},
          {"snapshot_taken_at", result.snapshot_taken_at},
          {"verdict", VerdictName(result.Overall())},
          {"exit_status", result.ExitStatus()},
          {"tables", ToArray(result.tables)},
          {"sequences", ToArray(result.sequences)},
          {"views", ToArray(result.views)},
          {"large_objects", result.large_objects ? ToJson(*result.large_objects) : json()},
          {"schema_compared", result.schema_was_compared},
          {"schema_differences", ToArray(result.schema_differences)},
          {"left_out", ToArray(result.left_out)},
          {"notes", result.notes},
          {"live", result.live ? ToJson(*result.live) : json()},
          {"seconds", seconds}};
}

void WriteFileAtomically(const std::string& path, const std::string& what, int mode,
                         const std::function<void(std::FILE*)>& write) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, getpid());
  const auto fail = [&](const char* action) {
    const std::string reason = std::strerror(errno);
    unlink(temporary.c_str());
    throw Error(fmt::format("could not {} {} \"{}\": {}", action, what, path, reason));
  };
  unlink(temporary.c_str());
  const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  std::FILE* file = descriptor < 0 ? nullptr : fdopen(descriptor, "w");
  if (file == nullptr) fail("create");
  try {
    write(file);
  } catch (...) {
    std::fclose(file);
    unlink(temporary.c_str());
    throw;
  }
  const bool written = std::ferror(file) == 0 && std::fflush(file) == 0 && fsync(descriptor) == 0;
  if (std::fclose(file) != 0 || !written) fail("write");
  if (std::rename(temporary.c_str(), path.c_str()) != 0) fail("rename");
}

void WriteEvidence(const RunResult& result, const std::string& path, const SigningKey* key) {
  // Names that are not UTF-8 (SQL_ASCII databases) must not cost the whole file.
  const std::string text = ToJson(result).dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  WriteFileAtomically(path, "evidence file", 0666, [&](std::FILE* file) { std::fputs(text.c_str(), file); });
  if (key == nullptr) return;
  const std::string signature = key->Sign(text);
  WriteFileAtomically(SignaturePath(path), "signature file", 0666,
                      [&](std::FILE* file) { std::fwrite(signature.data(), 1, signature.size(), file); });
}

}  // namespace airlift
