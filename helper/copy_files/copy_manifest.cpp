#include "copy_files/copy_manifest.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "archive/sealed_json.h"
#include "base/byte_source.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

using nlohmann::json;

constexpr int kManifestVersion = 1;

std::string Literal(const std::string& text) {
  // As the server reads it with any setting of standard_conforming_strings.
  std::string literal = "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') literal += c;
    literal += c;
  }
  return literal + "'";
}

json ToJson(const CopyFormat& format) {
  return {{"name", format.name},     {"encoding", "UTF8"},
          {"null", format.null},     {"delimiter", format.delimiter},
          {"header", format.header}, {"compression", CompressionName(format.compression)}};
}

CopyFormat FormatFromJson(const json& value) {
  CopyFormat format = DefaultFormat(value.at("name"));
  format.null = value.at("null");
  format.delimiter = value.at("delimiter");
  format.header = value.at("header");
  format.compression = CompressionFromName(value.at("compression"));
  return format;
}

json ToJson(const CopiedTable& table) {
  json files = json::array();
  for (const CopyFile& file : table.files)
    files.push_back({{"name", file.name},
                     {"rows", file.rows},
                     {"size", file.facts.size},
                     {"digest", DigestText(file.facts.digest)}});
  json entry = airlift::ToJson(table.table);
  entry["copied_columns"] = table.columns;
  entry["files"] = std::move(files);
  for (const auto& [column, type] : table.types) entry["types"][column] = {{"oid", type.oid}, {"name", type.name}};
  if (!table.mapped.empty()) entry["mapped"] = table.mapped;
  return entry;
}

CopiedTable TableFromJson(const json& value) {
  CopiedTable table{ManifestTableFromJson(value), value.at("copied_columns").get<std::vector<std::string>>(), {}};
  for (const json& file : value.at("files"))
    table.files.push_back(
        {file.at("name"), file.at("rows"), {file.at("size"), ParseDigestText(file.at("digest").get<std::string>())}});
  if (value.contains("types"))
    for (const auto& [column, type] : value.at("types").items())
      table.types[column] = {type.at("oid"), type.at("name")};
  table.mapped = value.value("mapped", "");
  return table;
}

CopyManifest FromJson(const json& value) {
  CopyManifest manifest;
  manifest.created_at = value.at("created_at");
  manifest.source = SourceFromJson(value.at("source"));
  manifest.snapshot_lsn = value.at("snapshot_lsn");
  manifest.snapshot_taken_at = value.at("snapshot_taken_at");
  manifest.format = FormatFromJson(value.at("format"));
  manifest.has_digests = value.at("has_digests");
  if (value.contains("mapping")) manifest.mapping = value.at("mapping").dump();
  for (const json& table : value.at("tables")) manifest.tables.push_back(TableFromJson(table));
  return manifest;
}

void CheckFile(const std::string& directory, const CopyFile& file) {
  if (file.name.empty() || file.name.find('/') != std::string::npos)
    throw Error(fmt::format("it names a file \"{}\"", file.name));
  const std::string path = directory + "/" + file.name;
  if (!FileExists(path)) throw Error(fmt::format("file \"{}\" is missing", file.name));
  if (const int64_t size = WholeFile(path).size; size != file.facts.size)
    throw Error(
        fmt::format("file \"{}\" has {} bytes and had {} when it was written", file.name, size, file.facts.size));
}

}  // namespace

CopyFormat DefaultFormat(const std::string& name) {
  CopyFormat format;
  format.name = name;
  if (name == "csv") {
    format.delimiter = ",";
  } else if (name == "text") {
    format.null = "\\N";
    format.delimiter = "\t";
  } else if (name != "binary") {
    throw Error("unknown format \"" + name + "\"");
  }
  return format;
}

std::string CopyFormat::Options() const {
  if (name == "binary") return "(FORMAT binary)";
  return fmt::format("(FORMAT {}, ENCODING 'UTF8', NULL {}, DELIMITER {}{})", name, Literal(null), Literal(delimiter),
                     header ? ", HEADER true" : "");
}

