// Expressions of added columns: the part of SQLite's that means the same in PostgreSQL.
#pragma once

#include <functional>
#include <string>

namespace airlift {

struct ExpressionContext {
  std::string schema;  // for $AR_M_SOURCE_SCHEMA
  std::string table;   // for $AR_M_SOURCE_TABLE_NAME
  std::function<bool(const std::string& column)> has_column;
};

// SQL for `text`, in which $name is a column; built of tokens that are known, so that nothing in it can end the
// statement that it is put in. Throws Error that names what is not supported.
std::string TranslateExpression(const std::string& text, const ExpressionContext& context);

}  // namespace airlift
