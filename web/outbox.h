/* web/outbox.h - notices leave the house: to webhooks (HTTP POST of JSON) and mailboxes (SMTP). One thread of its own. */
#ifndef SUYUAN_OUTBOX_H
#define SUYUAN_OUTBOX_H

#include "kernel/kernel.h"

struct outbox;
/* Settings of suyuan.json: smtp ("smtps://host:465"), smtp_user, smtp_password, mail_from, webhook_private ("yes" lets webhooks reach
 * private addresses; without it they may not, so that a party cannot make the server knock on its neighbours' doors). */
enum err outbox_start(struct kernel *k, struct outbox **ret) MUST_USE;
void outbox_wake(struct outbox *o);       /* NULL is fine; does not wait */
void outbox_stop(struct outbox *o);

#endif
