// The evidence file (docs/evidence.md): JSON with everything a third party needs to judge, or to repeat, a verdict.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "report/result.h"

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

json ToJson(const TableResult& table) {
  return {{"schema", table.schema},
          {"table", table.name},
          {"columns", table.columns},
          {"verdict", VerdictName(table.verdict)},
          {"reason", table.reason},
          {"rows_source", table.source ? json(table.source->rows) : json()},
          {"rows_target", table.target ? json(table.target->rows) : json()},
          {"digest_source", table.source ? DigestText(*table.source) : json()},
          {"digest_target", table.target ? DigestText(*table.target) : json()},
          {"source_digest_by", table.source_digest_by}};
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
          {"large_objects", result.large_objects ? ToJson(*result.large_objects) : json()},
          {"schema_compared", result.schema_was_compared},
          {"schema_differences", ToArray(result.schema_differences)},
          {"left_out", ToArray(result.left_out)},
          {"notes", result.notes},
          {"seconds", seconds}};
}

void WriteEvidence(const RunResult& result, const std::string& path) {
  // Names that are not UTF-8 (SQL_ASCII databases) must not cost the whole file.
  const std::string text = ToJson(result).dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  const std::string temporary = fmt::format("{}.{}.tmp", path, getpid());
  const auto fail = [&](const char* what) {
    const std::string reason = std::strerror(errno);
    std::remove(temporary.c_str());
    throw Error(fmt::format("could not {} evidence file \"{}\": {}", what, path, reason));
  };
  std::FILE* file = std::fopen(temporary.c_str(), "w");
  if (file == nullptr) fail("create");
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0 &&
                       fsync(fileno(file)) == 0;
  if (std::fclose(file) != 0 || !written) fail("write");
  if (std::rename(temporary.c_str(), path.c_str()) != 0) fail("rename");
}

}  // namespace airlift
