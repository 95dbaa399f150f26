// What copy-out wrote: the files of each table, their format, and the digests by which copy-in proves them
// (docs/copy-files.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "archive/manifest.h"
#include "base/compression.h"
#include "catalog/column_types.h"

namespace airlift {

inline constexpr const char* kCopyManifestName = "pg_airlift.copy.json";

// How rows are written; always in UTF8.
struct CopyFormat {
  std::string name = "csv";  // "csv", "text", "binary"
  std::string null;          // what stands for NULL, in csv and text
  std::string delimiter;     // in csv and text
  bool header = false;       // in csv
  Compression compression = Compression::kNone;

  // "(FORMAT csv, NULL '', ...)" for COPY; `quote` makes literals of it.
  std::string Options() const;
  // ".csv.gz"
  std::string Suffix() const;
};
// Format and NULL marker as COPY's defaults have them. Throws Error for another word.
CopyFormat DefaultFormat(const std::string& name);

struct CopyFile {
  std::string name;  // in the directory
  int64_t rows = 0;
  FileFacts facts;
};

struct CopiedTable {
  ManifestTable table;               // as it arrives; relation.condition: of the rows that were copied
  std::vector<std::string> columns;  // in the files, in their order: without generated ones
  std::vector<CopyFile> files;
  std::map<std::string, ColumnType> types = {};  // in binary form: of `columns`, but those that a mapping computes
  std::string mapped = {};                       // for people: what a table mapping made of which table; "" for nothing
};

struct CopyManifest {
  std::string created_at;
  ServerFacts source;
  std::string snapshot_lsn;
  std::string snapshot_taken_at;
  CopyFormat format;
  bool has_digests = true;
  std::string mapping;  // JSON of the table mapping; "" for none
  std::vector<CopiedTable> tables;
};

void WriteCopyManifest(const CopyManifest& manifest, const std::string& path);

// Of `directory`. Throws Error where there is none (a copy-out that did not end), where it has been changed, or where a
// file is missing or has another size.
CopyManifest ReadCopyManifest(const std::string& directory);

// COPY's list of columns, "" for none.
std::string CopyColumns(const std::vector<std::string>& columns);

// The SQL that loads the files from a bucket into RDS or Aurora by its extension aws_s3, and the commands that put them
// there. `place` is BUCKET or BUCKET/PREFIX. Throws Error for files that aws_s3 does not read (lz4, zstd).
std::string AwsS3Commands(const CopyManifest& manifest, const std::string& directory, const std::string& place,
                          const std::string& region);

}  // namespace airlift
