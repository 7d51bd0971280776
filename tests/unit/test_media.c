/* tests/unit/test_media.c - uploads are judged by content; photos lose what they should not tell (place, owner, camera, comments). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/media.h"

#define JPEG_SOI "\xff\xd8"
#define JPEG_APP0 "\xff\xe0\x00\x07" "JFIF\x00"
#define JPEG_EXIF "\xff\xe1\x00\x10" "Exif\x00\x00" "GPSPLACE"
#define JPEG_XMP "\xff\xe1\x00\x0b" "http://ns"
#define JPEG_IPTC "\xff\xed\x00\x08" "OWNER1"
#define JPEG_NOTE "\xff\xfe\x00\x09" "comment"
#define JPEG_DQT "\xff\xdb\x00\x05" "\x01\x02\x03"
#define JPEG_SCAN "\xff\xda\x00\x04" "\x01\x02" "pixels\xff\xd9"
#define PNG_HEAD "\x89PNG\r\n\x1a\n"
#define PNG_IHDR "\x00\x00\x00\x02IHDR" "xy" "\x01\x02\x03\x04"
#define PNG_TEXT "\x00\x00\x00\x05tEXt" "OWNER" "\x01\x02\x03\x04"
#define PNG_EXIF "\x00\x00\x00\x05" "eXIf" "PLACE" "\x01\x02\x03\x04"
#define PNG_IDAT "\x00\x00\x00\x03IDAT" "pix" "\x01\x02\x03\x04"
#define PNG_IEND "\x00\x00\x00\x00IEND" "\xae\x42\x60\x82"
#define B(x) { x, sizeof(x) - 1 }

struct bytes { const char *p; size_t n; };

static const struct { const char *what; struct bytes in, out; enum err err; } rows[] = {
	{ "a JPEG without EXIF stays as it is", B(JPEG_SOI JPEG_APP0 JPEG_DQT JPEG_SCAN), B(JPEG_SOI JPEG_APP0 JPEG_DQT JPEG_SCAN), OK },
	{ "EXIF goes", B(JPEG_SOI JPEG_APP0 JPEG_EXIF JPEG_DQT JPEG_SCAN), B(JPEG_SOI JPEG_APP0 JPEG_DQT JPEG_SCAN), OK },
	{ "XMP, IPTC and comments go", B(JPEG_SOI JPEG_XMP JPEG_IPTC JPEG_NOTE JPEG_DQT JPEG_SCAN), B(JPEG_SOI JPEG_DQT JPEG_SCAN), OK },
	{ "a JPEG cut off in a segment is broken", B(JPEG_SOI "\xff\xe1\x40\x00" "Exif"), B(""), E_BAD },
	{ "a JPEG without a scan is broken", B(JPEG_SOI JPEG_APP0), B(""), E_BAD },
	{ "text, time and EXIF chunks of a PNG go", B(PNG_HEAD PNG_IHDR PNG_TEXT PNG_EXIF PNG_IDAT PNG_IEND), B(PNG_HEAD PNG_IHDR PNG_IDAT PNG_IEND), OK },
	{ "what hides behind the end of a PNG goes", B(PNG_HEAD PNG_IHDR PNG_IDAT PNG_IEND "SECRET"), B(PNG_HEAD PNG_IHDR PNG_IDAT PNG_IEND), OK },
	{ "a PNG with a chunk longer than the file is broken", B(PNG_HEAD "\x7f\x00\x00\x00IDATabcdefgh"), B(""), E_BAD },
	{ "a PDF is left alone", B("%PDF-1.7\nOWNER"), B("%PDF-1.7\nOWNER"), OK },
};

static void photos_lose_what_they_should_not_tell(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct arena a;
		struct str out = S("");
		enum err e;

		arena_init(&a, 1 << 20, NULL);
		e = media_clean(&a, (struct str){ rows[i].in.p, rows[i].in.n }, &out);
		if (e != rows[i].err || !str_eq(out, (struct str){ rows[i].out.p, rows[i].out.n }))
			fail_msg("%s: %s, %zu bytes", rows[i].what, err_name(e), out.n);
		arena_end(&a);
	}
}

static void content_decides_not_the_name(void **state)
{
	static const struct { struct bytes in; const char *type; } kinds[] = {
		{ B("%PDF-1.4\nx"), "application/pdf" }, { B(JPEG_SOI JPEG_APP0), "image/jpeg" }, { B(PNG_HEAD PNG_IHDR PNG_IEND), "image/png" },
		{ B("<html><script>"), NULL }, { B("GIF89a........."), NULL }, { B("PK\x03\x04 a workbook"), NULL }, { B("MZ\x90 a program"), NULL },
		{ B(""), NULL }, { B("%PDF"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(kinds); i++) {
		const char *t = media_type((struct str){ kinds[i].in.p, kinds[i].in.n });

		if ((t == NULL) != (kinds[i].type == NULL) || (t && strcmp(t, kinds[i].type) != 0))
			fail_msg("row %zu: %s", i, t ? t : "nothing");
	}
}

/* Every cut and every flipped byte: an answer, never a read past the end (the sanitizers watch). */
static void broken_pictures_are_refused_or_cleaned(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		for (size_t n = 0; n <= rows[i].in.n; n++)
			for (int flip = 0; flip < 256; flip += 51) {
				struct arena a;
				struct str out;
				char *copy;

				arena_init(&a, 1 << 20, NULL);
				copy = str_z(&a, (struct str){ rows[i].in.p, n });
				if (n)
					copy[n - 1] = (char)flip;
				if (media_clean(&a, (struct str){ copy, n }, &out) == OK)
					assert_true(out.n <= n);
				arena_end(&a);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(photos_lose_what_they_should_not_tell),
		cmocka_unit_test(content_decides_not_the_name),
		cmocka_unit_test(broken_pictures_are_refused_or_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
