/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

const char *ps_text_count(uint64_t n, char buf[PS_COUNT_TEXT_MAX])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    char *to = buf;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return buf;
}

const char *ps_text_s(uint64_t n)
{
    return n == 1 ? "" : "s";
}

const char *ps_text_time(uint64_t time_ns, unsigned digits, bool with_offset, char buf[PS_TIME_TEXT_MAX])
{
    time_t second = (time_t)(time_ns / PS_NS_PER_S);
    struct tm tm;
    size_t len;
    char zone[8] = "", fraction[16];

    localtime_r(&second, &tm);
    len = strftime(buf, PS_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    if (digits > 0) {
        snprintf(fraction, sizeof fraction, ".%09u", (unsigned)(time_ns % PS_NS_PER_S));
        memcpy(buf + len, fraction, digits + 1);
        len += digits + 1;
        buf[len] = '\0';
    }
    if (with_offset && strftime(zone, sizeof zone, "%z", &tm) == 5)
        snprintf(buf + len, PS_TIME_TEXT_MAX - len, "%.3s:%s", zone, zone + 3);
    return buf;
}

const char *ps_text_colour(FILE *out, enum ps_colour colour)
{
    static const char *const escapes[] = {"\033[0m", "\033[31m", "\033[33m", "\033[32m", "\033[1m"};
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    if (!isatty(fileno(out)) || (no_color != NULL && no_color[0] != '\0') ||
        (term != NULL && strcmp(term, "dumb") == 0))
        return "";
    return escapes[colour];
}

void *ps_need(void *memory)
{
    if (memory != NULL)
        return memory;
    fputs("penstock: error: out of memory\n", stderr);
    exit(1);
}
