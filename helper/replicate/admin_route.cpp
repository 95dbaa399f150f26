#include "replicate/admin_route.h"

namespace airlift {

namespace {

// Settings with which a server would write the statement, password and all, to its log. Those that the role may not
// change stay as they are.
constexpr const char* kQuietSettings[] = {
    "log_statement = none",
    "log_min_duration_statement = -1",
    "log_min_messages = fatal",
    "log_min_error_statement = panic",
};

void TryExecute(Connection& connection, const std::string& sql) {
  try {
    connection.Execute(sql);
  } catch (const SqlError&) {
    if (connection.IsBroken()) throw;
  }
}

class QuietLog {
 public:
  explicit QuietLog(Connection& connection) : connection_(connection), is_used_(!connection.InTransaction()) {
    if (!is_used_) return;
    for (const char* setting : kQuietSettings) TryExecute(connection_, std::string("SET ") + setting);
  }
  ~QuietLog() {
    if (!is_used_ || connection_.IsBroken()) return;
    try {
      for (const std::string setting : kQuietSettings)
        TryExecute(connection_, "RESET " + setting.substr(0, setting.find(' ')));
    } catch (const Error&) {
      // The session ends soon, and its settings with it.
    }
  }
  QuietLog(const QuietLog&) = delete;
  QuietLog& operator=(const QuietLog&) = delete;

 private:
  Connection& connection_;
  const bool is_used_;
};

}  // namespace

void AdminRoute::Execute(Connection& connection, const std::string& statement) const {
  const QuietLog quiet(connection);
  try {
    if (function_.empty()) {
      connection.Execute(statement);
    } else {
      connection.Query("SELECT " + function_ + "($1)", {statement});
    }
  } catch (const SqlError& error) {
    // The context of an error within a function repeats the statement.
    const std::string detail = error.detail().substr(0, error.detail().find("Context: "));
    throw SqlError(error.side(), error.sqlstate(), error.primary(), detail, error.hint());
  }
}

}  // namespace airlift
