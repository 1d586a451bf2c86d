/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rig_resume.h - the gateway between the two hosts of rig_inline.h is stopped and started again.
 */
#pragma once

#include <stddef.h>

#include "rig_inline.h"

#define LEFT_MAX 131072u

#define GOES_ON "midstream = \"resume\";"

/* What the last run has left behind. */
struct left {
    uint8_t octets[LEFT_MAX];
    size_t n;
};

/* The next PDU of this direction, which acknowledges all that was said. */
struct ps_decision two_next(struct two *w, unsigned dir, const char *hex);

/* A poll; all of it is acknowledged. */
void two_poll(struct two *w);

void two_stop(struct two *w, struct left *left);

/* Another engine, `ms` later, on the conduit as `mode` has it (two_init()); the hosts are as they were. What
 * ps_engine_restore() says. */
const char *two_start(struct two *w, const struct left *left, const char *mode, uint32_t ms);

/* Both, with a second between them and the key; nothing is wrong. */
void two_restart(struct two *w);

/* The snapshot's checksum is made right. */
void left_sum(struct left *left);

/* Connections in it. */
uint32_t left_count(const struct left *left);
