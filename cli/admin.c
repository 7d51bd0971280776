/* cli/admin.c - work on a home itself: init, rebuild, backup, restore, doctor, generated papers. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "cli/cli.h"

static void show_progress(void *ctx, uint64_t done, uint64_t of)
{
	const struct cli *c = ctx;

	if (!c->json && isatty(2))
		fprintf(stderr, "\r%llu / %llu", (unsigned long long)done, (unsigned long long)of);
}

struct progress cli_progress(const struct cli *c) { return (struct progress){ show_progress, (void *)(uintptr_t)c }; }

/* The origin names the log for ever: the public address without its scheme, unless said otherwise. */
static const char *origin_of(const struct cli *c, struct arena *a)
{
	struct str url = str_of(c->public_url ? c->public_url : "http://127.0.0.1:8080"), host = url;

	if (c->origin)
		return c->origin;
	for (size_t i = 0; i + 3 <= url.n; i++)
		if (memcmp(url.p + i, "://", 3) == 0)
			host = str_sub(url, i + 3, url.n);
	return str_fmt(a, "%.*s/log", STR_ARG(host)).p;
}

int cli_init(const struct cli *c) { return cli_make_home(c, false); }

int cli_make_home(const struct cli *c, bool quiet)
{
	struct arena a;
	char why[300];
	struct kernel_init i;
	enum err e;

	if (c->suite && strcmp(c->suite, "std") != 0 && strcmp(c->suite, "gm") != 0)
		return cli_say(E_BAD, "--suite: std 或 gm / std or gm");
	arena_init(&a, 1 << 20, NULL);
	i = (struct kernel_init){ .public_url = c->public_url ? c->public_url : "http://127.0.0.1:8080", .suite = c->suite ? c->suite : "std",
		.store = c->setup.store };
	i.origin = origin_of(c, &a);
	e = kernel_init_home(&c->setup, &i, why);
	if (e)
		cli_say(e, why);
	else if (!quiet && c->json)
		printf("{\"home\":\"%s\",\"origin\":\"%s\"}\n", c->setup.home, i.origin);
	else if (!quiet)
		printf("已建立 %s\n日志名称 %s\n请另行妥善备份 %s/keys（丢失后不能恢复未公开的内容）\n", c->setup.home, i.origin, c->setup.home);
	arena_end(&a);
	return err_exit(e);
}

int cli_rebuild(const struct cli *c)
{
	struct kernel *k;
	struct arena a;
	struct progress p = cli_progress(c);
	enum err e = cli_open(c, true, &k);

	if (e)
		return err_exit(e);
	arena_init(&a, 1 << 20, NULL);
	e = kernel_rebuild(k, &a, c->n > 1 ? c->words[1] : NULL, &p);
	if (e)
		cli_say(e, NULL);
	else if (!c->json)
		printf("已由记录重建 / rebuilt\n");
	arena_end(&a);
	kernel_close(k);
	return err_exit(e);
}

int cli_timestamp(const struct cli *c)
{
	struct kernel *k;
	struct stamp s;
	struct arena a;
	char why[300];
	enum err e = cli_open(c, true, &k);

	if (e)
		return err_exit(e);
	arena_init(&a, 1 << 20, NULL);
	e = kernel_stamp_now(k, why);
	if (e)
		cli_say(e, why);
	else if (kernel_stamp(k, &a, 0, &s) == OK)
		printf(c->json ? "{\"size\":%llu}\n" : "已加盖时间戳，%llu 条 / time-stamped\n", (unsigned long long)s.size);
	arena_end(&a);
	kernel_close(k);
	return err_exit(e);
}

/* ---- backup and restore: the store and the files; keys only when asked into their own place ---- */

static enum err copy_file(struct arena *a, const char *from, const char *to)
{
	struct str body;
	enum err e = file_read(a, from, (size_t)1 << 31, &body);

	return e ? e : file_write(to, body, 0600);
}

static enum err copy_tree(const char *from, const char *to)
{
	DIR *d = opendir(from);
	struct dirent *x;
	enum err e = d ? dir_make(to, 0700) : E_ABSENT;

	while (!e && (x = readdir(d)) != NULL) {
		char src[4096], dst[4096];
		struct stat st;
		struct arena a;

		if (x->d_name[0] == '.')
			continue;
		if (snprintf(src, sizeof(src), "%s/%s", from, x->d_name) >= (int)sizeof(src) ||
		    snprintf(dst, sizeof(dst), "%s/%s", to, x->d_name) >= (int)sizeof(dst) || stat(src, &st)) {
			e = E_IO;
			break;
		}
		arena_init(&a, (size_t)1 << 31, NULL);
		e = S_ISDIR(st.st_mode) ? copy_tree(src, dst) : copy_file(&a, src, dst);
		arena_end(&a);
	}
	if (d)
		closedir(d);
	return e;
}

int cli_backup(const struct cli *c)
{
	struct kernel *k;
	struct arena a;
	char why[300] = "";
	enum err e;

	if (c->n < 2)
		return cli_say(E_BAD, "用法 / usage: suyuan backup 目录");
	e = cli_open(c, true, &k);
	if (e)
		return err_exit(e);
	arena_init(&a, 1 << 20, NULL);
	e = dir_make(c->words[1], 0700);
	if (!e)
		e = kernel_backup(k, str_fmt(&a, "%s/suyuan.db", c->words[1]).p, why);
	if (!e)
		e = copy_tree(str_fmt(&a, "%s/files", c->setup.home).p, str_fmt(&a, "%s/files", c->words[1]).p);
	if (!e)
		e = copy_file(&a, str_fmt(&a, "%s/suyuan.json", c->setup.home).p, str_fmt(&a, "%s/suyuan.json", c->words[1]).p);
	if (e)
		cli_say(e, why);
	else
		printf("已备份到 %s（不含 keys 和 keystore：请另存，后者用 suyuan backup-keys；缺了它们，未公开的内容不能恢复）\n", c->words[1]);
	arena_end(&a);
	kernel_close(k);
	return err_exit(e);
}

