// Owners, grants, default privileges and comments: their objects are named "kind object".
#include "schema_compare/description.h"

namespace airlift {

namespace {

// A sequence that a column owns always has the table's owner.
constexpr const char* kOwner = R"(
SELECT o.kind || ' ' || o.name AS object, o.kind || ' ' || o.name AS parent, @(pg_get_userbyid(o.owner)) AS owner
FROM owned o
WHERE o.kind <> 'sequence'
   OR NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = o.oid
                    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')))";

// Default privileges are written out, so that none given and all given compare equal. The owner goes by no name:
// another owner is one difference, of kind "owner". MAINTAIN exists since 17.
constexpr const char* kGrant = R"(
SELECT x.object || ' to ' || x.grantee AS object, x.object AS parent,
       string_agg(x.privilege, ', ' ORDER BY x.privilege COLLATE "C") AS privileges
FROM (SELECT o.kind || ' ' || o.name AS object,
             CASE a.grantee WHEN 0 THEN 'PUBLIC' WHEN o.owner THEN 'its owner' ELSE @(pg_get_userbyid(a.grantee)) END
               AS grantee,
             a.privilege_type || CASE WHEN a.is_grantable THEN ' with grant option' ELSE '' END
               || CASE WHEN a.grantor <> o.owner THEN ' by ' || @(pg_get_userbyid(a.grantor)) ELSE '' END AS privilege
      FROM owned o CROSS JOIN LATERAL aclexplode(COALESCE(o.acl, acldefault(o.acl_type, o.owner))) a
      WHERE a.privilege_type <> 'MAINTAIN' OR (SELECT lower_major FROM facts) >= 17) x
GROUP BY 1, 2)";

constexpr const char* kColumnGrant = R"(
SELECT x.object || ' to ' || x.grantee AS object, x.parent,
       string_agg(x.privilege, ', ' ORDER BY x.privilege COLLATE "C") AS privileges
FROM (SELECT 'column ' || rel.name || '.' || @(att.attname) AS object, rel.kind || ' ' || rel.name AS parent,
             CASE a.grantee WHEN 0 THEN 'PUBLIC' WHEN rel.relowner THEN 'its owner' ELSE @(pg_get_userbyid(a.grantee)) END
               AS grantee,
             a.privilege_type || CASE WHEN a.is_grantable THEN ' with grant option' ELSE '' END
               || CASE WHEN a.grantor <> rel.relowner THEN ' by ' || @(pg_get_userbyid(a.grantor)) ELSE '' END AS privilege
      FROM rel JOIN pg_attribute att ON att.attrelid = rel.oid CROSS JOIN LATERAL aclexplode(att.attacl) a
      WHERE att.attnum > 0 AND NOT att.attisdropped AND att.attacl IS NOT NULL) x
GROUP BY 1, 2)";

constexpr const char* kDefaultPrivileges = R"(
SELECT x.object || ' to ' || x.grantee AS object, NULL AS parent,
       string_agg(x.privilege, ', ' ORDER BY x.privilege COLLATE "C") AS privileges
FROM (SELECT 'for role ' || @(pg_get_userbyid(d.defaclrole)) || COALESCE(' in schema ' || ns.name, '') || ' on '
               || CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                                       WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas'
                                       ELSE d.defaclobjtype::text END AS object,
             CASE a.grantee WHEN 0 THEN 'PUBLIC' WHEN d.defaclrole THEN 'itself' ELSE @(pg_get_userbyid(a.grantee)) END
               AS grantee,
             a.privilege_type || CASE WHEN a.is_grantable THEN ' with grant option' ELSE '' END AS privilege
      FROM pg_default_acl d LEFT JOIN ns ON ns.oid = d.defaclnamespace CROSS JOIN LATERAL aclexplode(d.defaclacl) a
      WHERE (d.defaclnamespace = 0 OR ns.oid IS NOT NULL)
        AND (a.privilege_type <> 'MAINTAIN' OR (SELECT lower_major FROM facts) >= 17)) x
GROUP BY 1)";

constexpr const char* kComment = R"(
SELECT object, parent, comment FROM commented WHERE classid <> 'pg_extension'::regclass)";

// Set by the extension's own control file, and not ours to change on a managed target.
constexpr const char* kExtensionComment = R"(
SELECT object, parent, comment FROM commented
WHERE classid = 'pg_extension'::regclass AND object <> 'extension pg_airlift')";

using Row = Description::Row;

constexpr Description kDescriptions[] = {
    {"owner", 13, Row::kProperty, kOwner},       {"grant", 13, Row::kProperty, kGrant},
    {"grant", 13, Row::kProperty, kColumnGrant}, {"default privileges", 13, Row::kProperty, kDefaultPrivileges},
    {"comment", 13, Row::kProperty, kComment},   {"comment", 13, Row::kInformation, kExtensionComment},
};

}  // namespace

std::span<const Description> PrivilegeDescriptions() { return kDescriptions; }

}  // namespace airlift
