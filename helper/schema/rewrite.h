// Changes to the statements that pg_dump wrote. Each works on tokens, never on text that may stand in a literal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace airlift {

// Without options whose name starts with "pg_" in ALTER COLUMN ... SET (...): they are the server's own bookkeeping
// (pg_attver, since the minor releases of November 2026) and no server accepts them.
std::string RemoveInternalOptions(const std::string& sql);

// CREATE FUNCTION without a clause: LEAKPROOF, or SUPPORT and its function. Unchanged where there is none.
std::string RemoveRoutineClause(const std::string& sql, std::string_view clause);
// CREATE FUNCTION without "SET parameter TO ...".
std::string RemoveSetClause(const std::string& sql, std::string_view parameter);

// "ALTER TABLE ... ADD CONSTRAINT c PRIMARY KEY (...) DEFERRABLE" as "... PRIMARY KEY USING INDEX c DEFERRABLE". Other
// statements of the entry follow unchanged. nullopt where the first statement is something else.
std::optional<std::string> UseIndexForConstraint(const std::string& sql);

// The CREATE UNIQUE INDEX that UseIndexForConstraint's statement then takes over: "PRIMARY KEY (a) INCLUDE (b) WITH
// (...)" as "CREATE UNIQUE INDEX c ON t USING btree (a) INCLUDE (b) WITH (...)". nullopt where the constraint has no
// btree index (WITHOUT OVERLAPS), and where the first statement is something else.
std::optional<std::string> IndexOfConstraint(const std::string& sql);

struct SplitForeignKey {
  std::string add_sql;       // with NOT VALID
  std::string validate_sql;  // ALTER TABLE ... VALIDATE CONSTRAINT c
};
// nullopt where the first statement is no ADD CONSTRAINT ... FOREIGN KEY or is NOT VALID already.
std::optional<SplitForeignKey> SplitValidation(const std::string& sql);

// The database that a statement names as "DATABASE x" becomes `to`, where x is `from`.
std::string RenameDatabase(const std::string& sql, const std::string& from, const std::string& to);

// The entry's statements such that each can be executed on its own: "SET SESSION AUTHORIZATION x; GRANT ...; RESET
// SESSION AUTHORIZATION" becomes "SET ROLE x; GRANT ...; RESET ROLE".
std::vector<std::string> GrantStatements(const std::string& sql);

// The statements of such a text; from SET ROLE to RESET ROLE they stay together.
std::vector<std::string> IndependentStatements(const std::string& sql);

// The roles that such a text takes on.
std::vector<std::string> GrantorRoles(const std::string& sql);

// The server of "CREATE USER MAPPING FOR ... SERVER s"; "" where there is none.
std::string ServerOfUserMapping(const std::string& sql);

// An identifier as written in SQL, without its quotes (and in lower case where it had none).
std::string Unquoted(std::string_view identifier);

}  // namespace airlift
