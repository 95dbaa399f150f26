#include "pg/connection.h"

#include <poll.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "pg/transport.h"
#include "text_settings.h"

namespace airlift {

namespace {

std::string TrimNewline(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string Field(const PGresult* result, int code) {
  const char* value = result == nullptr ? nullptr : PQresultErrorField(result, code);
  return value == nullptr ? std::string() : std::string(value);
}

// Settings of every session we open. Timeouts would cut long copies; row_security=off turns hidden rows into errors.
constexpr const char* kSessionSettings[] = {
    "standard_conforming_strings = on",
    "statement_timeout = 0",
    "idle_in_transaction_session_timeout = 0",
    "lock_timeout = 0",
    "default_transaction_read_only = off",
    "row_security = off",
    "check_function_bodies = off",
    "client_min_messages = warning",
    "synchronize_seqscans = off",
    // A session whose client went away with its host or network holds locks, the driver's among them: not for hours.
    "tcp_keepalives_idle = 30",
    "tcp_keepalives_interval = 10",
    "tcp_keepalives_count = 3",
};
// The same on our side. Not tcp_user_timeout: it ends a COPY that the other side only holds up for long.
constexpr struct {
  const char* name;
  const char* value;
} kKeepalives[] = {{"keepalives_idle", "30"}, {"keepalives_interval", "10"}, {"keepalives_count", "3"}};
// So that a long statement notices, too. Some operating systems refuse it.
constexpr const char* kCheckClient = "SET client_connection_check_interval = '10s'";
constexpr int kCheckClientSince = 14;

// What we record must not be lost with the server, whatever the role's or the server's own setting: a session that can
// do without that, such as a worker's, says so. Not "on": that may wait for a standby that is not there.
constexpr const char* kDurableCommits =
    "SELECT pg_catalog.set_config('synchronous_commit', 'local', false) "
    "WHERE pg_catalog.current_setting('synchronous_commit') = 'off';";

// Known to some versions only.
struct VersionedSetting {
  int since_major;
  const char* assignment;
};
constexpr VersionedSetting kVersionedSettings[] = {
    {14, "idle_session_timeout = 0"},
    {17, "transaction_timeout = 0"},
};

std::string SessionPreamble(int major) {
  std::string sql;
  for (const char* setting : kSessionSettings) sql += std::string("SET ") + setting + ";";
  for (const auto& setting : kVersionedSettings)
    if (major >= setting.since_major) sql += std::string("SET ") + setting.assignment + ";";
  sql += kDurableCommits;
  for (const TextSetting& setting : kTextSettings) {
    sql += std::string("SELECT pg_catalog.set_config('") + setting.name + "', '" + setting.value + "', false);";
  }
  return sql;
}

void IgnoreNotice(void*, const PGresult*) {}

}  // namespace

const char* SideName(Side side) { return side == Side::kSource ? "source" : "target"; }

int64_t Result::Integer(int row, int column) const {
  if (IsNull(row, column)) return 0;
  const std::string text = Text(row, column);
  int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size())
    throw Error("expected an integer from the server but got \"" + text + "\"");
  return value;
}

int64_t Result::AffectedRows() const {
  const char* text = PQcmdTuples(result_.get());
  int64_t value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

Connection::Connection(const ConnInfo& info, Side side)
    : side_(side), connection_(nullptr, &PQfinish), cancel_(nullptr, &PQfreeCancel) {
  CheckStop();
  ConnInfo full = info.With("client_encoding", "UTF8");
  if (full.Get("application_name").empty()) full = full.With("application_name", "pg_airlift");
  if (full.Get("connect_timeout").empty()) full = full.With("connect_timeout", "30");
  for (const auto& keepalive : kKeepalives)
    if (full.Get(keepalive.name).empty()) full = full.With(keepalive.name, keepalive.value);
  connection_.reset(PQconnectdb(full.ToString().c_str()));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw SqlError(side, "08001", "could not connect: " + TrimNewline(PQerrorMessage(connection_.get())), {}, {});
  }
  WarnWherePlain(connection_.get(), SideName(side));
  PQsetNoticeReceiver(connection_.get(), IgnoreNotice, nullptr);
  if (server_major() < 13)
    throw SqlError(side, "0A000", "the server's version is too old: " + std::to_string(server_version()),
                   "PostgreSQL 13 and later are supported.", {});
  cancel_.reset(PQgetCancel(connection_.get()));
  on_stop_ = std::make_unique<StopCallback>([cancel = cancel_.get()] {
    char ignored[256];
    PQcancel(cancel, ignored, sizeof ignored);
  });
  Execute(SessionPreamble(server_major()));
  if (server_major() >= kCheckClientSince) PQclear(PQexec(connection_.get(), kCheckClient));
}

void Connection::Throw(const PGresult* result) const {
  CheckStop();
  std::string sqlstate = Field(result, PG_DIAG_SQLSTATE);
  std::string primary = Field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (primary.empty()) primary = TrimNewline(PQerrorMessage(connection_.get()));
  if (sqlstate.empty()) sqlstate = "08006";
  std::string detail = Field(result, PG_DIAG_MESSAGE_DETAIL);
  const std::string context = Field(result, PG_DIAG_CONTEXT);
  if (!context.empty()) detail += (detail.empty() ? "" : " ") + ("Context: " + context);
  throw SqlError(side_, sqlstate, primary, detail, Field(result, PG_DIAG_MESSAGE_HINT));
}

Result Connection::Check(PGresult* raw, std::initializer_list<ExecStatusType> accepted) const {
  Result result(raw);
  const ExecStatusType status = PQresultStatus(raw);
  for (const ExecStatusType good : accepted)
    if (status == good) return result;
  Throw(raw);
}

Result Connection::Query(const std::string& sql, const Parameters& parameters) {
  CheckStop();
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const Parameter& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  return Check(PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                            nullptr, nullptr, 0),
               {PGRES_TUPLES_OK, PGRES_COMMAND_OK});
}

