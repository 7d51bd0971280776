/* src/modules.c - the only place that names every policy module and both engines. */
#include "src/modules.h"

#include "mod/registry/registry.h"
#include "mod/trace/flow.h"
#include "mod/trace/trace.h"

const struct module *const modules[] = { &registry_module, &trace_module, &flow_module };
const size_t modules_n = ROWS(modules);

const struct engine *const engines[] = { &sqlite_engine, &pg_engine };
const size_t engines_n = ROWS(engines);
