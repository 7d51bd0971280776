/* web/serve.h - the server as a command: home, face and the second hand, until a signal ends it. */
#ifndef SUYUAN_SERVE_H
#define SUYUAN_SERVE_H

#include "kernel/kernel.h"

/* Returns the process exit code. listen NULL: 127.0.0.1:8080. */
int serve_run(const struct kernel_setup *setup, const char *listen, const char *cert, const char *key);

#endif
