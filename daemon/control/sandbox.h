/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sandbox.h - what a process may still do from here on: nothing that it does not need.
 *
 * Three walls, each for the case that the others fail: capabilities (nothing that only root may), seccomp (no system
 * call that is not on the list) and, where the kernel has it, Landlock (no file but those named). They cannot be taken
 * down again, and children inherit them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Limits of a process that reads what somebody else wrote. 0: not limited. */
struct ps_sandbox_limits {
    uint64_t memory; /* octets of address space */
    uint64_t output; /* octets of one file that it writes to */
    uint32_t cpu_s;  /* seconds of processor time */
};

/* For the loader: it reads files and writes to what it has open. No capability, no socket, no process, no file opened
 * for writing. false and a sentence in err when a wall that this kernel has could not be put up. */
bool ps_sandbox_reader(const struct ps_sandbox_limits *limits, struct ps_error *err);

/* For the daemon after its start: user and group (both 0: as now) and no new privileges for all threads of it; capabilities
 * kept[0..n) (numbers of linux/capability.h) and no others for the calling one. */
struct ps_sandbox_daemon {
    uint32_t uid, gid;
    const int *kept;
    size_t n_kept;
    const char *const *writable; /* folders in which it makes and writes files; NULL-terminated, NULL: everywhere */
};
bool ps_sandbox_daemon(const struct ps_sandbox_daemon *keep, struct ps_error *err);

/* Every thread but the calling one loses all capabilities. Call it when all threads are there: one that is started later has
 * those of its starter. false and a sentence in err when some thread still has any. */
bool ps_sandbox_other_threads(struct ps_error *err);

/* Version of Landlock's interface, 0: this kernel has none. For status. */
unsigned ps_sandbox_landlock(void);