/* What was erased is gone for good only when the oldest copy of its keys is: hence thirty days. */
int cli_backup_keys(const struct cli *c)
{
	struct kernel *k;
	char why[300] = "";
	enum err e;

	if (c->n < 2)
		return cli_say(E_BAD, "用法 / usage: suyuan backup-keys 文件");
	e = cli_open(c, true, &k);
	if (e)
		return err_exit(e);
	e = kernel_backup_keys(k, c->words[1], why);
	kernel_close(k);
	if (e)
		return cli_say(e, why);
	printf("密钥库已备份到 %s。请与记录的备份分开存放，30天内销毁旧的副本：在那之前，已删除的内容还能恢复\n", c->words[1]);
	return 0;
}

/* Lays the copy in place. guard/ is no part of a backup: put back beside an older store it makes every write refused, so that no second
 * history is signed; a home without it begins anew, and whoever holds a later receipt can prove that. */
int cli_restore(const struct cli *c)
{
	struct arena a;
	enum err e;

	if (c->n < 2)
		return cli_say(E_BAD, "用法 / usage: suyuan restore 目录");
	arena_init(&a, 1 << 20, NULL);
	if (file_exists(str_fmt(&a, "%s/suyuan.db", c->setup.home).p))
		e = E_CLASH;
	else
		e = copy_tree(c->words[1], c->setup.home);
	if (e == E_CLASH)
		cli_say(e, "目标目录里已有数据库，请先移走 / there is a database in the home: move it away first");
	else if (e)
		cli_say(e, NULL);
	else
		printf("已恢复到 %s；请放回 keys、keystore 和 guard 目录，然后运行 suyuan verify。\n注意：备份之后签发过的凭证不在其中，继续写入会与它们冲突，请先核对日志大小 / receipts given after the backup are not in it: compare the log size first\n", c->setup.home);
	arena_end(&a);
	return err_exit(e);
}

int cli_rotate(const struct cli *c)
{
	struct kernel *k;
	const char *cipher = c->n > 1 ? c->words[1] : NULL;
	enum err e;

	if (cipher && strcmp(cipher, "aes") != 0 && strcmp(cipher, "sm4") != 0)
		return cli_say(E_BAD, "用法 / usage: suyuan rotate-code-key [aes|sm4]");
	e = cli_open(c, true, &k);
	if (e)
		return err_exit(e);
	e = code_key_rotate(k, cipher ? cipher : kernel_hash(k) == HASH_SM3 ? "sm4" : "aes");
	kernel_close(k);
	if (e)
		return cli_say(e, NULL);
	printf("新的码密钥从下次启动起使用；旧码仍可查询\n");
	return 0;
}

int cli_signd(const struct cli *c)
{
	char why[300];
	enum err e;

	if (!c->listen)
		return cli_say(E_BAD, "用法 / usage: suyuan signd --home 目录 --listen 套接字路径 [--guard 目录]");
	e = kernel_signd(&c->setup, c->listen, why);
	return cli_say(e, why);
}

/* ---- doctor ---- */

static int warn_line(const char *zh, const char *en)
{
	printf("! %s / %s\n", zh, en);
	return 1;
}

int cli_doctor(const struct cli *c)
{
	struct kernel *k;
	struct arena a;
	struct stat st;
	char why[300];
	struct kernel_setup s = c->setup;
	int warnings = 0;
	enum err e;

	s.writing = false;
	e = kernel_open(&s, &k, why);
	if (e)
		return cli_say(e, why);
	arena_init(&a, 1 << 20, NULL);
	if (strstr(kernel_public_url(k), "127.0.0.1") || strstr(kernel_public_url(k), "localhost"))
		warnings += warn_line("public-url 是本机地址：印出去的码别人打不开；第一个码签发之前必须改定",
		                      "the public URL is local: printed codes would not open; settle it before the first code");
	else if (!str_starts(str_of(kernel_public_url(k)), "https://"))
		warnings += warn_line("public-url 不是 https：手机相机不能在页面上扫码", "the public URL is not https: phone cameras need it");
	if (stat(str_fmt(&a, "%s/keys", c->setup.home).p, &st) == 0 && st.st_mode & 077)
		warnings += warn_line("keys 目录别人可读", "the keys directory is readable by others");
	if (disk_free(c->setup.home) >= 0 && disk_free(c->setup.home) < (int64_t)1 << 30)
		warnings += warn_line("磁盘剩余不足1 GB", "less than 1 GB of disk is left");
	printf("%s：%llu 条日志；%d 个提醒 / %d warnings\n", c->setup.home, (unsigned long long)log_shown(kernel_log(k)).size, warnings, warnings);
	arena_end(&a);
	kernel_close(k);
	return 0;
}

/* ---- papers ---- */

static int paper(const struct cli *c, bool api)
{
	struct kernel *k;
	struct arena a;
	struct buf b;
	enum err e = cli_open(c, false, &k);

	if (e)
		return err_exit(e);
	arena_init(&a, 64 << 20, NULL);
	b = buf_in(&a, 1 << 16);
	if (api)
		json_write(&b, doc_openapi(k, &a));
	else
		doc_manual(k, &b);
	printf("%.*s\n", STR_ARG(buf_str(&b)));
	arena_end(&a);
	kernel_close(k);
	return 0;
}

int cli_manual(const struct cli *c) { return paper(c, false); }
int cli_openapi(const struct cli *c) { return paper(c, true); }
