/* kernel/sql.c - every SQL text of the kernel, written once for both engines, and the numbered steps of its tables. */
#include "kernel/inside.h"

const char *const kernel_steps[] = {
	/* 1 */
	"CREATE TABLE record (id @int PRIMARY KEY, type @text NOT NULL, party @int NOT NULL, root @int NOT NULL, corrects @int NOT NULL,"
	" at @int NOT NULL, idx @int NOT NULL, pub @text NOT NULL, biz @blob, per @blob)@end;"
	"CREATE UNIQUE INDEX record_idx ON record (idx);"
	"CREATE INDEX record_root ON record (root, idx);"
	"CREATE TABLE record_key (record @int PRIMARY KEY, pub @blob, biz @blob, per @blob)@end;"
	"CREATE TABLE log_entry (idx @int PRIMARY KEY, body @blob NOT NULL)@end;"
	"CREATE TABLE log_tile (level @int NOT NULL, n @int NOT NULL, bytes @blob NOT NULL, PRIMARY KEY (level, n))@end;"
	"CREATE TABLE log_head (size @int PRIMARY KEY, root @blob NOT NULL, at @int NOT NULL)@end;"
	"CREATE TABLE idem (account @int NOT NULL, name @text NOT NULL, request @blob NOT NULL, answer @text NOT NULL, record @int NOT NULL,"
	" idx @int NOT NULL, at @int NOT NULL, PRIMARY KEY (account, name))@end;"
	"CREATE TABLE audit (id @int PRIMARY KEY, at @int NOT NULL, account @int NOT NULL, party @int NOT NULL, op @text NOT NULL, record @int NOT NULL)@end;"
	"CREATE INDEX audit_party ON audit (party, id);"
	"CREATE TABLE party (id @int PRIMARY KEY, uscc @text NOT NULL UNIQUE, name @text NOT NULL, region @text NOT NULL, address @text NOT NULL,"
	" contact @text NOT NULL, roles @int NOT NULL, state @text NOT NULL, open_by_default @int NOT NULL, webhook @text NOT NULL, mail @text NOT NULL)@end;"
	"CREATE INDEX party_region ON party (region, id);"
	"CREATE TABLE account (id @int PRIMARY KEY, party @int NOT NULL, roles @int NOT NULL, standing @int NOT NULL, login @text NOT NULL UNIQUE,"
	" phc @text NOT NULL, region @text NOT NULL, fails @int NOT NULL, locked_until @int NOT NULL, ended @int NOT NULL)@end;"
	"CREATE INDEX account_party ON account (party, id);"
	"CREATE TABLE session (token @blob PRIMARY KEY, account @int NOT NULL, kind @text NOT NULL, at @int NOT NULL, until @int NOT NULL)@end;"
	"CREATE INDEX session_account ON session (account);"
	"CREATE TABLE consent (party @int NOT NULL, dock @int NOT NULL, since @int NOT NULL, until @int NOT NULL, PRIMARY KEY (party, dock))@end;"
	"CREATE TABLE flow_case (record @int PRIMARY KEY, flow @text NOT NULL, state @text NOT NULL, party @int NOT NULL, region @text NOT NULL,"
	" since @int NOT NULL, due @int NOT NULL, by_account @int NOT NULL, reminded @int NOT NULL, hand @int NOT NULL)@end;"
	"CREATE INDEX flow_case_party ON flow_case (party, record);"
	"CREATE INDEX flow_case_region ON flow_case (region, record);"
	"CREATE INDEX flow_case_due ON flow_case (due, record) WHERE due > 0;"
	"CREATE TABLE notice (id @int PRIMARY KEY, party @int NOT NULL, role @int NOT NULL, what @text NOT NULL, record @int NOT NULL, at @int NOT NULL,"
	" zh @text NOT NULL, en @text NOT NULL, seen @int NOT NULL, sent @int NOT NULL)@end;"
	"CREATE INDEX notice_party ON notice (party, id);"
	"CREATE INDEX notice_unsent ON notice (id) WHERE sent = 0;"
	"CREATE TABLE blob (id @text PRIMARY KEY, party @int NOT NULL, type @text NOT NULL, name @text NOT NULL, size @int NOT NULL, open @int NOT NULL,"
	" at @int NOT NULL)@end;",
	/* 2: long work; facts are sealed */
	"CREATE TABLE job (id @int PRIMARY KEY, account @int NOT NULL, party @int NOT NULL, kind @text NOT NULL, what @text NOT NULL, state @text NOT NULL,"
	" due @int NOT NULL, at @int NOT NULL, facts @blob NOT NULL)@end;"
	"CREATE INDEX job_party ON job (party, kind, id);"
	"CREATE INDEX job_due ON job (id) WHERE due = 1;",
	/* 3: due is 0 not, 1 at once, else the ms from which it is */
	("CREATE INDEX job_later ON job (due) WHERE due > 1;"
	 "CREATE INDEX job_waits ON job (kind, what) WHERE due > 0;"),
	/* 4: what is too large for a record's values lies beside them, sealed; the record commits to it */
	"CREATE TABLE record_part (record @int NOT NULL, n @int NOT NULL, bytes @blob NOT NULL, PRIMARY KEY (record, n))@end;",
	/* 5: cases of one state, of one party, in one hand; counted without touching the table */
	("CREATE INDEX flow_case_state ON flow_case (flow, state, region, record, party, since, due);"
	 "CREATE INDEX flow_case_own ON flow_case (party, flow, state, record, since, due);"
	 "CREATE INDEX flow_case_hand ON flow_case (hand, record) WHERE hand > 0;"),
	/* 6: the second tree, of the suite gm */
	"ALTER TABLE log_head ADD COLUMN sm3 @blob;"
	"CREATE TABLE log_tile_sm3 (level @int NOT NULL, n @int NOT NULL, bytes @blob NOT NULL, PRIMARY KEY (level, n))@end;",
	/* 7: classes of records whose keys were destroyed, with the hashes of the record's slots, which tell nothing and keep the rest checkable */
	"CREATE TABLE erasure (record @int PRIMARY KEY, classes @int NOT NULL, leaves @blob NOT NULL)@end;",
	/* 8: heads with the quorum of the policy, and what a time-stamping authority said of heads */
	"CREATE TABLE log_cosigned (size @int PRIMARY KEY, lines @text NOT NULL)@end;"
	"CREATE TABLE log_stamp (size @int PRIMARY KEY, at @int NOT NULL, note @text NOT NULL, token @blob NOT NULL)@end;",
};
const size_t kernel_steps_n = ROWS(kernel_steps);

