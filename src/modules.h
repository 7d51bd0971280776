/* src/modules.h - the roof: all modules and both engines, in the order in which their tables are made. */
#ifndef SUYUAN_MODULES_H
#define SUYUAN_MODULES_H

#include "kernel/kernel.h"

extern const struct module *const modules[];
extern const size_t modules_n;
extern const struct engine *const engines[];
extern const size_t engines_n;

#endif