void Connection::StreamQuery(const std::string& sql, const std::vector<TypedParameter>& parameters, bool binary_results,
                             const std::function<void(const Result& row)>& row) {
  CheckStop();
  std::vector<std::string> texts;  // libpq wants the text form with a zero at its end
  texts.reserve(parameters.size());
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  for (const TypedParameter& parameter : parameters) {
    texts.emplace_back(parameter.value);
    values.push_back(texts.back().c_str());
    lengths.push_back(static_cast<int>(parameter.value.size()));
    formats.push_back(parameter.is_binary ? 1 : 0);
  }
  if (PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                        lengths.data(), formats.data(), binary_results ? 1 : 0) != 1)
    Throw(nullptr);
  PQsetSingleRowMode(connection_.get());
  std::optional<Result> failed;
  while (PGresult* raw = PQgetResult(connection_.get())) {
    Result result(raw);
    const ExecStatusType status = PQresultStatus(raw);
    if (status == PGRES_SINGLE_TUPLE) {
      row(result);
    } else if (status != PGRES_TUPLES_OK && !failed) {
      failed = std::move(result);
    }
  }
  if (failed) Throw(failed->get());
  CheckStop();
}

void Connection::Execute(const std::string& sql) {
  CheckStop();
  Check(PQexec(connection_.get(), sql.c_str()), {PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY});
}

void Connection::ExecuteScript(const std::string& sql, const std::function<void(std::string_view tag)>& completed) {
  CheckStop();
  if (PQsendQuery(connection_.get(), sql.c_str()) != 1) Throw(nullptr);
  std::unique_ptr<PGresult, decltype(&PQclear)> failed(nullptr, &PQclear);
  while (PGresult* raw = PQgetResult(connection_.get())) {
    std::unique_ptr<PGresult, decltype(&PQclear)> result(raw, &PQclear);
    if (PQresultStatus(raw) == PGRES_FATAL_ERROR) {
      if (!failed) failed = std::move(result);
    } else {
      completed(PQcmdStatus(raw));
    }
  }
  if (failed || IsBroken()) Throw(failed.get());
}