#define RECORD_COLUMNS "r.id, r.type, r.party, r.root, r.corrects, r.at, r.idx, r.pub, r.biz, r.per"
#define PARTY_COLUMNS "id, uscc, name, region, address, contact, roles, state, open_by_default"
#define CASE_COUNTS(now) "COUNT(*) AS n, MIN(since) AS since, MIN(CASE WHEN due > 0 THEN due END) AS due, COUNT(CASE WHEN due > 0 AND due < " now " THEN 1 END) AS late"
#define CASE_COLUMNS "record, flow, state, party, region, since, due, by_account, hand"

const char *const kernel_sql[SQL_TEXTS] = {
	[SQL_RECORD_PUT] = "INSERT INTO record (id, type, party, root, corrects, at, idx, pub, biz, per) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	[SQL_RECORD_GET] = "SELECT " RECORD_COLUMNS " FROM record r WHERE r.id = $1",
	[SQL_RECORD_AT] = "SELECT " RECORD_COLUMNS " FROM record r WHERE r.idx = $1",
	[SQL_RECORD_RANGE] = "SELECT " RECORD_COLUMNS " FROM record r WHERE r.idx >= $1 AND r.idx < $2 AND $3 LIKE '% ' || r.type || ' %'"
	                     " ORDER BY r.idx LIMIT $4",
	[SQL_RECORD_EACH] = "SELECT " RECORD_COLUMNS " FROM record r WHERE r.idx >= $1 ORDER BY r.idx LIMIT 500",
	[SQL_RECORD_SPAN] = "SELECT " RECORD_COLUMNS " FROM record r WHERE r.idx >= $1 AND r.idx < $2 ORDER BY r.idx LIMIT 64",
	[SQL_RECORD_EMPTY] = "UPDATE record SET pub = CASE WHEN $2 = 1 THEN '{}' ELSE pub END, biz = CASE WHEN $3 = 1 THEN NULL ELSE biz END,"
	                     " per = CASE WHEN $4 = 1 THEN NULL ELSE per END WHERE id = $1",
	[SQL_RECORD_BEFORE] = "SELECT idx FROM record WHERE root = $1 AND idx < $2 ORDER BY idx DESC LIMIT 1",
	[SQL_NEWEST_ID] = "SELECT MAX(m) FROM (SELECT MAX(id) AS m FROM record UNION ALL SELECT MAX(id) FROM audit UNION ALL SELECT MAX(id) FROM notice"
	                      " UNION ALL SELECT MAX(id) FROM job UNION ALL SELECT MAX(id) FROM party UNION ALL SELECT MAX(id) FROM account) x",
	[SQL_RECORD_COUNT] = "SELECT COUNT(*) FROM record r LEFT JOIN log_entry e ON e.idx = r.idx WHERE e.idx IS NULL",
	[SQL_HEAD_AT] = "SELECT root, sm3 FROM log_head WHERE size = $1",
	[SQL_HEAD_EACH] = "SELECT size, root, sm3 FROM log_head WHERE size > $1 ORDER BY size LIMIT 1000",
	[SQL_ERASURE_GET] = "SELECT classes, leaves FROM erasure WHERE record = $1",
	[SQL_ERASURE_PUT] = "INSERT INTO erasure (record, classes, leaves) VALUES ($1, $2, $3) ON CONFLICT (record) DO UPDATE SET classes = erasure.classes | $2",
	[SQL_ERASURE_EACH] = "SELECT record, classes FROM erasure",
	[SQL_IDEM_DROP_RECORD] = "UPDATE idem SET answer = '', request = $2 WHERE record = $1",
	[SQL_PARTS_DROP] = "DELETE FROM record_part WHERE record = $1",
	[SQL_RECORD_LAST] = "SELECT idx FROM record WHERE root = $1 ORDER BY idx DESC LIMIT 1",
	[SQL_RECORD_LATEST] = "SELECT id FROM record WHERE root = (SELECT root FROM record WHERE id = $1) ORDER BY idx DESC LIMIT 1",
	[SQL_RECORD_NEWEST] = "SELECT r.id, COALESCE(e.classes, 0) FROM record r LEFT JOIN erasure e ON e.record = r.id ORDER BY r.idx DESC LIMIT 1",
	[SQL_RECORD_CORRECTED] = "SELECT id FROM record WHERE corrects = $1 AND root = $2 LIMIT 1",
	[SQL_PART_PUT] = "INSERT INTO record_part (record, n, bytes) VALUES ($1, $2, $3)",
	[SQL_PART_GET] = "SELECT bytes FROM record_part WHERE record = $1 AND n = $2",
	[SQL_PART_LIST] = "SELECT n, bytes FROM record_part WHERE record = $1 ORDER BY n",
	[SQL_PART_COUNT] = "SELECT COUNT(*) FROM record_part p LEFT JOIN record r ON r.id = p.record WHERE r.id IS NULL OR r.idx < $1",

	[SQL_ENTRY_PUT] = "INSERT INTO log_entry (idx, body) VALUES ($1, $2)",
	[SQL_ENTRY_GET] = "SELECT body FROM log_entry WHERE idx = $1",
	[SQL_ENTRY_RANGE] = "SELECT body FROM log_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx",
	[SQL_ENTRY_TAIL] = "SELECT body FROM log_entry WHERE idx >= $1 ORDER BY idx",
	[SQL_ENTRY_SPAN] = "SELECT idx, body FROM log_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx",
	[SQL_TILE_PUT] = "INSERT INTO log_tile (level, n, bytes) VALUES ($1, $2, $3)",
	[SQL_TILE_GET] = "SELECT bytes FROM log_tile WHERE level = $1 AND n = $2",
	[SQL_TILE_SM3_PUT] = "INSERT INTO log_tile_sm3 (level, n, bytes) VALUES ($1, $2, $3)",
	[SQL_TILE_SM3_GET] = "SELECT bytes FROM log_tile_sm3 WHERE level = $1 AND n = $2",
	[SQL_HEAD_PUT] = "INSERT INTO log_head (size, root, at, sm3) VALUES ($1, $2, $3, $4)",
	[SQL_HEAD_LAST] = "SELECT size, root, sm3 FROM log_head ORDER BY size DESC LIMIT 1",
	[SQL_HEAD_OVER] = "SELECT size, root FROM log_head WHERE size > $1 ORDER BY size LIMIT 1",

	[SQL_COSIGNED_PUT] = "INSERT INTO log_cosigned (size, lines) VALUES ($1, $2) ON CONFLICT (size) DO NOTHING",
	[SQL_COSIGNED_OVER] = "SELECT c.size, h.root, c.lines FROM log_cosigned c JOIN log_head h ON h.size = c.size WHERE c.size > $1 ORDER BY c.size LIMIT 1",
	[SQL_COSIGNED_LAST] = "SELECT size FROM log_cosigned ORDER BY size DESC LIMIT 1",
	[SQL_COSIGNED_NEXT] = "SELECT size, lines FROM log_cosigned WHERE size > $1 ORDER BY size LIMIT 1",
	[SQL_STAMP_PUT] = "INSERT INTO log_stamp (size, at, note, token) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO NOTHING",
	[SQL_STAMP_GET] = "SELECT size, at, note, token FROM log_stamp WHERE size = $1",
	[SQL_STAMP_NEXT] = "SELECT size, at, note, token FROM log_stamp WHERE size > $1 ORDER BY size LIMIT 1",
	[SQL_STAMP_LAST] = "SELECT size, at, note, token FROM log_stamp ORDER BY size DESC LIMIT 1",

	[SQL_IDEM_GET] = "SELECT request, answer, record, idx FROM idem WHERE account = $1 AND name = $2",
	[SQL_IDEM_PUT] = "INSERT INTO idem (account, name, request, answer, record, idx, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
	[SQL_AUDIT_PUT] = "INSERT INTO audit (id, at, account, party, op, record) VALUES ($1, $2, $3, $4, $5, $6)",
	[SQL_AUDIT_LIST] = "SELECT id, at, account, party, op, record FROM audit WHERE id < $1 ORDER BY id DESC LIMIT 100",

	[SQL_PARTY_GET] = "SELECT " PARTY_COLUMNS " FROM party WHERE id = $1",
	[SQL_PARTY_BY_USCC] = "SELECT " PARTY_COLUMNS " FROM party WHERE uscc = $1",
	[SQL_PARTY_PUT] = "INSERT INTO party (id, uscc, name, region, address, contact, roles, state, open_by_default, webhook, mail)"
	                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '')",
	[SQL_PARTY_ROLES] = "UPDATE party SET roles = roles | $2 WHERE id = $1",
	[SQL_PARTY_STATE] = "UPDATE party SET state = $2 WHERE id = $1",
	[SQL_PARTY_OPEN] = "UPDATE party SET open_by_default = $2 WHERE id = $1",
	[SQL_PARTY_LIST] = "SELECT " PARTY_COLUMNS " FROM party WHERE id < $1 AND region >= $2 AND region < $3 ORDER BY id DESC LIMIT 51",
	[SQL_PARTY_LIST_STATE] = "SELECT " PARTY_COLUMNS " FROM party WHERE id < $1 AND region >= $2 AND region < $3 AND state = $4 ORDER BY id DESC LIMIT 51",
	[SQL_WEBHOOK_PUT] = "UPDATE party SET webhook = $2, mail = $3 WHERE id = $1",

	[SQL_ACCOUNT_PUT] = "INSERT INTO account (id, party, roles, standing, login, phc, region, fails, locked_until, ended)"
	                    " VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0)",
	[SQL_ACCOUNT_LOGIN] = "SELECT id, phc, fails, locked_until, party FROM account WHERE login = $1 AND ended = 0",
	[SQL_ACCOUNT_GET] = "SELECT id, party, roles, standing, login, region FROM account WHERE id = $1 AND ended = 0",
	[SQL_ACCOUNT_LIST] = "SELECT id, login, standing, locked_until FROM account WHERE party = $1 AND ended = 0 ORDER BY id",
	[SQL_ACCOUNT_OWNERS] = "SELECT COUNT(*) FROM account WHERE party = $1 AND ended = 0 AND standing = 3",
	[SQL_ACCOUNT_FAIL] = "UPDATE account SET fails = fails + 1, locked_until = $2 WHERE id = $1",
	[SQL_ACCOUNT_GOOD] = "UPDATE account SET fails = 0, locked_until = 0 WHERE id = $1",
	[SQL_ACCOUNT_REMOVE] = "UPDATE account SET ended = $2, phc = '' WHERE id = $1",
	[SQL_ACCOUNT_PASSWORD] = "UPDATE account SET phc = $2, fails = 0, locked_until = 0 WHERE id = $1",
	[SQL_SESSION_PUT] = "INSERT INTO session (token, account, kind, at, until) VALUES ($1, $2, $3, $4, $5)",
	[SQL_SESSION_GET] = "SELECT a.id, a.party, a.roles, a.standing, a.login, a.region, s.until, p.uscc, p.name, p.region, p.roles, p.state, p.open_by_default"
	                    " FROM session s JOIN account a ON a.id = s.account LEFT JOIN party p ON p.id = a.party"
	                    " WHERE s.token = $1 AND a.ended = 0",
	[SQL_ACTOR_GET] = "SELECT a.id, a.party, a.roles, a.standing, a.login, a.region, 0, p.uscc, p.name, p.region, p.roles, p.state, p.open_by_default"
	                  " FROM account a LEFT JOIN party p ON p.id = a.party WHERE a.id = $1 AND a.ended = 0",
	[SQL_JOB_PUT] = "INSERT INTO job (id, account, party, kind, what, state, due, at, facts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
	                " ON CONFLICT (id) DO UPDATE SET state = $6, due = $7, facts = $9",
	[SQL_JOB_GET] = "SELECT id, account, party, kind, what, state, at, facts FROM job WHERE id = $1",
	[SQL_JOB_DUE] = "SELECT id FROM job WHERE due = 1 AND kind = $2 AND id > $1 ORDER BY id LIMIT 1",
	[SQL_JOB_LATER] = "SELECT id FROM job WHERE due > 1 AND due <= $1 LIMIT 1",
	[SQL_JOB_COME] = "UPDATE job SET due = 1 WHERE due > 1 AND due <= $1",
	[SQL_JOB_WAITS] = "SELECT id FROM job WHERE due > 0 AND kind = $1 AND what = $2 LIMIT 1",
	[SQL_JOB_OLD] = "SELECT id, kind FROM job WHERE due = 0 AND at < $1 AND state <> 'expired' ORDER BY id LIMIT 100",
	[SQL_JOB_LIST] = "SELECT id FROM job WHERE party = $1 AND kind = $2 ORDER BY id DESC LIMIT 50",
	[SQL_SESSION_DROP_ACCOUNT] = "DELETE FROM session WHERE account = $1",
	[SQL_CONSENT_PUT] = "INSERT INTO consent (party, dock, since, until) VALUES ($1, $2, $3, 0)"
	                    " ON CONFLICT (party, dock) DO UPDATE SET since = $3, until = 0",
	[SQL_CONSENT_STOP] = "UPDATE consent SET until = $3 WHERE party = $1 AND dock = $2 AND until = 0",
	[SQL_CONSENT_GET] = "SELECT since FROM consent WHERE party = $1 AND dock = $2 AND until = 0",
	[SQL_CONSENT_LIST] = "SELECT a.id, a.login, c.since, c.until FROM consent c JOIN account a ON a.id = c.dock WHERE c.party = $1 ORDER BY a.id",

	[SQL_CASE_PUT] = "INSERT INTO flow_case (record, flow, state, party, region, since, due, by_account, reminded, hand)"
	                 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0)",
	[SQL_CASE_GET] = "SELECT " CASE_COLUMNS " FROM flow_case WHERE record = $1",
	[SQL_CASE_MOVE] = "UPDATE flow_case SET state = $2, since = $3, due = $4, by_account = $5, reminded = 0 WHERE record = $1",
	[SQL_CASE_HAND] = "UPDATE flow_case SET hand = $2, since = $3 WHERE record = $1",
	[SQL_CASE_LIST_PARTY] = "SELECT " CASE_COLUMNS " FROM flow_case WHERE party = $1 AND record < $2 ORDER BY record DESC LIMIT 51",
	[SQL_CASE_LIST_REGION] = "SELECT " CASE_COLUMNS " FROM flow_case WHERE region >= $1 AND region < $2 AND record < $3 ORDER BY record DESC LIMIT 51",
	[SQL_CASE_LIST_ALL] = "SELECT " CASE_COLUMNS " FROM flow_case WHERE record < $1 ORDER BY record DESC LIMIT 51",
	[SQL_CASE_LIST_STATE] = "SELECT " CASE_COLUMNS " FROM flow_case WHERE flow = $1 AND state = $2 AND region >= $3 AND region < $4 AND record < $5"
	                        " ORDER BY record DESC LIMIT 51",
	[SQL_CASE_LIST_FLOW] = "SELECT " CASE_COLUMNS " FROM flow_case WHERE flow = $1 AND region >= $2 AND region < $3 AND record < $4 ORDER BY record DESC LIMIT 51",
	[SQL_CASE_LIST_OWN] = "SELECT " CASE_COLUMNS " FROM flow_case WHERE party = $1 AND record < $2 AND flow = $3 ORDER BY record DESC LIMIT 51",
	[SQL_CASE_LIST_OWN_STATE] = "SELECT " CASE_COLUMNS " FROM flow_case WHERE party = $1 AND record < $2 AND flow = $3 AND state = $4 ORDER BY record DESC LIMIT 51",
	[SQL_CASE_LIST_MINE] = "SELECT " CASE_COLUMNS " FROM flow_case WHERE hand = $1 AND hand > 0 AND record < $2 AND (party = $3 OR $3 = 0) AND region >= $4 AND region < $5"
	                       " AND (flow = $6 OR $6 = '') AND (state = $7 OR $7 = '') ORDER BY record DESC LIMIT 51",
	[SQL_CASE_GROUPS] = "SELECT g.party, p.name, g.n, g.since, g.due, g.late FROM (SELECT party, " CASE_COUNTS("$3") " FROM flow_case WHERE flow = $1 AND state = $2 AND party < $4"
	                    " AND region >= $5 AND region < $6 GROUP BY party ORDER BY party DESC LIMIT 201) g LEFT JOIN party p ON p.id = g.party ORDER BY g.party DESC",
	[SQL_CASE_GROUPS_OWN] = "SELECT g.party, p.name, g.n, g.since, g.due, g.late FROM (SELECT party, " CASE_COUNTS("$3") " FROM flow_case WHERE flow = $1 AND state = $2 AND party < $4"
	                        " AND party = $5 GROUP BY party) g LEFT JOIN party p ON p.id = g.party",
	[SQL_CASE_LATE] = "SELECT " CASE_COLUMNS " FROM flow_case WHERE due > 0 AND due < $1 AND reminded = 0 ORDER BY due LIMIT 100",
	[SQL_CASE_REMINDED] = "UPDATE flow_case SET reminded = $2 WHERE record = $1",

	[SQL_NOTICE_PUT] = "INSERT INTO notice (id, party, role, what, record, at, zh, en, seen, sent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0)",
	[SQL_NOTICE_LIST] = "SELECT id, what, record, at, zh, en, seen FROM notice WHERE party = $1 AND id < $2 ORDER BY id DESC LIMIT 51",
	[SQL_NOTICE_UNSENT] = "SELECT n.id, n.party, n.what, n.record, n.at, n.zh, n.en, p.webhook, p.mail FROM notice n LEFT JOIN party p ON p.id = n.party"
	                      " WHERE n.sent = 0 ORDER BY n.id LIMIT 100",
	[SQL_NOTICE_SENT] = "UPDATE notice SET sent = $2 WHERE id = $1",

	[SQL_BLOB_PUT] = "INSERT INTO blob (id, party, type, name, size, open, at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
	[SQL_BLOB_NEXT] = "SELECT id, open FROM blob WHERE id > $1 ORDER BY id LIMIT 1",
	[SQL_BLOB_GET] = "SELECT id, type, name, size, party, open FROM blob WHERE id = $1",
	[SQL_SETTING_PUT] = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
	[SQL_SETTING_GET] = "SELECT value FROM setting WHERE name = $1",
};

const char *ddl_for(struct arena *a, const char *text, bool pg)
{
	static const struct { const char *mark, *sqlite, *pg; } words[] = {
		{ "@int", "INTEGER", "bigint" }, { "@text", "TEXT", "text COLLATE \"C\"" }, { "@blob", "BLOB", "bytea" }, { "@end", " STRICT", "" }, { "@flat", " STRICT, WITHOUT ROWID", "" },
	};
	struct buf b = buf_in(a, strlen(text) * 2);

	for (const char *p = text; *p;) {
		size_t i = 0;

		while (*p == '@' && i < ROWS(words) && strncmp(p, words[i].mark, strlen(words[i].mark)) != 0)
			i++;
		if (*p == '@' && i < ROWS(words)) {
			buf_z(&b, pg ? words[i].pg : words[i].sqlite);
			p += strlen(words[i].mark);
		} else {
			buf_char(&b, *p++);
		}
	}
	buf_char(&b, 0);
	return b.p;
}
