/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_gen.h - what the generator of schedules and the moves that it chooses from share.
 */
#pragma once

#include "adversary.h"

struct gen {
    uint64_t state;
    struct adv_schedule *schedule;
    struct adv_plan plan;
    unsigned hostile;  /* 0: nobody; else the host's index + 1 */
    bool calm;         /* nothing that only the engine can do */
    uint32_t said;     /* octets that the client's application has written */
    uint32_t at;       /* where the attacker's stream is */
    uint32_t most;     /* octets that the client's application will write */
    uint32_t moves;    /* bit by bit: which of the attacker's it makes */
    uint32_t faults[4]; /* of each link */
    uint32_t unit;     /* octets of a short request */
    uint32_t plain;    /* in a hundred: octets that are those of the plan */
};

uint64_t adv_gen_next(struct gen *g);

static inline int32_t below(struct gen *g, uint32_t n)
{
    return (int32_t)(adv_gen_next(g) % n);
}

static inline bool chance(struct gen *g, uint32_t percent)
{
    return adv_gen_next(g) % 100 < percent;
}

static inline int32_t one_of(struct gen *g, const int32_t *list, uint32_t n)
{
    return list[adv_gen_next(g) % n];
}

#define ONE_OF(g, ...) one_of(g, (const int32_t[]){__VA_ARGS__}, sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

/* Another step; one that nobody runs when there is no room. */
struct adv_step *adv_gen_step(struct gen *g, enum adv_verb verb, int32_t a, int32_t b);
bool adv_gen_has_room(const struct gen *g);
void adv_gen_wait(struct gen *g);
/* Octets of the client's PDU behind this place. */
uint32_t adv_gen_rest(const struct gen *g, uint32_t at);

/* A segment by hand. */
struct adv_step *adv_gen_raw(struct gen *g, enum adv_at at, int32_t off, int32_t len);
/* Which moves the attacker of this schedule makes; one of them; one that comes while the connection opens. */
void adv_gen_choose_moves(struct gen *g);
void adv_gen_attack(struct gen *g);
void adv_gen_early(struct gen *g);
/* Something that a sound stack ignores. */
void adv_gen_nuisance(struct gen *g);
