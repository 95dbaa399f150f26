#include "archive/manifest.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "archive/archive_facts.h"
#include "archive/sealed_json.h"
#include "base/error.h"
#include "pg/identifier.h"
#include "text_settings.h"

namespace airlift {

namespace {

using nlohmann::json;

constexpr int kManifestVersion = 1;
constexpr const char* kMapping = "mapping";

json DigestJson(const TableDigest& digest) { return {{"rows", digest.rows}, {"digest", DigestText(digest.sum)}}; }

TableDigest DigestFromJson(const json& value) {
  TableDigest digest;
  digest.rows = value.at("rows");
  digest.sum = ParseDigestText(value.at("digest"));
  return digest;
}

Manifest FromJson(const json& value) {
  Manifest manifest;
  manifest.created_at = value.at("created_at");
  manifest.source = SourceFromJson(value.at("source"));
  manifest.snapshot_lsn = value.at("snapshot_lsn");
  manifest.snapshot_taken_at = value.at("snapshot_taken_at");
  manifest.dump_version = value.at("pg_dump");
  manifest.superusers = value.at("superusers").get<std::set<std::string>>();
  for (const json& table : value.at("tables")) manifest.tables.push_back(ManifestTableFromJson(table));
  for (const json& sequence : value.at("sequences"))
    manifest.sequences.push_back(
        {sequence.at("schema"), sequence.at("name"), sequence.at("last_value"), sequence.at("is_called")});
  manifest.large_objects = DigestFromJson(value.at("large_objects"));
  manifest.contents = ParseDigestText(value.at("contents"));
  for (const auto& [name, file] : value.at("files").items())
    manifest.files[name] = {file.at("size"), ParseDigestText(file.at("digest"))};
  if (value.contains(kMapping)) manifest.mapped = MappedPartFromJson(value.at(kMapping));
  return manifest;
}

[[noreturn]] void ThrowDoesNotFit(const Manifest& manifest, const std::string& detail) {
  throw Error("the manifest does not fit the archive",
              fmt::format("{} The manifest speaks of database \"{}\" as it was at {}.", detail,
                          manifest.source.database, manifest.snapshot_taken_at),
              "Take the manifest that was written with this archive, or --no-verify to restore without a proof.");
}

}  // namespace

std::string DigestText(const Digest128& digest) {
  char text[kUuidTextLength + 1];
  FormatUuid(digest, text);
  return text;
}

Digest128 ParseDigestText(const std::string& text) {
  Digest128 digest;
  if (!ParseUuid(text.data(), text.size(), &digest)) throw Error("\"" + text + "\" is no digest");
  return digest;
}

json ToJson(const ManifestTable& table) {
  json entry = ToJson(table.relation);
  entry.update(DigestJson(table.digest));
  entry["digest_by"] = table.digest_by;
  entry["reason"] = table.reason;
  return entry;
}

ManifestTable ManifestTableFromJson(const json& value) {
  return {RelationFromJson(value), DigestFromJson(value), value.at("digest_by"), value.at("reason")};
}

json SourceToJson(const ServerFacts& server) {
  return {{"database", server.database},
          {"server_version", server.server_version},
          {"encoding", server.encoding},
          {"identity", server.identity},
          {"extension_version", server.extension_version}};
}

ServerFacts SourceFromJson(const json& value) {
  ServerFacts server;
  server.database = value.at("database");
  server.server_version = value.at("server_version");
  server.encoding = value.at("encoding");
  server.identity = value.at("identity");
  server.extension_version = value.at("extension_version");
  return server;
}

json ToJson(const Manifest& manifest) {
  json tables = json::array();
  for (const ManifestTable& table : manifest.tables) tables.push_back(ToJson(table));
  json sequences = json::array();
  for (const SequenceValue& sequence : manifest.sequences)
    sequences.push_back({{"schema", sequence.schema},
                         {"name", sequence.name},
                         {"last_value", sequence.last_value},
                         {"is_called", sequence.is_called}});
  json files = json::object();
  for (const auto& [name, file] : manifest.files)
    files[name] = {{"size", file.size}, {"digest", DigestText(file.digest)}};
  json settings = json::object();
  for (const TextSetting& setting : kTextSettings) settings[setting.name] = setting.value;
  json value = {{"manifest_version", kManifestVersion},      {"program", "pg_airlift"},
                {"program_version", AIRLIFT_VERSION},        {"row_digest_format", kDigestFormat},
                {"created_at", manifest.created_at},         {"source", SourceToJson(manifest.source)},
                {"snapshot_lsn", manifest.snapshot_lsn},     {"snapshot_taken_at", manifest.snapshot_taken_at},
                {"pg_dump", manifest.dump_version},          {"settings", std::move(settings)},
                {"superusers", manifest.superusers},         {"tables", std::move(tables)},
                {"sequences", std::move(sequences)},         {"large_objects", DigestJson(manifest.large_objects)},
                {"contents", DigestText(manifest.contents)}, {"files", std::move(files)}};
  if (manifest.mapped) value[kMapping] = ToJson(*manifest.mapped);
  return value;
}

bool MentionsMapping(const std::string& text) {
  const json value = json::parse(text, nullptr, false);
  return value.is_object() && value.contains(kMapping);
}

Manifest ManifestFromJson(const std::string& text, const std::string& path) {
  try {
    const json value = ParseSealed(text);
    if (value.at("manifest_version") != kManifestVersion || value.at("row_digest_format") != kDigestFormat)
      throw Error("it was written by another version of pg_airlift");
    return FromJson(value);
  } catch (const json::exception& error) {
    throw Error(fmt::format("\"{}\" is no manifest of an archive", path), error.what());
  } catch (const Error& error) {
    throw Error(fmt::format("the manifest \"{}\" cannot be used: {}", path, error.what()));
  }
}

void WriteManifest(const Manifest& manifest, const std::string& path) {
  WriteSealed(ToJson(manifest), path, "manifest");
}

void CheckManifestFits(const Manifest& manifest, const ArchiveFile& archive) {
  if (manifest.contents != archive.contents_digest())
    ThrowDoesNotFit(manifest,
                    fmt::format("The archive's contents, of database \"{}\", are others.", archive.archive().database));
  if (archive.IsDirectory()) {
    const auto files = archive.Files();
    for (const auto& [name, facts] : manifest.files) {
      const auto found = files.find(name);
      if (found == files.end()) ThrowDoesNotFit(manifest, fmt::format("File \"{}\" is missing.", name));
      if (found->second != facts.size)
        ThrowDoesNotFit(manifest, fmt::format("File \"{}\" has {} bytes and had {} when it was written.", name,
                                              found->second, facts.size));
    }
    if (files.size() != manifest.files.size())
      ThrowDoesNotFit(manifest, "The archive has files that the manifest does not know.");
  }
  std::set<std::pair<std::string, std::string>> known;
  for (const ManifestTable& table : manifest.tables)
    for (const StoredTable& stored : table.relation.stored) known.emplace(stored.schema, stored.name);
  for (const auto& [name, table] : ArchivedTables(archive))
    if (!known.contains(name))
      ThrowDoesNotFit(manifest, fmt::format("It has no table {}.", DisplayName(name.first, name.second)));
}

}  // namespace airlift
