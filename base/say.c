/* base/say.c - one structured line on standard error. Callers never pass values a party withholds. */
#include "sys.h"

void say(enum say_level level, const char *fmt, ...)
{
	static const char *const words[] = { "info", "warn", "error" };
	char line[1024], when[32];
	struct tm tm;
	int64_t now = clock_now();
	time_t s = (time_t)(now / 1000);
	va_list args;

	gmtime_r(&s, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	for (char *p = line; *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';               /* one event, one line */
	fprintf(stderr, "%s.%03dZ %s %s\n", when, (int)(now % 1000), words[level], line);
}
