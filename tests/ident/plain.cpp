/* The public header in C++, every function taken once. */
#include <suyuan-ident.h>

#include <cstdio>
#include <string>

static int failed;

static void want(bool right, const char *what)
{
	if (!right) {
		std::printf("not ok - %s\n", what);
		failed = 1;
	}
}

int main()
{
	const std::string link = "https://id.gs1.org/01/80614141123458/21/6789", wrong = "91110000600037341K";
	suyuan_ident_reader *r = suyuan_ident_new();
	char json[2048], small[8];
	size_t kinds = 0;

	const suyuan_ident_answer *a = suyuan_ident_check(r, nullptr, link.data(), link.size(), SUYUAN_IDENT_STRICT);
	want(a && a->valid && a->normal.p == link && a->kind == std::string("gs1_digital_link"), "a link is a link");
	const suyuan_ident_part *p = suyuan_ident_find(a, "21");
	want(p && p->type == SUYUAN_IDENT_TEXT && p->value.p == std::string("6789"), "its serial");
	want(!suyuan_ident_find(a, "10"), "no lot");
	a = suyuan_ident_check(r, "uscc", wrong.data(), wrong.size(), SUYUAN_IDENT_STRICT);
	want(a && !a->valid && a->error.code == std::string("check") && a->error_position == 17, "an error and its place");
	want(!suyuan_ident_check(r, "nonsense", "1", 1, SUYUAN_IDENT_STRICT), "an unknown kind");
	want(suyuan_ident_to_elements(r, link.data(), link.size()) == std::string("(01)80614141123458(21)6789"), "elements");
	want(suyuan_ident_to_epc(r, link.data(), link.size(), 7) == std::string("urn:epc:id:sgtin:0614141.812345.6789"), "epc");
	want(suyuan_ident_to_tag(r, link.data(), link.size(), 7, 3, 96) == std::string("3074257BF7194E4000001A85"), "tag");
	const std::string tag = "3074257BF7194E4000001A85", elements = "(01)80614141123458(21)6789";
	want(suyuan_ident_to_link(r, tag.data(), tag.size()) == link, "link of a tag");
	want(suyuan_ident_to_link(r, elements.data(), elements.size()) == link, "link of elements");
	want(!suyuan_ident_to_link(r, wrong.data(), wrong.size()), "no link");
	size_t n = suyuan_ident(nullptr, link.data(), link.size(), SUYUAN_IDENT_LENIENT, json, sizeof(json));
	want(n && n < sizeof(json) && std::string(json).size() == n && json[0] == '{', "one call");
	want(suyuan_ident_json(r, nullptr, link.data(), link.size(), SUYUAN_IDENT_LENIENT) == std::string(json), "the same object");
	want(suyuan_ident(nullptr, link.data(), link.size(), SUYUAN_IDENT_LENIENT, small, sizeof(small)) == n && !small[0], "too small");
	while (suyuan_ident_kind(kinds))
		kinds++;
	want(kinds > 20 && suyuan_ident_version()[0], "kinds and version");
	suyuan_ident_free(r);
	suyuan_ident_free(nullptr);
	return failed;
}
