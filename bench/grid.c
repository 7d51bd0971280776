/* bench/grid.c - reading tables of 12 columns, against the limit of each form measured in the same run.
 *
 * bench_grid [LINES] [FOLDER]: writes a workbook (shared texts) and a CSV of LINES lines (1,000,000) into FOLDER (/tmp) and reads both
 * through grid_next. XLSX against inflating its parts and nothing else; CSV against counting its newlines with memchr. Each reading is its
 * own process, so that its peak resident size is its own.
 */
#include <fcntl.h>
#include <minizip/unzip.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "grid/grid.h"

enum { COLUMNS = 12, LINES = 1000000 };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

/* A third are codes of their own, the rest words that come again, as in lists of deliveries. */
static int cell(char *out, size_t n, unsigned line, unsigned col)
{
	if (col == 0)
		return snprintf(out, n, "69%011u", line);
	if (col == 1)
		return snprintf(out, n, "L%08u", line / 4);
	return col % 3 ? snprintf(out, n, "品名%u", (line * 31 + col) % 997) : snprintf(out, n, "%u.5", (line * 17 + col) % 10000);
}

static void write_xlsx(const char *path, unsigned lines)
{
	lxw_workbook *book = workbook_new(path);
	lxw_worksheet *sheet = workbook_add_worksheet(book, NULL);
	char text[64];

	for (unsigned r = 0; r < lines; r++)
		for (unsigned c = 0; c < COLUMNS; c++) {
			cell(text, sizeof(text), r, c);
			if (c > 1 && c % 3 == 0)
				worksheet_write_number(sheet, r, (lxw_col_t)c, strtod(text, NULL), NULL);
			else
				worksheet_write_string(sheet, r, (lxw_col_t)c, text, NULL);
		}
	if (workbook_close(book) != LXW_NO_ERROR)
		die(path);
}

static void write_csv(const char *path, unsigned lines)
{
	FILE *f = fopen(path, "w");
	char text[64];

	if (!f)
		die(path);
	for (unsigned r = 0; r < lines; r++)
		for (unsigned c = 0; c < COLUMNS; c++) {
			cell(text, sizeof(text), r, c);
			fprintf(f, "%s%s", text, c + 1 < COLUMNS ? "," : "\r\n");
		}
	fclose(f);
}

static int64_t read_file(void *ctx, uint64_t at, void *to, size_t n) { return pread(*(int *)ctx, to, n, (off_t)at); }

static uint64_t read_grid(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct grid_source s = { read_file, &fd, (uint64_t)lseek(fd, 0, SEEK_END) };
	struct str zh, en;
	struct grid_line l;
	struct grid_in *r = NULL;
	struct arena a, line;
	uint64_t n = 0;
	enum err e;

	arena_init(&a, 1 << 20, NULL);
	arena_init(&line, 16 << 20, NULL);
	if (fd < 0 || grid_open(&a, &s, S(""), NULL, &r, &zh, &en))
		die(path);
	for (; (e = grid_next(r, &line, &l)) == OK; n += l.n == COLUMNS)
		arena_reset(&line);
	if (e != E_ABSENT)
		die(err_name(e));
	grid_close(r);
	return n;
}

static uint64_t inflate_only(const char *path)
{
	char buf[65536];
	unzFile z = unzOpen64(path);
	uint64_t total = 0;
	int n;

	for (int at = unzGoToFirstFile(z); at == UNZ_OK; at = unzGoToNextFile(z)) {
		unzOpenCurrentFile(z);
		while ((n = unzReadCurrentFile(z, buf, sizeof(buf))) > 0)
			total += (uint64_t)n;
		unzCloseCurrentFile(z);
	}
	unzClose(z);
	return total;
}

static uint64_t count_newlines(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t n = (size_t)lseek(fd, 0, SEEK_END);
	const char *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0), *at = p;
	uint64_t lines = 0;

	while ((at = memchr(at, '\n', n - (size_t)(at - p)))) {
		lines++;
		at++;
	}
	return lines;
}

/* Processor seconds, which a busy machine changes little, and peak resident MiB of one run in a process of its own. */
static double run(uint64_t (*what)(const char *path), const char *path, double *ret_mib)
{
	struct rusage use;
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(what(path) == 0);
	if (wait4(pid, &status, 0, &use) != pid || status)
		die("a run");
	*ret_mib = (double)use.ru_maxrss / 1024;
	return seconds(use.ru_utime) + seconds(use.ru_stime);
}

static void compare(const char *form, const char *path, unsigned lines, uint64_t (*limit)(const char *), const char *named)
{
	double mib, none, best = 1e9, peer = 1e9;

	for (int i = 0; i < 3; i++) {
		double t = run(read_grid, path, &mib), p = run(limit, path, &none);

		best = t < best ? t : best;
		peer = p < peer ? p : peer;
	}
	printf("%-5s %9.0f lines/s  %6.1f MiB at most  %5.2f times the %s\n", form, lines / best, mib, best / peer, named);
}

int main(int argc, char **argv)
{
	unsigned lines = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : LINES;
	const char *folder = argc > 2 ? argv[2] : "/tmp";
	char path[2][512];
	pid_t pid;

	snprintf(path[0], sizeof(path[0]), "%s/bench_grid_%d.xlsx", folder, (int)getpid());
	snprintf(path[1], sizeof(path[1]), "%s/bench_grid_%d.csv", folder, (int)getpid());
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		write_xlsx(path[0], lines);
		write_csv(path[1], lines);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	compare("XLSX", path[0], lines, inflate_only, "time of inflate alone");
	compare("CSV", path[1], lines, count_newlines, "time of counting newlines");
	unlink(path[0]);
	unlink(path[1]);
	return 0;
}
