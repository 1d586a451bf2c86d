/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * push.h - the description of a ruleset (nft_ruleset.h), put into the kernel as one transaction; read back, and compared
 * object by object; and what its counters say.
 *
 *     push = ps_push_open(err, sizeof err);
 *     if (!ps_push_set(push, &nft.ruleset, err, sizeof err))
 *         ... what was in force still is
 *     if (!ps_push_compare(push, &nft.ruleset, &drifts, err, sizeof err))
 *         ... it could not be read
 *     for (i = 0; i < drifts.n && i < PS_PUSH_DRIFTS_MAX; i++)
 *         puts(drifts.items[i].text);
 *
 * Every set has its name in the kernel, those too that the text writes where they are used. Nothing is kept between two calls: the
 * description says what should be there. Without memory the program ends.
 *
 * Not compared: elements of sets with a time-out, which come and go, and what counters say.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ps_nft_ruleset;
struct ps_push;

/* false: it was built without libnftnl, and nothing here can be done. */
extern const bool ps_push_is_built;

/* A socket to the kernel; nothing is changed. NULL and a sentence in err. */
struct ps_push *ps_push_open(char *err, size_t err_size);
void ps_push_close(struct ps_push *push); /* the table stays; NULL is fine */

/* The table in place of the one of its name. What packets are remembered by in dynamic sets stays, where the table had the
 * same one, and so do counts of counters of the same name; no packet is lost in between. false and a sentence in err, with the object that the kernel does not take:
 * nothing has changed. Interfaces must be there. */
bool ps_push_set(struct ps_push *push, const struct ps_nft_ruleset *ruleset, char *err, size_t err_size);

/* The elements of a set with a time-out live for all of it from now on. false and a sentence in err: nothing has changed. */
bool ps_push_refresh(struct ps_push *push, const struct ps_nft_ruleset *ruleset, uint32_t set, char *err, size_t err_size);

/* Counts the transactions of this network namespace, whoever's they are; what packets put into sets, and what expires,
 * does not count. 0, or errno. */
int ps_push_generation(struct ps_push *push, uint32_t *generation);

/* The table goes, if it is there. */
bool ps_push_remove(struct ps_push *push, const struct ps_nft_ruleset *ruleset, char *err, size_t err_size);

/* ---- drift ------------------------------------------------------------------------------------------------------- */

enum ps_push_how {
    PS_PUSH_MISSING = 0, /* the description has it, the kernel has not */
    PS_PUSH_CHANGED,
    PS_PUSH_ADDED,       /* the kernel has it, the description has not */
};

enum ps_push_thing { PS_PUSH_TABLE = 0, PS_PUSH_CHAIN, PS_PUSH_COUNTER, PS_PUSH_SET, PS_PUSH_ELEMENT, PS_PUSH_RULE };

#define PS_PUSH_DRIFTS_MAX 32u
#define PS_PUSH_TEXT_MAX 400u

struct ps_push_drift {
    uint8_t how;   /* enum ps_push_how */
    uint8_t thing; /* enum ps_push_thing */
    char text[PS_PUSH_TEXT_MAX]; /* "rule 3 of chain ask4/c is missing" */
};

struct ps_push_drifts {
    uint32_t n; /* all; the first PS_PUSH_DRIFTS_MAX are kept. What is in a missing or added object is not counted again */
    struct ps_push_drift items[PS_PUSH_DRIFTS_MAX];
};

/* What the kernel has beside what it should have: n is 0 when that is the same. false and a sentence in err: it cannot be
 * read, and nothing is said. An interface that has come anew has another index: rules that forward to it have changed. */
bool ps_push_compare(struct ps_push *push, const struct ps_nft_ruleset *ruleset, struct ps_push_drifts *drifts, char *err,
                     size_t err_size);

/* ---- counters ---------------------------------------------------------------------------------------------------- */

struct ps_push_count {
    uint64_t packets, octets; /* since a table that has it was put there, in place of one that had not */
    bool is_there;
};

/* Of each counter of the ruleset, in its order: counts has n_counters. false and a sentence in err. */
bool ps_push_count(struct ps_push *push, const struct ps_nft_ruleset *ruleset, struct ps_push_count *counts, char *err,
                   size_t err_size);
