/* mod/registry/registry.h - the registry module; only src/modules.c names it. */
#ifndef SUYUAN_REGISTRY_H
#define SUYUAN_REGISTRY_H

extern const struct module registry_module;

#endif
