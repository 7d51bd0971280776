/* check.c - says what the texts given are: check [--lenient] TEXT... */
#include <stdio.h>
#include <string.h>

#include <suyuan-ident.h>

static void show(const struct suyuan_ident_answer *a)
{
	if (!a->valid) {
		printf("%s: %s at %zu: %s\n", a->kind ? a->kind : "unknown", a->error.code, a->error_position, a->error.en.p);
		return;
	}
	printf("%s: %s\n", a->kind, a->normal.p);
	for (size_t i = 0; i < a->n_parts; i++)
		printf("  %s = %s\n", a->parts[i].name, a->parts[i].value.p);
	for (size_t i = 0; i < a->n_warnings; i++)
		printf("  note: %s\n", a->warnings[i].en.p);
}

int main(int argc, char **argv)
{
	struct suyuan_ident_reader *r = suyuan_ident_new();
	enum suyuan_ident_mode mode = SUYUAN_IDENT_STRICT;
	const char *link;
	int wrong = 0;

	if (!r)
		return 2;
	for (int i = 1; i < argc; i++) {
		const struct suyuan_ident_answer *a;

		if (strcmp(argv[i], "--lenient") == 0) {
			mode = SUYUAN_IDENT_LENIENT;
			continue;
		}
		a = suyuan_ident_check(r, NULL, argv[i], strlen(argv[i]), mode);
		if (a)
			show(a);
		wrong |= !a || !a->valid;
		link = suyuan_ident_to_link(r, argv[i], strlen(argv[i]));       /* ends the answer above */
		if (link)
			printf("  as a link: %s\n", link);
	}
	suyuan_ident_free(r);
	return wrong;
}
