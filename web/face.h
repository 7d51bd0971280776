/* web/face.h - the HTTP face of a kernel: operations as JSON, pages as HTML, the log's files. No rule of any policy is here. */
#ifndef SUYUAN_FACE_H
#define SUYUAN_FACE_H

#include "kernel/kernel.h"

struct face;
/* listen: "ADDR:PORT", port 0 picks one. cert and key: PEM paths, both or neither. Owner: caller, face_stop before kernel_close.
 * E_CLASH when two operations want the same method and path. */
enum err face_start(struct kernel *k, const char *listen, const char *cert, const char *key, struct face **ret) MUST_USE;
unsigned face_port(const struct face *f);
void face_stop(struct face *f);

#endif
