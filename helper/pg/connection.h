// A libpq connection that owns what it opens, throws SqlError, and knows which side of the move it is.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/stop.h"
#include "pg/conninfo.h"

namespace airlift {

enum class Side { kSource, kTarget };
const char* SideName(Side side);  // "source", "target"

// An error that the server, or libpq, reported. what() starts with the side: "source: ...".
class SqlError : public Error {
 public:
  SqlError(Side side, std::string sqlstate, const std::string& primary, const std::string& detail,
           const std::string& hint)
      : Error(std::string(SideName(side)) + ": " + primary, detail, hint),
        side_(side),
        sqlstate_(std::move(sqlstate)),
        primary_(primary) {}

  Side side() const { return side_; }
  // Five characters; "08006" where the connection was lost and the server gave none.
  const std::string& sqlstate() const { return sqlstate_; }
  // The server's primary message alone.
  const std::string& primary() const { return primary_; }
  bool IsClass(std::string_view two_characters) const { return sqlstate_.rfind(two_characters, 0) == 0; }

 private:
  Side side_;
  std::string sqlstate_;
  std::string primary_;
};

// A parameter of a query in text form; nullopt is NULL.
using Parameter = std::optional<std::string>;
using Parameters = std::vector<Parameter>;

// A parameter in text or in binary form; never NULL. The view outlives the call it is given to.
struct TypedParameter {
  std::string_view value;
  bool is_binary = false;
};

class Result {
 public:
  explicit Result(PGresult* result) : result_(result, &PQclear) {}

  int rows() const { return PQntuples(result_.get()); }
  int columns() const { return PQnfields(result_.get()); }
  bool IsNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  // The value's text; "" for NULL.
  std::string Text(int row, int column) const {
    return std::string(PQgetvalue(result_.get(), row, column),
                       static_cast<size_t>(PQgetlength(result_.get(), row, column)));
  }
  // The value's bytes, valid as long as this result.
  std::string_view View(int row, int column) const {
    return std::string_view(PQgetvalue(result_.get(), row, column),
                            static_cast<size_t>(PQgetlength(result_.get(), row, column)));
  }
  std::optional<std::string> OptionalText(int row, int column) const {
    return IsNull(row, column) ? std::nullopt : std::optional(Text(row, column));
  }
  // 0 for NULL. Throws Error when the text is no integer.
  int64_t Integer(int row, int column) const;
  bool Boolean(int row, int column) const { return Text(row, column) == "t"; }
  // Rows that the command touched (PQcmdTuples).
  int64_t AffectedRows() const;
  PGresult* get() const { return result_.get(); }

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

class Connection {
 public:
  // Connects with client_encoding UTF8, the text settings of format 1, no timeouts of statement or idle transaction,
  // and row_security off (a policy that would hide rows is an error, never a smaller answer).
  Connection(const ConnInfo& info, Side side);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Side side() const { return side_; }
  // PG_VERSION_NUM of the server, for example 150020.
  int server_version() const { return PQserverVersion(connection_.get()); }
  int server_major() const { return server_version() / 10000; }
  PGconn* get() const { return connection_.get(); }

  // One statement, with parameters in text form.
  Result Query(const std::string& sql, const Parameters& parameters = {});
  // One statement whose rows are given to `row` one by one as they arrive, values in text or in binary form. When `row`
  // throws, the transaction is to be rolled back before the connection is used again.
  void StreamQuery(const std::string& sql, const std::vector<TypedParameter>& parameters, bool binary_results,
                   const std::function<void(const Result& row)>& row);
  // One or more statements in one implicit transaction; results are thrown away.
  void Execute(const std::string& sql);
  // The same, with each statement's command tag ("SELECT 1", "RELEASE") as it completes; throws the first error.
  void ExecuteScript(const std::string& sql, const std::function<void(std::string_view tag)>& completed);

  // The result of a statement that the caller sent with PQsendQuery; waits for it, and calls `waiting` meanwhile, some
  // times a second. What `waiting` throws leaves the statement running.
  Result TakeResult(const std::function<void()>& waiting);

  // Starts COPY ... TO STDOUT; read it with NextCopyData until it returns false.
  void StartCopyOut(const std::string& sql);
  // The next CopyData message: one row in binary format after the header. The view is valid until the next call.
  bool NextCopyData(std::string_view* data);

  // Rows that the server counted in the COPY ... TO STDOUT just finished.
  int64_t copied_rows() const { return copied_rows_; }
  // True after a message so large that libpq's buffer for it, which never shrinks, is worth a new connection.
  bool HoldsLargeBuffer() const { return largest_message_ >= kLargeBuffer; }

  // Starts COPY ... FROM STDIN, feeds it, ends it; FinishCopyIn returns the rows that the server counted.
  void StartCopyIn(const std::string& sql);
  void PutCopyData(std::string_view data);
  int64_t FinishCopyIn();
  // Makes the server abandon the COPY with `reason`; does not throw.
  void AbandonCopyIn(const std::string& reason) noexcept;

  // Cancels what runs and rolls back; never throws.
  void Rollback() noexcept;

  bool InTransaction() const { return PQtransactionStatus(connection_.get()) != PQTRANS_IDLE; }
  bool IsBroken() const { return PQstatus(connection_.get()) != CONNECTION_OK; }

  std::string QuoteLiteral(const std::string& value) const;

 private:
  static constexpr size_t kLargeBuffer = size_t{16} << 20;

  [[noreturn]] void Throw(const PGresult* result) const;
  Result Check(PGresult* result, std::initializer_list<ExecStatusType> accepted) const;
  void DrainResults();

  Side side_;
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> cancel_;
  std::unique_ptr<char, decltype(&PQfreemem)> copy_buffer_{nullptr, &PQfreemem};
  int64_t copied_rows_ = 0;
  size_t largest_message_ = 0;
  std::unique_ptr<StopCallback> on_stop_;
};

// BEGIN ... COMMIT, or ROLLBACK where the scope is left without Commit(); rolling back never throws.
class Transaction {
 public:
  explicit Transaction(Connection& connection, const std::string& begin = "BEGIN") : connection_(connection) {
    connection_.Execute(begin);
  }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void Commit();

 private:
  Connection& connection_;
  bool committed_ = false;
};

}  // namespace airlift