Result Connection::TakeResult(const std::function<void()>& waiting) {
  constexpr int kPollMs = 100;
  for (;;) {
    CheckStop();
    pollfd socket = {PQsocket(connection_.get()), POLLIN, 0};
    poll(&socket, 1, kPollMs);
    if (PQconsumeInput(connection_.get()) != 1 || PQisBusy(connection_.get()) == 0) break;
    waiting();
  }
  Result result = Check(PQgetResult(connection_.get()), {PGRES_TUPLES_OK, PGRES_COMMAND_OK});
  DrainResults();
  return result;
}

void Connection::StartCopyOut(const std::string& sql) {
  CheckStop();
  copied_rows_ = 0;
  Check(PQexec(connection_.get(), sql.c_str()), {PGRES_COPY_OUT});
}

bool Connection::NextCopyData(std::string_view* data) {
  char* buffer = nullptr;
  const int length = PQgetCopyData(connection_.get(), &buffer, 0);
  copy_buffer_.reset(buffer);
  if (length > 0) {
    *data = std::string_view(buffer, static_cast<size_t>(length));
    largest_message_ = std::max(largest_message_, data->size());
    return true;
  }
  if (length == -2) Throw(nullptr);
  copied_rows_ = Check(PQgetResult(connection_.get()), {PGRES_COMMAND_OK}).AffectedRows();
  DrainResults();
  return false;
}

void Connection::DrainResults() {
  while (PGresult* raw = PQgetResult(connection_.get())) Check(raw, {PGRES_COMMAND_OK, PGRES_TUPLES_OK});
}

void Connection::StartCopyIn(const std::string& sql) {
  CheckStop();
  Check(PQexec(connection_.get(), sql.c_str()), {PGRES_COPY_IN});
}

void Connection::PutCopyData(std::string_view data) {
  // In slices, because libpq copies whatever it is given at once: the framing of COPY FROM is free.
  constexpr size_t kSlice = size_t{1} << 20;
  bool sent = true;
  for (; sent && !data.empty(); data.remove_prefix(std::min(kSlice, data.size())))
    sent = PQputCopyData(connection_.get(), data.data(), static_cast<int>(std::min(kSlice, data.size()))) == 1;
  if (sent) return;
  // The server may have reported why it closed the COPY: its words beat libpq's.
  PQputCopyEnd(connection_.get(), nullptr);
  DrainResults();
  Throw(nullptr);
}

int64_t Connection::FinishCopyIn() {
  if (PQputCopyEnd(connection_.get(), nullptr) != 1) Throw(nullptr);
  const Result result = Check(PQgetResult(connection_.get()), {PGRES_COMMAND_OK});
  DrainResults();
  return result.AffectedRows();
}

void Connection::AbandonCopyIn(const std::string& reason) noexcept {
  PQputCopyEnd(connection_.get(), reason.c_str());
  while (PGresult* raw = PQgetResult(connection_.get())) PQclear(raw);
}

void Connection::Rollback() noexcept {
  if (PQtransactionStatus(connection_.get()) == PQTRANS_ACTIVE) {
    // A COPY under way: without the cancel, the server would send the rest of the table first.
    char ignored[256];
    PQcancel(cancel_.get(), ignored, sizeof ignored);
  }
  // Not through Execute: a stop request must not keep the rollback from being sent. Its cancel, which comes once, may
  // hit the rollback itself.
  constexpr int kAttempts = 2;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    PQclear(PQexec(connection_.get(), "ROLLBACK"));
    if (PQtransactionStatus(connection_.get()) == PQTRANS_IDLE || IsBroken()) return;
  }
}

std::string Connection::QuoteLiteral(const std::string& value) const {
  char* quoted = PQescapeLiteral(connection_.get(), value.data(), value.size());
  if (quoted == nullptr) Throw(nullptr);
  std::string text = quoted;
  PQfreemem(quoted);
  return text;
}

Transaction::~Transaction() {
  if (committed_) return;
  connection_.Rollback();
}

void Transaction::Commit() {
  connection_.Execute("COMMIT");
  committed_ = true;
}

}  // namespace airlift
