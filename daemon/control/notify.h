/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * notify.h - what the service manager is told (sd_notify(3)); without one, nothing.
 */
#pragma once

/* "READY=1": waits until the manager has room for it, since it waits for that too. */
void ps_notify(const char *state);

/* "WATCHDOG=1", "STOPPING=1", "STATUS=...": waits for nobody. A manager that does not read for a while, and whose queue is full,
 * does not hear it. */
void ps_notify_now(const char *state);
