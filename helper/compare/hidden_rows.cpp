#include "compare/hidden_rows.h"

#include <algorithm>

#include "snapshot/rewritten_tables.h"

namespace airlift {

HiddenRows::OneSide HiddenRows::SideOf(const ConnInfo& info, Connection& snapshot) {
  return {info, &snapshot, RewrittenTables(snapshot), nullptr};
}

bool HiddenRows::Has(OneSide& side, const Relation& relation) {
  return std::any_of(relation.stored.begin(), relation.stored.end(), [&](const StoredTable& table) {
    if (!side.rewritten.contains(table.oid)) return false;
    if (!side.now) side.now = std::make_unique<Connection>(side.info, side.snapshot->side());
    return HidesRows(*side.snapshot, *side.now, table);
  });
}

}  // namespace airlift
