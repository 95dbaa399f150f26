#include "audit/change_stream.h"

#include <fmt/format.h>
#include <poll.h>

#include <charconv>
#include <memory>

#include "base/stop.h"
#include "byte_order.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"

namespace airlift {

namespace {

constexpr size_t kDataHeader = 1 + 8 + 8 + 8;
constexpr size_t kKeepalive = 1 + 8 + 8 + 1;
constexpr int kPollMilliseconds = 200;

}  // namespace

uint64_t ParseLsn(const std::string& text) {
  uint32_t high = 0, low = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, high, 16);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == '/') {
    const auto second = std::from_chars(first.ptr + 1, end, low, 16);
    if (second.ec == std::errc() && second.ptr == end) return uint64_t{high} << 32 | low;
  }
  throw Error("expected a WAL position from the server but got \"" + text + "\"");
}

std::string MarkWal(Connection& source) {
  source.Execute("SET synchronous_commit = on");
  return source.Query("SELECT pg_catalog.pg_logical_emit_message(true, 'pg_airlift', 'audit')").Text(0, 0);
}

ChangeStream::ChangeStream(const ConnInfo& source, const std::string& slot,
                           const std::vector<std::string>& publications)
    : connection_(source.With("replication", "database").With("application_name", "pg_airlift audit"), Side::kSource) {
  // It may have to wait while rows are compared.
  connection_.Execute("SET wal_sender_timeout = 0");
  std::string names;
  for (const std::string& publication : publications)
    names += (names.empty() ? "" : ",") + QuoteIdentifier(publication);
  const std::string command =
      fmt::format("START_REPLICATION SLOT {} LOGICAL 0/0 (proto_version '1', publication_names {})",
                  QuoteIdentifier(slot), SqlText(names));
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection_.get(), command.c_str()), &PQclear);
  if (PQresultStatus(result.get()) == PGRES_COPY_BOTH) return;
  const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  const char* primary = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
  throw SqlError(Side::kSource, state == nullptr ? "08006" : state,
                 primary == nullptr ? PQerrorMessage(connection_.get()) : primary, {}, {});
}

// Positions of zero: nothing is confirmed, and the server tells its position whenever it has nothing more to send.
void ChangeStream::Answer() {
  char status[1 + 8 + 8 + 8 + 8 + 1] = {'r'};
  if (PQputCopyData(connection_.get(), status, sizeof status) != 1 || PQflush(connection_.get()) < 0)
    throw SqlError(Side::kSource, "08006", PQerrorMessage(connection_.get()), {}, {});
}

// False for what is no data.
bool ChangeStream::Take(std::string_view data, const std::function<void(std::string_view)>& message) {
  if (data.size() >= kDataHeader && data[0] == 'w') {
    message(data.substr(kDataHeader));
    return true;
  }
  if (data.size() != kKeepalive || data[0] != 'k')
    throw Error("a message of the replication protocol is of an unknown kind");
  seen_ = std::max(seen_, LoadBigEndian64(data.data() + 1));
  if (data[kKeepalive - 1] != 0) Answer();
  return false;
}

void ChangeStream::ReadUntil(const std::string& lsn, const std::function<void(std::string_view)>& message) {
  const uint64_t goal = ParseLsn(lsn);
  while (seen_ < goal) {
    CheckStop();
    char* bytes = nullptr;
    const int size = PQgetCopyData(connection_.get(), &bytes, 1);
    const std::unique_ptr<char, decltype(&PQfreemem)> owner(bytes, &PQfreemem);
    if (size > 0) {
      Take({bytes, static_cast<size_t>(size)}, message);
    } else if (size == 0) {
      pollfd descriptor{PQsocket(connection_.get()), POLLIN, 0};
      if (poll(&descriptor, 1, kPollMilliseconds) == 0) Answer();
      if (PQconsumeInput(connection_.get()) != 1)
        throw SqlError(Side::kSource, "08006", PQerrorMessage(connection_.get()), {}, {});
    } else {
      const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQgetResult(connection_.get()), &PQclear);
      const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
      const char* primary = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
      throw SqlError(Side::kSource, state == nullptr ? "08006" : state,
                     primary == nullptr ? "the stream of changes ended" : primary, {}, {});
    }
  }
}

}  // namespace airlift
