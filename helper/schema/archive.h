// The table of contents of pg_dump's custom format (-Fc).
//
// We read the archive itself and not the script that pg_restore writes: every field is exact there, with a length
// before it, so that no name, comment or literal can pass for SQL or for another entry (CVE-2025-8715 and its kin).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
};

struct Archive {
  std::string database;               // the source database's name
  std::string dump_version;           // of the pg_dump that wrote it
  std::vector<ArchiveEntry> entries;  // in pg_dump's order: what an entry depends on comes before it
};

// Reads an archive of versions 1.12 to 1.16 (PostgreSQL 9 to 18). Throws Error when the bytes are something else.
Archive ParseArchive(std::string_view bytes);

}  // namespace airlift
