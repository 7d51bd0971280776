/* web/render.h - the templates for those below this floor (kernel_setup.render). */
#ifndef SUYUAN_RENDER_H
#define SUYUAN_RENDER_H

#include "kernel/kernel.h"

extern const struct renderer web_renderer;

#endif
