/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lock.h - what only one process of a network namespace may have: a name without a file, gone with the process whatever
 * its end.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* A descriptor: closing it gives the lock back. -1 and errno: EADDRINUSE, somebody has it. name: at most 80 octets. */
int ps_lock_take(const char *name);

/* The process that has it, 0: not known. */
pid_t ps_lock_owner(const char *name);
/* ", process 123", or "". */
const char *ps_lock_owner_text(const char *name, char text[32]);
