// The table of contents of pg_dump's archives: custom format (-Fc), and toc.dat of a directory (-Fd) or tar (-Ft).
//
// We read the archive itself and not the script that pg_restore writes: every field is exact there, with a length
// before it, so that no name, comment or literal can pass for SQL or for another entry (CVE-2025-8715 and its kin).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/compression.h"

namespace airlift {

enum class ArchiveSection { kNone = 1, kPreData = 2, kData = 3, kPostData = 4 };

struct ArchiveEntry {
  int32_t dump_id = 0;
  uint32_t class_oid = 0;  // at the source; 0 where the entry is no object of its own (COMMENT, ACL, ...)
  uint32_t object_oid = 0;
  std::string kind;    // pg_dump's word: TABLE, FK CONSTRAINT, ACL ...
  std::string schema;  // "" for none
  std::string name;    // pg_dump's tag: "t", "f(integer)", "t t_pkey", "TABLE t"
  std::string owner;   // "" for none
  ArchiveSection section = ArchiveSection::kNone;
  std::string sql;  // without ownership, tablespace and access method, which pg_restore would add
  std::string drop_sql;
  std::string tablespace;
  std::string table_access_method;
  std::vector<int32_t> dependencies;  // dump_ids; some name entries that are not in the archive
  std::string copy_statement;         // of TABLE DATA: "COPY t (a, b) FROM stdin;"
  bool has_data = false;
  std::string data_file;     // in a directory or tar: without the suffix of its compression; "" for none
  int64_t data_offset = -1;  // in custom format: where the data begins; -1 where the archive does not say
};

enum class ArchiveFormat { kCustom, kFiles };  // one file with its data behind the contents, or a file for each

struct Archive {
  ArchiveFormat format = ArchiveFormat::kCustom;
  Compression compression = Compression::kNone;  // of the data in custom format
  std::string database;                          // the source database's name
  std::string server_version;                    // of the source
  std::string dump_version;                      // of the pg_dump that wrote it
  std::vector<ArchiveEntry> entries;             // in pg_dump's order: what an entry depends on comes before it
  int integer_size = 4;                          // of numbers, also of those in front of the data
  int64_t contents_length = 0;                   // bytes of the table of contents
};

// Reads an archive of versions 1.12 to 1.16 (PostgreSQL 9 to 18). Throws Error when the bytes are something else.
Archive ParseArchive(std::string_view bytes);

}  // namespace airlift
