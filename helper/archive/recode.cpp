#include "archive/recode.h"

#include <fmt/format.h>

#include <algorithm>

namespace airlift {

namespace {

bool IsAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void Recode(Connection& server, const std::string& encoding, std::string* text) {
  if (IsAscii(*text)) return;
  std::string hex = "\\x";
  for (const char c : *text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  *text = server.Query("SELECT pg_catalog.convert_from($1::pg_catalog.bytea, $2::pg_catalog.name)", {hex, encoding})
              .Text(0, 0);
}

}  // namespace

void RecodeContents(Connection& server, const std::string& encoding, Archive& archive) {
  for (const ArchiveEntry& entry : archive.entries)
    if (entry.kind == "STDSTRINGS" && entry.sql.find("off") != std::string::npos)
      throw Error("the archive was made with standard_conforming_strings = off", {},
                  "Dump again with PGOPTIONS='-c standard_conforming_strings=on'.");
  if (encoding == "UTF8") return;
  Recode(server, encoding, &archive.database);
  for (ArchiveEntry& entry : archive.entries)
    for (std::string* text : {&entry.schema, &entry.name, &entry.owner, &entry.sql, &entry.drop_sql,
                              &entry.copy_statement, &entry.tablespace, &entry.table_access_method})
      Recode(server, encoding, text);
}

}  // namespace airlift
