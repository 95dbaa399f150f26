#include "large_objects/metadata_reader.h"

namespace airlift {

namespace {

constexpr const char* kPageQuery = R"(
SELECT m.oid, pg_catalog.pg_get_userbyid(m.lomowner), d.description,
       a.grantor = m.lomowner, pg_catalog.pg_get_userbyid(a.grantor),
       a.grantee = m.lomowner, CASE WHEN a.grantee <> 0 THEN pg_catalog.pg_get_userbyid(a.grantee) END,
       a.privilege_type, a.is_grantable
FROM (SELECT oid, lomowner, lomacl FROM pg_catalog.pg_largeobject_metadata
      WHERE oid > $1::pg_catalog.oid ORDER BY oid LIMIT 2000) m
     LEFT JOIN pg_catalog.pg_description d
       ON d.objoid = m.oid AND d.classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass AND d.objsubid = 0
     LEFT JOIN LATERAL pg_catalog.aclexplode(COALESCE(m.lomacl, pg_catalog.acldefault('L', m.lomowner)))
       WITH ORDINALITY AS a(grantor, grantee, privilege_type, is_grantable, position) ON true
ORDER BY m.oid, a.position)";

LargeObjectGrant GrantOfRow(const Result& page, int row) {
  LargeObjectGrant grant;
  if (!page.Boolean(row, 3)) grant.grantor = page.Text(row, 4);
  grant.grantee = page.Boolean(row, 5) ? std::optional<std::string>("") : page.OptionalText(row, 6);
  grant.privilege = page.Text(row, 7);
  grant.with_grant_option = page.Boolean(row, 8);
  return grant;
}

}  // namespace

const LargeObjectMetadata* LargeObjectMetadataReader::Current() {
  if (position_ >= page_.size() && !at_end_) ReadPage();
  return position_ < page_.size() ? &page_[position_] : nullptr;
}

void LargeObjectMetadataReader::ReadPage() {
  const Result page = connection_.Query(kPageQuery, {std::to_string(last_oid_)});
  page_.clear();
  position_ = 0;
  at_end_ = page.rows() == 0;
  for (int row = 0; row < page.rows(); ++row) {
    const auto oid = static_cast<uint32_t>(page.Integer(row, 0));
    if (page_.empty() || page_.back().oid != oid)
      page_.push_back({oid, page.Text(row, 1), {}, page.OptionalText(row, 2)});
    if (!page.IsNull(row, 7)) page_.back().grants.push_back(GrantOfRow(page, row));
  }
  if (!page_.empty()) last_oid_ = page_.back().oid;
}

}  // namespace airlift
