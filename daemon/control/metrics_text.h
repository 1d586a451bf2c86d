/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * metrics_text.h - the gateway's numbers in Prometheus' text format 0.0.4. docs/metrics.md names each.
 */
#pragma once

#include <stddef.h>

#define PS_METRICS_TEXT_MAX ((size_t)8 << 20) /* octets; samples that do not fit are left out and counted */

struct ps_daemon;

/* malloc()ed. Control thread; asks the workers to hand on what their connections have counted, for at most half a second. */
char *ps_metrics_text(struct ps_daemon *daemon, size_t *len);
