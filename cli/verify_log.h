/* cli/verify_log.h - between verify_log.c and verify_monitor.c: one look at a log. */
#ifndef SUYUAN_CLI_VERIFY_LOG_H
#define SUYUAN_CLI_VERIFY_LOG_H

#include "cli/verify.h"

struct seeing {
	struct verify_ask *q;
	struct verify_source from;
	struct watch *watch;          /* NULL: nothing is watched for */
	struct str note;              /* the checkpoint as fetched */
	struct checkpoint head;
	struct policy_found found;
	struct remote_report report;
	bool known;                   /* there is a state of an earlier look */
	bool public_due;              /* public disclosures were served then */
	bool few;                     /* too few witnesses */
	bool key_from_log, key_kept;
};

int log_begin(struct seeing *s);              /* key, checkpoint, signatures; VERIFY_OK or the verdict that was said */
enum err log_read(struct seeing *s, const struct log_head *old) MUST_USE;
int log_trouble(struct seeing *s, enum err e);
int log_verdict(struct seeing *s);
const char *log_place(const struct verify_ask *q, const char *name);      /* below sm3/ for the second tree */

int verify_monitor(struct seeing *s);         /* verify_monitor.c */

#endif
