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
#include "report/table_json.h"

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

json ToJson(const LiveFacts& live) {
  json subscriptions = json::array();
  for (const LiveFacts::Subscription& each : live.subscriptions)
    subscriptions.push_back({{"name", each.name}, {"slot", each.slot}, {"publications", each.publications}});
  return {{"subscriptions", std::move(subscriptions)},
          {"last_lsn", live.last_lsn},
          {"waited_seconds", live.waited_seconds}};
}

json ToJson(const LargeObjectsResult& objects) {
  return {{"verdict", VerdictName(objects.verdict)},     {"reason", objects.reason},
          {"objects_source", objects.source.rows},       {"objects_target", objects.target.rows},
          {"digest_source", DigestJson(objects.source)}, {"digest_target", DigestJson(objects.target)}};
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

json ToJson(const LoadSettingUse& setting) {
  return {{"name", setting.name},
          {"value", setting.value},
          {"before", setting.before},
          {"used", setting.refusal.empty()},
          {"reason", setting.refusal}};
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
  json evidence = {{"evidence_version", kEvidenceVersion},
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
  if (!result.kept_since.empty()) evidence["kept_since"] = result.kept_since;
  if (!result.load_settings.empty()) evidence["load_settings"] = ToArray(result.load_settings);
  if (!result.since_lsn.empty()) evidence["since_lsn"] = result.since_lsn;
  return evidence;
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
