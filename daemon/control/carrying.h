/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * carrying.h - what somebody in front of the ports carries of flows that nobody inspects (ps_io_carry_for() in port.h): told
 * which policy counts, before packets are judged by it and behind every change by hand.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct ps_daemon;
struct ps_policy;

struct ps_carrying {
    uint32_t state; /* that counts, ps_policy_slot_state() */
    bool is_behind; /* it could not be said: nothing new is carried, and it is tried again */
};

/* The policy, or what is closed by hand, is this from here on. */
void ps_carrying_policy(struct ps_daemon *daemon, const struct ps_policy *policy);

/* Once a second. */
void ps_carrying_second(struct ps_daemon *daemon);

/* For status: a new object, or null where nothing is carried. */
json_t *ps_carrying_json(struct ps_daemon *daemon);
