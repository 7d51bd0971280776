/* record/media.h - what an uploaded file is by its content, and a photo without what it should not tell. Pure. */
#ifndef SUYUAN_MEDIA_H
#define SUYUAN_MEDIA_H

#include "base/base.h"

/* "application/pdf", "image/jpeg", "image/png", or NULL for everything else; the name plays no part. */
const char *media_type(struct str bytes);
/* A JPEG without EXIF, XMP, IPTC and comments (place, owner, camera), a PNG without text, time and EXIF chunks; pixels untouched.
 * E_BAD where the structure is broken. Other types come back as they are. */
enum err media_clean(struct arena *a, struct str bytes, struct str *ret) MUST_USE;

#endif
