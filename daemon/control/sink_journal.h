/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sink_journal.h - events to the journal of systemd, with the fields that people filter by.
 */
#pragma once

#include <stdbool.h>

/* text: the event as JSON; urgency as syslog(3). False: errno says why. */
bool ps_sink_journal_write(const char *text, int urgency);
