// The manifest of an archive: digests of all that was in the database at the snapshot of the dump, so that a restore,
// wherever and whenever, can be proved without the source. A JSON file beside pg_dump's own (docs/archives.md).
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "archive/archive_file.h"
#include "archive/mapped_part.h"
#include "catalog/relation.h"
#include "digest.h"
#include "report/result.h"
#include "sequences/sequences.h"

namespace airlift {

inline constexpr const char* kManifestName = "pg_airlift.manifest.json";

struct ManifestTable {
  Relation relation;  // names, columns in the order of the digest, the tables that hold its rows
  TableDigest digest;
  std::string digest_by;  // "extension" or "read stream"
  std::string reason;     // why the digest does not speak of all rows; "" where it does
};

struct Manifest {
  std::string created_at;
  ServerFacts source;
  std::string snapshot_lsn;
  std::string snapshot_taken_at;
  std::string dump_version;
  std::set<std::string> superusers;  // of the source: what they own falls to the migrating role
  std::vector<ManifestTable> tables;
  std::vector<SequenceValue> sequences;  // as the archive sets them
  TableDigest large_objects;
  Digest128 contents;                      // of toc.dat
  std::map<std::string, FileFacts> files;  // all of the archive's files
  std::optional<MappedPart> mapped;        // where a table mapping makes something else of the archive
};

std::string DigestText(const Digest128& digest);
// Throws Error where the text is none.
Digest128 ParseDigestText(const std::string& text);

// Parts of manifests, of archives and of files (copy_files/copy_manifest.h).
nlohmann::json ToJson(const ManifestTable& table);
ManifestTable ManifestTableFromJson(const nlohmann::json& value);
// Without host and user, which are nobody's business where the manifest travels.
nlohmann::json SourceToJson(const ServerFacts& server);
ServerFacts SourceFromJson(const nlohmann::json& value);

nlohmann::json ToJson(const Manifest& manifest);
// Throws Error where the text is no manifest, of another version, or has been changed since it was written.
Manifest ManifestFromJson(const std::string& text, const std::string& path);

// Whether the text, which need not be a whole manifest, speaks of a table mapping.
bool MentionsMapping(const std::string& text);

// Writes a manifest at once: a file of that name is always whole.
void WriteManifest(const Manifest& manifest, const std::string& path);

// Throws Error where the manifest belongs to another archive, or a file of the archive is missing or has another size.
void CheckManifestFits(const Manifest& manifest, const ArchiveFile& archive);

}  // namespace airlift
