/* cli/demo.h - inside cli/: the demonstration. */
#ifndef SUYUAN_DEMO_H
#define SUYUAN_DEMO_H

#include "cli/cli.h"

struct str demo_photo(struct arena *a, bool rope);
struct str demo_paper(struct arena *a, const char *title);

#endif
