/* mod/trace/sql.c - every SQL text of this module, and its derived tables. */
#include "mod/trace/trace.h"

/* code_mark: a keyed mark of a code of another scheme and its masked place; twin: it reads as one of ours. code_text: the texts of such
 * codes, 256 items together and sealed. Neither names a pack: how many codes a maker registered is its own business.
 * item_set: which indices of a pack a record speaks of (keep.c); place: 0 the chunk, else a keyed hash of a bucket or an item; blob: the
 * number the body is sealed under; part: of the record that holds the set itself, or -1.
 * box_event: records about a container, whose code is a keyed mark. delivery: a sale whose buyer was named by code, the buyer as a keyed
 * hash; answer: the purchase that accepted it.
 * sweep: how far rules have looked (not derived: what was found stays found). flow_record: records that move goods, in the order of the log.
 * permit: the statement that counts about a certificate or licence.
 * pack.count lies sealed like the ranges. look: how often an item was looked at; counts only, nobody's address. */
const char trace_tables[] =
	"CREATE TABLE IF NOT EXISTS pack (record @int PRIMARY KEY, key_id @int NOT NULL, number @int NOT NULL, party @int NOT NULL, product @int NOT NULL,"
	" batch @int NOT NULL, grain @int NOT NULL, count @blob NOT NULL, at @int NOT NULL, unmarked @int NOT NULL, goods @text NOT NULL,"
	" theirs @int NOT NULL, aliased @int NOT NULL, pieces @int NOT NULL,"
	" UNIQUE (key_id, number))@end;"
	"CREATE INDEX IF NOT EXISTS pack_batch ON pack (batch, record);"
	"CREATE TABLE IF NOT EXISTS item_set (pack @int NOT NULL, chunk @int NOT NULL, place @int NOT NULL, idx @int NOT NULL, verb @int NOT NULL,"
	" record @int NOT NULL, party @int NOT NULL, link @int NOT NULL, blob @int NOT NULL, part @int NOT NULL, body @blob NOT NULL,"
	" PRIMARY KEY (pack, chunk, place, idx, verb))@flat;"
	"CREATE INDEX IF NOT EXISTS item_set_record ON item_set (record);"
	"CREATE INDEX IF NOT EXISTS item_set_activated ON item_set (pack, chunk) WHERE verb = 1;"
	"CREATE TABLE IF NOT EXISTS look (pack @int NOT NULL, item @int NOT NULL, n @int NOT NULL, first_at @int NOT NULL, PRIMARY KEY (pack, item))@end;"
	"CREATE TABLE IF NOT EXISTS code_mark (mark @blob PRIMARY KEY, place @blob NOT NULL, twin @int NOT NULL)@flat;"
	"CREATE INDEX IF NOT EXISTS code_mark_twin ON code_mark (twin) WHERE twin = 1;"
	"CREATE TABLE IF NOT EXISTS code_text (slot @blob NOT NULL, made @blob NOT NULL, texts @blob NOT NULL, PRIMARY KEY (slot, made))@flat;"
	"CREATE INDEX IF NOT EXISTS code_text_made ON code_text (made);"
	"CREATE TABLE IF NOT EXISTS box_event (mark @blob NOT NULL, idx @int NOT NULL, record @int NOT NULL, PRIMARY KEY (mark, idx))@flat;"
	"CREATE INDEX IF NOT EXISTS box_event_record ON box_event (record);"
	"CREATE TABLE IF NOT EXISTS delivery (record @int PRIMARY KEY, sender @int NOT NULL, receiver @blob NOT NULL, at @int NOT NULL, answered @int NOT NULL,"
	" answer @int NOT NULL)@end;"
	"CREATE INDEX IF NOT EXISTS delivery_to ON delivery (receiver, answered, record);"
	"CREATE INDEX IF NOT EXISTS delivery_from ON delivery (sender, answered, record);"
	"CREATE INDEX IF NOT EXISTS delivery_waiting ON delivery (record) WHERE answered = 0;"
	"CREATE TABLE IF NOT EXISTS sweep (name @text PRIMARY KEY, idx @int NOT NULL)@end;"
	"CREATE TABLE IF NOT EXISTS flow_record (idx @int PRIMARY KEY, record @int NOT NULL, at @int NOT NULL)@end;"
	"CREATE TABLE IF NOT EXISTS permit (number @text PRIMARY KEY, record @int NOT NULL, as_of @int NOT NULL)@end;";

const char *const trace_derived[TRACE_DERIVED] = { "pack", "item_set", "code_mark", "code_text", "permit", "box_event", "delivery", "flow_record" };

#define ITEMS_COLUMNS "idx, verb, record, party, link, blob, part, body"
#define PACK_COLUMNS "record, key_id, number, party, product, batch, grain, count, at, unmarked, goods, theirs, aliased, pieces"

