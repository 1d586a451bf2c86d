/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * live.h - what the subcommands that ask a running penstockd share: reading JSON replies, and lines for people.
 */
#pragma once

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "remote.h"

/* Values of an object; "" and 0 where there are none. path: "policy.digest" goes through objects. */
const char *ps_live_text(const json_t *o, const char *path);
uint64_t ps_live_number(const json_t *o, const char *path);
bool ps_live_yes(const json_t *o, const char *path);

/* Of a status, without an end of line: "gw-1 enforcing, revision 7, digest 9f2c41d0, generation 3". */
void ps_live_print_policy(const json_t *status);

/* The object on one line. */
void ps_live_print_json(const json_t *o);

#define PS_LIVE_END_MAX 96

/* An end of an event or flow, "client" or "server": its asset's name, else its address, else its MAC. */
const char *ps_live_end(const json_t *o, const char *which, char text[PS_LIVE_END_MAX]);

/* An event in words: "12:04:33.120 deny no-rule scada-1 -> plc-1 modbus ... on scada-to-control (setpoints)". */
void ps_live_print_event(const json_t *event, FILE *out);

/* A refusal as status shows the last one: "2 min ago: scada-1 -> plc-1 modbus ..., no-rule on scada-to-control". */
void ps_live_print_refusal(const json_t *event, FILE *out);

/* Seconds since a time as JSON has it; 0: it lies ahead, or is none. */
uint64_t ps_live_seconds_since(const char *text);

/* "3 min", "12 days": the largest unit. */
const char *ps_live_age(uint64_t seconds, char text[32]);

/* Set by Ctrl-C and SIGTERM from here on. */
extern volatile sig_atomic_t ps_live_stopped;
void ps_live_catch_stop(void);

/* The options that most of them have, in this order: --socket, --json. */
#define PS_LIVE_OPTIONS PS_REMOTE_OPTION, {"json", 0, NULL, "print one JSON object"}
enum { PS_LIVE_SOCKET, PS_LIVE_JSON, PS_LIVE_FIRST_OWN };

struct ps_live_args {
    const char *socket;
    bool json;
};
/* Takes an option of ps_args_next() that is one of these; false: it is the subcommand's own. */
bool ps_live_take(struct ps_live_args *live, int option, const char *value);
/* After the last option: do at most max_rest words stand behind? False: leave with *answer. complaint: NULL, the usual. */
bool ps_live_rest(const struct ps_args *args, int option, size_t max_rest, const char *complaint, int *answer);

/* Reads a command line that has these options and at most max_rest words. False: leave with *answer. */
bool ps_live_args(struct ps_args *args, size_t max_rest, struct ps_live_args *out, int *answer);

/* Asks and prints: JSON, also of a reply that says no, or what print() makes of one that says yes. */
int ps_live_show(const struct ps_live_args *args, json_t *request, void (*print)(const json_t *reply));
