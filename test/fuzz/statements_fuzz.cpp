// SQL as pg_dump writes it, and every change that is made to it.
#include "fuzz/fuzz.h"
#include "schema/rewrite.h"
#include "schema/sql_lexer.h"
#include "schema_compare/spelling.h"

using namespace airlift;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string sql(fuzz::View(data, size));
  size_t seen = 0;
  for (const SqlToken& token : Tokenize(sql)) {
    // Tokens come in order and lie within the statement.
    if (token.offset < seen || token.end() > sql.size()) __builtin_trap();
    seen = token.end();
  }
  fuzz::Refusing([&] {
    SplitStatements(sql);
    RemoveInternalOptions(sql);
    RemoveRoutineClause(sql, "LEAKPROOF");
    RemoveRoutineClause(sql, "SUPPORT");
    RemoveSetClause(sql, "search_path");
    UseIndexForConstraint(sql);
    IndexOfConstraint(sql);
    SplitValidation(sql);
    RenameDatabase(sql, "a", "b");
    GrantStatements(sql);
    IndependentStatements(sql);
    GrantorRoles(sql);
    ServerOfUserMapping(sql);
    Unquoted(sql);
    WithoutNeedlessQuotes(sql);
  });
  return 0;
}
