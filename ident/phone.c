/* ident/phone.c - telephone numbers of mainland China: mobile, fixed, 400, 800 and short service numbers. Pure.
 *
 * Never says that a number is in service. Area codes and prefixes are facts of the numbering plan, state of 2026-01.
 */
#include "in.h"

/* Areas with 8-digit, with 7-digit and with both kinds of local numbers; Beijing and 2x are handled in code. */
static const char areas8[] = "311 371 377 379 411 431 432 451 510 511 512 513 514 515 516 517 518 519 523 527 531 532 551 571 "
	"573 574 575 576 577 579 591 595 731 755 757 760 769 791 871 898 ";
static const char areas7[] = "310 312 313 314 315 316 317 318 319 335 349 350 351 352 353 354 355 356 357 358 359 370 372 373 "
	"374 375 376 391 392 393 394 395 396 398 412 415 416 417 418 419 421 427 429 434 436 437 438 439 452 453 454 455 456 "
	"457 458 459 464 467 468 469 470 471 472 473 474 475 476 477 478 479 482 483 530 533 534 535 536 537 538 539 543 546 "
	"550 552 553 554 555 556 557 558 559 561 562 563 564 566 570 572 578 580 592 593 594 596 597 598 599 631 632 633 635 "
	"660 662 663 668 691 692 701 710 711 712 713 714 715 716 717 718 719 722 724 728 730 734 735 736 737 738 739 743 744 "
	"745 746 750 751 752 753 756 758 759 762 763 766 768 770 771 772 773 774 775 776 777 778 779 790 792 793 794 795 796 "
	"797 798 799 812 813 816 817 818 825 826 827 830 831 832 833 834 835 836 837 838 839 854 855 856 857 858 859 870 872 "
	"873 874 875 876 877 878 879 883 886 887 888 891 892 893 894 895 896 897 901 902 903 906 908 909 911 912 913 914 915 "
	"916 917 919 930 931 932 933 934 935 936 937 938 939 941 943 951 952 953 954 955 970 971 972 973 974 975 976 977 979 "
	"990 991 992 993 995 996 997 998 999 ";
static const char areas78[] = "433 435 754 851 ";

static bool area_in(const char *list, struct str area)
{
	for (; *list; list += 4)
		if (memcmp(list, area.p, 3) == 0)
			return true;
	return false;
}

static bool starts(struct str s, const char *p) { return str_starts(s, p); }

static bool is_mobile(struct str s)
{
	if (s.n != 11 || s.p[0] != '1')
		return false;
	switch (s.p[1]) {
	case '3': case '8': return true;
	case '4': return s.p[2] == '5' || s.p[2] == '7';
	case '5': case '9': return s.p[2] != '4' && !(s.p[1] == '9' && s.p[2] == '4');
	case '6': return strchr("2567", s.p[2]) || starts(s, "1610");
	case '7': return (s.p[2] != '4' && s.p[2] != '9') || (starts(s, "1740") && s.p[4] <= '5');
	default: return false;
	}
}

/* Service numbers dialled with the area code: 100xx, 123x(x), 95xxx(x). */
static bool local_service(struct str local, bool five)
{
	if (starts(local, "100"))
		return local.n == 5;
	if (starts(local, "123"))
		return local.n == (five ? 5 : 4);
	return starts(local, "95") && (local.n == 5 || local.n == 6);
}

static bool beijing_or_2x(struct str s)
{
	struct str local = str_sub(s, 2, s.n);
	char first = local.n ? local.p[0] : 0;
	bool guarded = starts(s, "10") || starts(s, "21");      /* there 100.... and 800.... are services */

	if (s.n < 2 || !(starts(s, "10") || (s.p[0] == '2' && s.p[1] != '6')))
		return false;
	if (local_service(local, true))
		return true;
	if (local.n != 8 || (starts(s, "21") && first == '0'))
		return false;
	return !(guarded && (first == '1' || first == '8') && starts(str_sub(local, 1, 2), "00"));
}

static bool is_fixed(struct str s)
{
	struct str area = str_sub(s, 0, 3), local = str_sub(s, 3, s.n);

	if (beijing_or_2x(s))
		return true;
	if (s.n < 7)
		return false;
	if (area_in(areas8, area))
		return local.n == 8 || (local_service(local, false) && s.n >= 7);
	if (area_in(areas78, area))
		return local.n == 7 || local.n == 8 || local_service(local, false);
	if (area_in(areas7, area))
		return local.n == 7 || local_service(local, false);
	if (starts(area, "978") || starts(area, "994"))
		return local.n == 7 || (local_service(local, false) && !starts(local, "123"));
	return false;
}

static bool known_area(struct str s, struct str *ret_local)
{
	*ret_local = str_sub(s, 2, s.n);
	if (s.n > 2 && s.p[0] == '2' && s.p[1] != '6')
		return true;
	*ret_local = str_sub(s, 3, s.n);
	return s.n > 3 && (area_in(areas8, s) || area_in(areas7, s) || area_in(areas78, s) || starts(s, "978") || starts(s, "994"));
}

static bool is_shared(struct str s)
{
	struct str local;

	if (s.n == 10 && starts(s, "400"))
		return true;
	if ((s.n == 10 || s.n == 11) && starts(s, "950"))
		return true;
	if (starts(s, "1010"))
		return s.n == 8;
	if (starts(s, "1096"))
		return s.n == 7 || s.n == 8;
	return known_area(s, &local) && starts(local, "96") && (local.n == 5 || local.n == 6);
}

