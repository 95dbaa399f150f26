// Sequences: their state, carried over with is_called and compared.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/verdict.h"
#include "pg/connection.h"

namespace airlift {

struct SequenceValue {
  std::string schema;
  std::string name;
  int64_t last_value = 0;
  // False: last_value is the next one to be given out; true: it was given out already.
  bool is_called = false;

  friend bool operator==(const SequenceValue&, const SequenceValue&) = default;
};

// The state of every user sequence (owned by a column, identity or neither), ordered by schema and name bytewise.
// Temporary ones and members of extensions are left out, except those that an extension marks as its configuration.
// Sequences do not obey snapshots: this is the state of the moment. Only those that `is_wanted`, where it is given.
// Throws SqlError where the user may not read one.
using SequenceFilter = std::function<bool(const std::string& schema, const std::string& name)>;
std::vector<SequenceValue> ReadSequences(Connection& connection, const SequenceFilter& is_wanted = {});

// Gives the target's sequences of the same names these values, exactly. One that is missing on the target, or refused
// (no privilege, outside the target's bounds), is returned. setval is not undone by a rollback and locks a sequence
// until the transaction ends: call it outside of a transaction, since several thousand locks do not fit into the lock
// table of a server with default settings (SqlError 53200).
std::vector<LeftOut> SetSequences(Connection& target, const std::vector<SequenceValue>& values);

struct SequenceComparison {
  std::string schema;
  std::string name;
  Verdict verdict = Verdict::kVerified;
  std::string reason;  // "" when verified
};

// One entry per sequence of either side, ordered by schema and name bytewise.
std::vector<SequenceComparison> CompareSequences(std::vector<SequenceValue> source, std::vector<SequenceValue> target);

}  // namespace airlift
