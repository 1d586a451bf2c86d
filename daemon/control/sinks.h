/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sinks.h - where events go: files, syslog, the journal.
 *
 * A sink has a thread of its own and a queue with a limit. One that is stuck (full disk, dead syslog) holds up nobody: what does
 * not fit is counted, and the count is told when it takes events again.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "config.h"
#include "error.h"

/* As syslog(3) orders them. */
enum ps_urgency { PS_URGENCY_ERROR = 3, PS_URGENCY_WARNING = 4, PS_URGENCY_NOTICE = 5, PS_URGENCY_INFO = 6 };

struct ps_sinks;

/* Starts the sinks of the configuration, whose threads have the privileges that the caller has now. One that cannot be opened yet
 * is tried again. NULL and a sentence in err. */
struct ps_sinks *ps_sinks_new(const struct ps_config *config, struct ps_error *err);
/* Writes what is queued, for at most a second. NULL is fine. */
void ps_sinks_free(struct ps_sinks *sinks);

/* Never waits. o is borrowed. Control thread. */
void ps_sinks_put(struct ps_sinks *sinks, const json_t *o, enum ps_urgency urgency);

/* Files are opened anew (SIGHUP, after they were moved away). */
void ps_sinks_reopen(struct ps_sinks *sinks);

/* Of each sink: "kind", "path", "written", "lost", "queued", "error" (why it is stuck). */
json_t *ps_sinks_json(struct ps_sinks *sinks);