const char *const trace_sql[TRACE_TEXTS] = {
	[Q_PACK_PUT] = "INSERT INTO pack (" PACK_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13)",
	[Q_PACK_ALIASED] = "UPDATE pack SET aliased = 1 WHERE record = $1 AND aliased = 0",
	[Q_PACK_NEXT] = "SELECT COALESCE(MAX(number), -1) FROM pack WHERE key_id = $1",
	[Q_PACK_BY_NUMBER] = "SELECT " PACK_COLUMNS " FROM pack WHERE key_id = $1 AND number = $2",
	[Q_PACK_GET] = "SELECT " PACK_COLUMNS " FROM pack WHERE record = $1",
	[Q_ITEMS_PUT] = "INSERT INTO item_set (pack, chunk, place, idx, verb, record, party, link, blob, part, body)"
	                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
	[Q_ITEMS_DROP] = "DELETE FROM item_set WHERE record = $1",
	[Q_ITEMS_CHUNK] = "SELECT " ITEMS_COLUMNS " FROM item_set WHERE pack = $1 AND chunk = $2 LIMIT $3",
	[Q_ITEMS_AT] = "SELECT " ITEMS_COLUMNS " FROM item_set WHERE pack = $1 AND chunk = $2 AND place IN (0, $3, $4)",
	[Q_ITEMS_CHUNKS] = "SELECT DISTINCT chunk FROM item_set WHERE pack = $1 ORDER BY chunk",
	[Q_ITEMS_ACTIVATED] = "SELECT DISTINCT chunk FROM item_set WHERE pack = $1 AND verb = 1 ORDER BY chunk",
	[Q_PACKS_OF_BATCH] = "SELECT record FROM pack WHERE batch = $1 ORDER BY record",
	[Q_BOX_PUT] = "INSERT INTO box_event (mark, idx, record) VALUES ($1, $2, $3)",
	[Q_BOX_DROP] = "DELETE FROM box_event WHERE record = $1",
	[Q_BOX_GET] = "SELECT record, idx FROM box_event WHERE mark = $1 ORDER BY idx",
	[Q_DELIVERY_PUT] = "INSERT INTO delivery (record, sender, receiver, at, answered, answer) VALUES ($1, $2, $3, $4, $5, $6)",
	[Q_DELIVERY_DROP] = "DELETE FROM delivery WHERE record = $1",
	[Q_DELIVERY_ANSWER] = "UPDATE delivery SET answered = 1, answer = CASE WHEN $2 = 0 THEN answer ELSE $2 END WHERE record = $1",
	[Q_DELIVERY_GET] = "SELECT record, sender, at, answered, answer FROM delivery WHERE record = $1",
	[Q_DELIVERY_WAITING] = "SELECT record FROM delivery WHERE answered = 0 AND record > $1 ORDER BY record LIMIT $2",
	[Q_SWEEP_GET] = "SELECT idx FROM sweep WHERE name = $1",
	[Q_SWEEP_PUT] = "INSERT INTO sweep (name, idx) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET idx = CASE WHEN sweep.idx > $2 THEN sweep.idx ELSE $2 END",
	[Q_SWEEP_SET] = "INSERT INTO sweep (name, idx) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET idx = $2",
	[Q_SWEEP_RECORDS] = "SELECT record, idx, at FROM flow_record WHERE idx >= $1 ORDER BY idx LIMIT $2",
	[Q_FLOW_PUT] = "INSERT INTO flow_record (idx, record, at) VALUES ($1, $2, $3)",
	[Q_FLOW_DROP] = "DELETE FROM flow_record WHERE idx = $1",
	[Q_DELIVERY_TO] = "SELECT record, sender, at, answered, answer FROM delivery WHERE receiver = $1 AND answered = $2 AND record < $3 ORDER BY record DESC LIMIT 51",
	[Q_DELIVERY_FROM] = "SELECT record, sender, at, answered, answer FROM delivery WHERE sender = $1 AND answered = $2 AND record < $3 ORDER BY record DESC LIMIT 51",
	[Q_STATEMENTS] = "SELECT record, party FROM p_statement WHERE current = 1 AND product IS NULL AND at >= $1 ORDER BY record DESC LIMIT 20000",
	[Q_RECALLS] = "SELECT record FROM p_recall WHERE record < $1 ORDER BY record DESC LIMIT 51",
	[Q_PERMIT_GET] = "SELECT record FROM permit WHERE number = $1",
	[Q_PERMIT_PUT] = "INSERT INTO permit (number, record, as_of) VALUES ($1, $2, $3)"
	                 " ON CONFLICT (number) DO UPDATE SET record = $2, as_of = $3 WHERE permit.as_of <= $3",
	[Q_CODE_GET] = "SELECT place FROM code_mark WHERE mark = $1",
	[Q_CODE_PUT] = "INSERT INTO code_mark (mark, place, twin) VALUES ($1, $2, $3)",
	[Q_CODE_PUT_FREE] = "INSERT INTO code_mark (mark, place, twin) VALUES ($1, $2, $3) ON CONFLICT (mark) DO NOTHING",
	[Q_CODE_DROP] = "DELETE FROM code_mark WHERE mark = $1",
	[Q_CODE_TWIN] = "SELECT 1 FROM code_mark WHERE twin = 1 LIMIT 1",
	[Q_TEXTS_GET] = "SELECT texts FROM code_text WHERE slot = $1 ORDER BY made",
	[Q_TEXTS_PUT] = "INSERT INTO code_text (slot, made, texts) VALUES ($1, $2, $3)",
	[Q_TEXTS_DROP] = "DELETE FROM code_text WHERE made = $1",
	[Q_LOOK_GET] = "SELECT n, first_at FROM look WHERE pack = $1 AND item = $2",
	[Q_LOOK_PUT] = "INSERT INTO look (pack, item, n, first_at) VALUES ($1, $2, $3, $4)"
	               " ON CONFLICT (pack, item) DO UPDATE SET n = look.n + $3",
};
