/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * notify.h - what the service manager is told (sd_notify(3)); without one, nothing.
 */
#pragma once

/* "READY=1", "STATUS=...", "WATCHDOG=1", "RELOADING=1", "STOPPING=1" */
void ps_notify(const char *state);
