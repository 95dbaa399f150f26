#include "pg/batch.h"

#include <algorithm>

namespace airlift {

namespace {

// A round trip's worth; also bounds the locks that one batch holds.
constexpr size_t kBatchStatements = 500;

// Errors of these classes say that the session is lost or going, or that the server is short of something (disk, lock
// table), not that a statement was refused.
bool IsFatal(const Connection& connection, const SqlError& error) {
  return connection.IsBroken() || error.IsClass("08") || error.IsClass("53") || error.IsClass("57");
}

std::string Reason(const SqlError& error) {
  return error.detail().empty() ? error.primary() : error.primary() + " (" + error.detail() + ")";
}

// One at a time: halving would not be faster where most are refused, and this is rare.
void RunOneByOne(Connection& connection, const std::vector<std::string>& statements, size_t begin, size_t end,
                 const std::function<void(size_t, const std::string&)>& refused) {
  for (size_t i = begin; i < end; ++i)
    if (const auto reason = TryStatement(connection, statements[i])) refused(i, *reason);
}

}  // namespace

std::optional<std::string> TryStatement(Connection& connection, const std::string& sql) {
  const bool nested = connection.InTransaction();
  if (nested) connection.Execute("SAVEPOINT pg_airlift_try");
  try {
    connection.Execute(sql);
  } catch (const SqlError& error) {
    if (IsFatal(connection, error)) throw;
    if (nested) connection.Execute("ROLLBACK TO SAVEPOINT pg_airlift_try; RELEASE SAVEPOINT pg_airlift_try");
    return Reason(error);
  }
  if (nested) connection.Execute("RELEASE SAVEPOINT pg_airlift_try");
  return std::nullopt;
}

void RunEach(Connection& connection, const std::vector<std::string>& statements,
             const std::function<void(size_t, const std::string&)>& refused) {
  for (size_t begin = 0; begin < statements.size(); begin += kBatchStatements) {
    const size_t end = std::min(statements.size(), begin + kBatchStatements);
    std::string batch;
    for (size_t i = begin; i < end; ++i) batch += statements[i] + ";\n";
    if (TryStatement(connection, batch)) RunOneByOne(connection, statements, begin, end, refused);
  }
}

}  // namespace airlift