std::string CopyFormat::Suffix() const {
  const char* suffix = name == "csv" ? ".csv" : name == "text" ? ".txt" : ".bin";
  return std::string(suffix) + CompressionSuffix(compression);
}

void WriteCopyManifest(const CopyManifest& manifest, const std::string& path) {
  json tables = json::array();
  for (const CopiedTable& table : manifest.tables) tables.push_back(ToJson(table));
  json value = {{"manifest_version", kManifestVersion},
                {"program", "pg_airlift"},
                {"program_version", AIRLIFT_VERSION},
                {"row_digest_format", kDigestFormat},
                {"created_at", manifest.created_at},
                {"source", SourceToJson(manifest.source)},
                {"snapshot_lsn", manifest.snapshot_lsn},
                {"snapshot_taken_at", manifest.snapshot_taken_at},
                {"format", ToJson(manifest.format)},
                {"has_digests", manifest.has_digests},
                {"tables", std::move(tables)}};
  if (!manifest.mapping.empty()) value["mapping"] = json::parse(manifest.mapping);
  WriteSealed(std::move(value), path, "manifest");
}

CopyManifest ReadCopyManifest(const std::string& directory) {
  const std::string path = directory + "/" + kCopyManifestName;
  if (!FileExists(path))
    throw Error(fmt::format("there is no \"{}\" in \"{}\"", kCopyManifestName, directory),
                "It is no directory of pg_airlift copy-out, or of one that did not end.");
  try {
    const json value = ParseSealed(ReadWhole(WholeFile(path)));
    if (value.at("manifest_version") != kManifestVersion || value.at("row_digest_format") != kDigestFormat)
      throw Error("it was written by another version of pg_airlift");
    CopyManifest manifest = FromJson(value);
    for (const CopiedTable& table : manifest.tables)
      for (const CopyFile& file : table.files) CheckFile(directory, file);
    return manifest;
  } catch (const json::exception& error) {
    throw Error(fmt::format("\"{}\" is no manifest of copied files", path), error.what());
  } catch (const Error& error) {
    throw Error(fmt::format("the manifest \"{}\" does not fit: {}", path, error.what()));
  }
}

std::string CopyColumns(const std::vector<std::string>& columns) {
  std::string list;
  for (const std::string& column : columns) list += (list.empty() ? " (" : ", ") + QuoteIdentifier(column);
  return list.empty() ? "" : list + ")";
}

std::string AwsS3Commands(const CopyManifest& manifest, const std::string& directory, const std::string& place,
                          const std::string& region) {
  const Compression compression = manifest.format.compression;
  if (compression != Compression::kNone && compression != Compression::kGzip)
    throw Error(fmt::format("aws_s3 does not read files compressed by {}", CompressionName(compression)), {},
                "Use --compress gzip or none.");
  const size_t slash = place.find('/');
  const std::string bucket = place.substr(0, slash);
  std::string prefix = slash == std::string::npos ? "" : place.substr(slash + 1);
  if (!prefix.empty() && prefix.back() != '/') prefix += '/';
  if (bucket.empty()) throw Error("no bucket in \"" + place + "\"", {}, "Write BUCKET or BUCKET/PREFIX.");
  std::string text = fmt::format("-- aws s3 cp '{}' 's3://{}/{}' --recursive{}\n", directory, bucket, prefix,
                                 compression == Compression::kGzip ? " --content-encoding gzip" : "");
  text += "CREATE EXTENSION IF NOT EXISTS aws_s3 CASCADE;\n";
  for (const CopiedTable& table : manifest.tables) {
    std::string columns;
    for (const std::string& column : table.columns) columns += (columns.empty() ? "" : ", ") + QuoteIdentifier(column);
    for (const CopyFile& file : table.files) {
      text += fmt::format(
          "SELECT aws_s3.table_import_from_s3({}, {}, {}, aws_commons.create_s3_uri({}, {}, {}));  -- {} rows\n",
          Literal(QualifiedName(table.table.relation.schema, table.table.relation.name)), Literal(columns),
          Literal(manifest.format.Options()), Literal(bucket), Literal(prefix + file.name), Literal(region), file.rows);
    }
  }
  return text;
}

}  // namespace airlift
