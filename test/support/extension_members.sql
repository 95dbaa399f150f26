-- Everything that makes up the extension pg_airlift in this database, one line a property: member, property, value. Equal
-- output of two databases means that their extensions cannot be told apart. No OIDs; no options
-- that begin with pg_, which are the server's own (pg_attver: another number for each column that is made).
SET search_path = pg_catalog;

CREATE TEMPORARY VIEW member AS
SELECT d.classid, d.objid, (pg_identify_object(d.classid, d.objid, 0)).type || ' ' || (pg_identify_object(d.classid, d.objid, 0)).identity AS name
FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'pg_airlift' AND d.deptype = 'e';

CREATE TEMPORARY VIEW member_relation AS
SELECT m.name, c.* FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid;

CREATE FUNCTION pg_temp.sorted(acl aclitem[]) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(a::text, ' ' ORDER BY a::text COLLATE "C") FROM unnest(acl) a $$;

SELECT line.member, line.property, line.value
FROM (
    SELECT 'extension', 'version', extversion || CASE WHEN extrelocatable THEN ', relocatable' ELSE '' END
    FROM pg_extension WHERE extname = 'pg_airlift'
  UNION ALL
    SELECT m.name, 'rows are dumped', COALESCE(NULLIF(e.extcondition[i.i], ''), 'all')
    FROM pg_extension e CROSS JOIN LATERAL generate_subscripts(e.extconfig, 1) AS i (i)
        JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = e.extconfig[i.i]
    WHERE e.extname = 'pg_airlift'
  UNION ALL
    SELECT name, CASE WHEN classid IN ('pg_proc'::regclass, 'pg_class'::regclass, 'pg_namespace'::regclass, 'pg_type'::regclass)
        THEN 'is a member' ELSE 'is not described here' END, ''
    FROM member
  UNION ALL
    SELECT name, 'comment', obj_description(objid, classid::regclass::name) FROM member
  UNION ALL
    SELECT m.name || CASE i.objsubid WHEN 0 THEN '' ELSE '.' || i.objsubid END, 'privileges of the installation', pg_temp.sorted(i.initprivs)
    FROM member m JOIN pg_init_privs i ON i.classoid = m.classid AND i.objoid = m.objid
  UNION ALL
    SELECT m.name, 'privileges', pg_temp.sorted(COALESCE(n.nspacl, acldefault('n', n.nspowner)))
    FROM member m JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND m.objid = n.oid
  UNION ALL
    SELECT m.name, 'privileges', pg_temp.sorted(COALESCE(p.proacl, acldefault('f', p.proowner)))
    FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
  UNION ALL
    SELECT m.name, 'definition', CASE WHEN p.prokind = 'a' THEN concat_ws(' ', pg_get_function_result(p.oid), p.proparallel,
            p.procost, a.aggkind, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn,
            a.aggminvtransfn, a.aggmfinalfn, a.aggfinalextra, a.aggfinalmodify, a.aggtranstype::regtype, a.aggtransspace,
            a.aggsortop::regoperator, a.agginitval) ELSE pg_get_functiondef(p.oid) END
    FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
        LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
  UNION ALL
    SELECT m.name, 'definition', concat_ws(' ', t.typtype, t.typcategory, t.typlen, t.typbyval, t.typalign, t.typstorage, t.typinput,
        t.typoutput, t.typreceive, t.typsend, t.typbasetype::regtype, t.typtypmod, t.typnotnull, t.typdefault,
        (SELECT string_agg(quote_literal(l.enumlabel), ',' ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid),
        (SELECT string_agg(pg_get_constraintdef(c.oid), ',' ORDER BY c.conname) FROM pg_constraint c WHERE c.contypid = t.oid))
    FROM member m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
  UNION ALL
    SELECT m.name, 'privileges', pg_temp.sorted(COALESCE(t.typacl, acldefault('T', t.typowner)))
    FROM member m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
  UNION ALL
    SELECT r.name, 'definition', concat_ws(' ', r.relkind, r.relpersistence, r.relreplident, r.relrowsecurity, r.relforcerowsecurity,
        r.reloptions, CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END)
    FROM member_relation r
  UNION ALL
    SELECT r.name, 'privileges', pg_temp.sorted(COALESCE(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", r.relowner)))
    FROM member_relation r
  UNION ALL
    SELECT r.name, 'column ' || row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum), concat_ws(' ', a.attname,
        format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, CASE WHEN a.attnotnull THEN 'NOT NULL' END,
        'identity=' || a.attidentity::text, 'generated=' || a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid), a.attstorage, a.attstattarget,
        (SELECT string_agg(o, ',') FROM unnest(a.attoptions) o WHERE o !~ '^pg_'), pg_temp.sorted(a.attacl), col_description(r.oid, a.attnum))
    FROM member_relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
  UNION ALL
    SELECT r.name, 'constraint ' || c.conname, concat_ws(' ', pg_get_constraintdef(c.oid), obj_description(c.oid, 'pg_constraint'))
    FROM member_relation r JOIN pg_constraint c ON c.conrelid = r.oid
  UNION ALL
    SELECT r.name, 'index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid)
    FROM member_relation r JOIN pg_index i ON i.indrelid = r.oid
  UNION ALL
    SELECT r.name, 'trigger ' || t.tgname, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
    FROM member_relation r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
  UNION ALL
    SELECT r.name, 'rule ' || u.rulename, pg_get_ruledef(u.oid)
    FROM member_relation r JOIN pg_rewrite u ON u.ev_class = r.oid AND u.rulename <> '_RETURN'
  UNION ALL
    SELECT r.name, 'policy ' || p.polname, concat_ws(' ', p.polcmd, p.polpermissive, pg_get_expr(p.polqual, r.oid), pg_get_expr(p.polwithcheck, r.oid))
    FROM member_relation r JOIN pg_policy p ON p.polrelid = r.oid
  UNION ALL
    SELECT r.name, 'sequence', concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
    FROM member_relation r JOIN pg_sequence s ON s.seqrelid = r.oid
) AS line (member, property, value)
WHERE line.value IS NOT NULL
ORDER BY line.member COLLATE "C", line.property COLLATE "C", line.value COLLATE "C";
