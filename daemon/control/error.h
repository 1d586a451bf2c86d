/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * error.h - why something could not be done: one sentence without a full stop.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct ps_error {
    char text[512]; /* "": nothing went wrong */
};

/* Puts a sentence into it and returns false. printf-like. */
__attribute__((format(printf, 2, 3))) bool ps_error_say(struct ps_error *err, const char *format, ...);

/* "WHAT: No such file or directory", of errno. */
static inline bool ps_error_errno(struct ps_error *err, const char *what)
{
    return ps_error_say(err, "%s: %s", what, strerror(errno));
}

/* "WHAT NAME: No such file or directory". */
static inline bool ps_error_errno_of(struct ps_error *err, const char *what, const char *name)
{
    return ps_error_say(err, "%s %s: %s", what, name, strerror(errno));
}
