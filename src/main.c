/* src/main.c - the roof: which command is which function. No logic. */
#include <stdio.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "src/modules.h"
#include "web/fetch.h"
#include "web/render.h"
#include "web/serve.h"

static int serve(const struct cli *c) { return serve_run(&c->setup, c->listen, c->cert, c->key); }

static const struct {
	const char *name;
	int (*run)(const struct cli *c);
	const char *zh, *en;
} commands[] = {
	{ "init",    cli_init,    "新建目录：--home --public-url --origin --suite std|gm", "make a home" },
	{ "serve",   serve,       "启动服务：--listen 127.0.0.1:8080", "serve" },
	{ "signd",   cli_signd,   "独立的签名进程：--listen 套接字路径 --guard 目录；服务用 --signer 连接", "sign in a process of its own" },
	{ "demo",    cli_demo,    "建立示例并走完整条链", "make a demonstration home" },
	{ "load",    cli_load,    "批量导入表格（CSV、XLSX、NDJSON、文本）：--as --choice --fixed", "load tables" },
	{ "verify",  cli_verify,  "核验本目录（--log 只核日志）；或核验别人的日志（网址、目录）、凭证、证据包：--vkey --policy --monitor（0 通过，1 不符，2 未定）", "verify a home, a log, a receipt" },
	{ "verify-label", cli_verify_label, "核对签名标签：--key 文件或密钥（0 相符，1 不符，2 未定）", "check signed labels" },
	{ "label-key", cli_label_key, "签名标签的公钥", "public key of signed labels" },
	{ "rebuild", cli_rebuild, "由记录重建查询表", "rebuild derived tables" },
	{ "backup",  cli_backup,  "备份到目录", "back up" },
	{ "backup-keys", cli_backup_keys, "备份密钥库到文件（与记录的备份分开，最多保留30天）", "back up the keystore, apart from the records" },
	{ "restore", cli_restore, "从目录恢复", "restore" },
	{ "rotate-code-key", cli_rotate, "启用新的码密钥：aes 或 sm4", "start a new code key" },
	{ "doctor",  cli_doctor,  "检查设置", "check the settings" },
	{ "timestamp", cli_timestamp, "请时间戳服务（设置 tsa_url）为最新的检查点加盖时间戳", "have the newest checkpoint time-stamped" },
	{ "manual",  cli_manual,  "操作手册", "print the manual" },
	{ "openapi", cli_openapi, "接口说明", "print the OpenAPI document" },
};

static int usage(FILE *to)
{
	fprintf(to, "suyuan 溯源\n\n  suyuan ident [--kind K] [--lenient] [--json]   识别每行一个码 / one text a line\n");
	for (size_t i = 0; i < ROWS(commands); i++)
		fprintf(to, "  suyuan %-16s %s / %s\n", commands[i].name, commands[i].zh, commands[i].en);
	fprintf(to, "  suyuan 操作名 --字段 值 ...   suyuan OP.NAME --field value ...（见 suyuan manual）\n");
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	struct cli c = { .setup = { .engines = engines, .n_engines = engines_n, .modules = modules, .n_modules = modules_n, .fetch = &web_fetcher, .render = &web_renderer } };

	if (argc > 1 && strcmp(argv[1], "ident") == 0)
		return cli_ident(argc - 1, argv + 1, stdin, stdout);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0))
		return usage(stdout);
	umask(077);                             /* what a home holds is for its owner alone */
	if (!cli_read(&c, argc, argv, stderr))
		return 2;
	if (c.n == 0)
		return usage(stderr);
	for (size_t i = 0; i < ROWS(commands); i++)
		if (strcmp(c.words[0], commands[i].name) == 0)
			return commands[i].run(&c);
	return cli_op(&c);
}