/* NULL when the national number (without the leading 0) is none. */
static const char *type_of(struct str s)
{
	if (is_mobile(s))
		return "MOBILE";
	if ((s.n == 10 && starts(s, "800")) || (s.n == 12 && (starts(s, "10800") || starts(s, "21800"))))
		return "TOLL_FREE";
	if (is_shared(s))
		return "SHARED_COST";
	if (is_fixed(s))
		return "FIXED_LINE";
	return s.n == 8 && (starts(s, "160") || starts(s, "168")) ? "PREMIUM_RATE" : NULL;
}

/* 转8001, ext. 8001, x8001, #8001 after the number; *s keeps the number. */
static bool extension(struct check *c, struct str *s, struct str *ret)
{
	static const char marks[][8] = { "转", "分机", "ext.", "ext", "EXT", "x", "#", "," };

	*ret = (struct str){ "", 0 };
	for (size_t at = 1; at < s->n; at++)
		for (size_t k = 0; k < ROWS(marks); k++) {
			struct str rest = str_sub(*s, at, s->n);

			if (!str_starts(rest, marks[k]))
				continue;
			rest = str_trim(str_sub(rest, strlen(marks[k]), rest.n));
			if (!all_digits(rest) || rest.n > 7)
				return bad(c, "extension", at, "分机号应为 1 至 7 位数字", "the extension must be 1 to 7 digits");
			*ret = rest;
			*s = str_trim(str_sub(*s, 0, at));
			return true;
		}
	return true;
}

static bool digits_of(struct check *c, struct str s, struct str *ret, bool *ret_plus)
{
	char *p = TAKE(c->a, char, s.n + 1);
	size_t n = 0;

	*ret_plus = str_starts(s, "+");
	for (size_t i = *ret_plus; i < s.n; i++) {
		if (is_digit(s.p[i]))
			p[n++] = s.p[i];
		else if (!s.p[i] || !strchr(" -.()", s.p[i]))
			return bad(c, "charset", i, "电话号码只能由半角数字、+、空格、连字符和括号组成",
				"a telephone number holds ASCII digits, +, spaces, hyphens and brackets only");
	}
	*ret = (struct str){ p, n };
	return true;
}

/* 010-84267313-8001: the last group is an extension when the rest is a whole number. Lenient only. */
static const char *with_tail(struct check *c, struct str s, struct str *national, struct str *ext)
{
	size_t at = s.n;
	bool plus;
	const char *type;

	while (at && s.p[at - 1] != '-')
		at--;
	if (at < 2 || at == s.n || s.n - at > 6 || !all_digits(str_sub(s, at, s.n)))
		return NULL;
	if (!digits_of(c, str_sub(s, 0, at - 1), national, &plus) || plus)
		return NULL;
	if (starts(*national, "0"))
		*national = str_sub(*national, 1, national->n);
	type = type_of(*national);
	if (type)
		*ext = str_sub(s, at, s.n);
	return type;
}

static const char *national_of(struct str digits, bool plus, struct str *ret)
{
	struct str tries[4];
	size_t n = 0;

	if (plus) {
		if (!starts(digits, "86"))
			return NULL;
		tries[n++] = str_sub(digits, 2, digits.n);
	} else {
		tries[n++] = digits;
		if (starts(digits, "0086"))
			tries[n++] = str_sub(digits, 4, digits.n);
		else if (starts(digits, "86"))
			tries[n++] = str_sub(digits, 2, digits.n);
	}
	for (size_t i = 0; i < n; i++) {
		*ret = starts(tries[i], "0") ? str_sub(tries[i], 1, tries[i].n) : tries[i];
		if (type_of(*ret))
			return type_of(*ret);
	}
	return NULL;
}

void phone_kind(struct check *c)
{
	struct str s = c->in, ext, digits, national;
	const char *type;
	bool plus;

	if (c->lenient)
		s = c->in = squeeze(c->a, c->in, "\t");
	if (!extension(c, &s, &ext) || !digits_of(c, s, &digits, &plus))
		return;
	type = national_of(digits, plus, &national);
	if (!type && c->lenient && ext.n == 0)
		type = with_tail(c, s, &national, &ext);
	if (!type) {
		bad(c, "number", 0, "不是国内有效的电话号码（手机 11 位，固定电话须带区号，400、800）",
			"not a valid number of China (mobile, fixed with area code, 400 or 800)");
		return;
	}
	part(c, "e164", str_fmt(c->a, "+86%.*s", STR_ARG(national)));
	part(c, "type", str_of(type));
	if (ext.n)
		part(c, "extension", ext);
	if (ext.n)
		accept(c, str_fmt(c->a, "+86%.*sext%.*s", STR_ARG(national), STR_ARG(ext)));
	else
		accept(c, ident_part(c->r, "e164")->value);
}

/* Service numbers: 3 to 8 digits beginning with 1 or 9, e.g. 110, 12315, 95588, 10086, 96xxx. */
void phone_short_kind(struct check *c)
{
	if (c->lenient)
		c->in = squeeze(c->a, c->in, " \t-");
	if (!want_digits(c))
		return;
	if (c->in.n < 3 || c->in.n > 8) {
		bad(c, "length", 0, "短号码应为 3 至 8 位数字", "a short number has 3 to 8 digits");
		return;
	}
	if (c->in.p[0] != '1' && c->in.p[0] != '9') {
		bad(c, "prefix", 0, "短号码以 1 或 9 开头", "a short number begins with 1 or 9");
		return;
	}
	part(c, "number", c->in);
	accept(c, c->in);
}
