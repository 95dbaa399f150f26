// The one point in time of a move: a snapshot that the source exports, under which schema, copy and digests are made.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "pg/connection.h"

namespace airlift {

class SourceSnapshot {
 public:
  // Exports a snapshot and holds it in a transaction of its own connection.
  explicit SourceSnapshot(const ConnInfo& source);
  // Imports what another session exported (a slot's snapshot, which stands at `lsn`), and exports it again: from then
  // on it lives as long as this.
  SourceSnapshot(const ConnInfo& source, const std::string& exported, const std::string& lsn);
  // The same of a snapshot that somebody goes on holding under its own name, for a later process to find; `let_go` is
  // called by Release().
  SourceSnapshot(const ConnInfo& source, const std::string& exported, const std::string& lsn,
                 std::function<void()> let_go);

  // To import it, as long as this lives.
  const std::string& id() const { return id_; }
  // The name under which another process may find it: the holder's where there is one, else id().
  const std::string& lasting_id() const { return lasting_id_.empty() ? id_ : lasting_id_; }
  // The WAL position at which it was taken; "" on a standby.
  const std::string& lsn() const { return lsn_; }
  // When the source's clock said it was taken.
  const std::string& taken_at() const { return taken_at_; }

  // Lets the source vacuum again. Workers that imported the snapshot must be done with it.
  void Release();
  bool IsHeld() const { return connection_ != nullptr; }
  Connection& connection() { return *connection_; }

 private:
  std::unique_ptr<Connection> connection_;
  std::string id_;
  std::string lasting_id_;
  std::function<void()> let_go_;
  std::string lsn_;
  std::string taken_at_;
};

// BEGIN for a transaction that sees what the exported snapshot sees.
std::string BeginUnderSnapshot(const Connection& connection, const std::string& snapshot_id);

// System identifier and database OID: the same for two connections only if they reach the same database of the same
// cluster or of its physical copies.
std::string DatabaseIdentity(Connection& connection);

}  // namespace airlift
