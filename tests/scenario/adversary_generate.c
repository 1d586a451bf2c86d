/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_generate.c - a seed to a schedule.
 *
 * Honest schedules are what a plant does on a bad day, within bounds that leave everybody a chance: few losses, never
 * many in a row, pauses shorter than what the gateway takes for never finishing. Hostile ones add the moves of the catalogue
 * of evasions, near the place where the stream is.
 */
#include "adversary.h"

#include <string.h>

struct gen {
    uint64_t state;
    struct adv_schedule *schedule;
    struct adv_plan plan;
    unsigned hostile;  /* 0: nobody; else the host's index + 1 */
    uint32_t said;     /* octets that the client's application has written */
    uint32_t at;       /* where the attacker's stream is */
    uint32_t most;     /* octets that the client's application will write */
    uint32_t moves;    /* bit by bit: which of the attacker's it makes */
    uint32_t plain;    /* in a hundred: octets that are those of the plan */
};

/* splitmix64 */
static uint64_t next(struct gen *g)
{
    uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int32_t below(struct gen *g, uint32_t n)
{
    return (int32_t)(next(g) % n);
}

static bool chance(struct gen *g, uint32_t percent)
{
    return next(g) % 100 < percent;
}

static int32_t one_of(struct gen *g, const int32_t *list, uint32_t n)
{
    return list[next(g) % n];
}

#define ONE_OF(g, ...) one_of(g, (const int32_t[]){__VA_ARGS__}, sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

static struct adv_step *step(struct gen *g, enum adv_verb verb, int32_t a, int32_t b)
{
    static struct adv_step spare;
    struct adv_schedule *s = g->schedule;
    struct adv_step *made = s->n_steps < ADV_STEPS_MAX ? &s->steps[s->n_steps++] : &spare;

    *made = (struct adv_step){.verb = (uint8_t)verb, .arg = {a, b}};
    return made;
}

static bool has_room(const struct gen *g)
{
    return g->schedule->n_steps + 8 < ADV_STEPS_MAX - 30;
}

/* ---- setup ----------------------------------------------------------------------------------------------------- */

static void choose_host(struct gen *g, unsigned host, bool lax)
{
    int32_t *setup = g->schedule->setup;

    setup[ADV_POLICY + host] = below(g, ADV_N_POLICIES);
    setup[ADV_WINDOW + host] = chance(g, 60) ? 0 : ONE_OF(g, 64, 128, 536, 1024);
    setup[ADV_MSS + host] = chance(g, 75) ? 0 : ONE_OF(g, 64, 128, 536);
    setup[ADV_NAGLE + host] = chance(g, 50);
    setup[ADV_DELACK + host] = chance(g, 60) ? 0 : ONE_OF(g, 1, 40, 200);
    setup[ADV_KEEP + host] = chance(g, 75) ? 0 : ONE_OF(g, 100, 700, 5000);
    setup[ADV_PROBE + host] = chance(g, 50);
    setup[ADV_ISN + host] = chance(g, 50) ? 1000 : ONE_OF(g, -4, -1, -13, -300, 0x7ffffff0, 0x7fffffff, 0);
    if (lax && chance(g, 50))
        setup[ADV_LAX + host] = 1 << below(g, 8);
}

static void choose_setup(struct gen *g)
{
    struct adv_schedule *s = g->schedule;
    uint32_t n = 1 + (uint32_t)below(g, 6);

    s->setup[ADV_HOSTILE] = (int32_t)g->hostile;
    s->setup[ADV_MUTE] = g->hostile && chance(g, 40) ? 1 + below(g, 3) : 0;
    s->setup[ADV_DELAY] = ONE_OF(g, 0, 0, 1, 1, 5, 20);
    s->setup[ADV_THINK] = chance(g, 50) ? 0 : ONE_OF(g, 1, 5, 50);
    for (unsigned host = 0; host < 2; host++)
        choose_host(g, host, g->hostile == (host == 0 ? 2 : 1));
    for (uint32_t i = 0; i < n; i++)
        s->plan[i] = "rrrrrwwwlb"[next(g) % 10];
    if (chance(g, g->hostile ? 30 : 15))
        s->plan[next(g) % n] = chance(g, 50) ? 'd' : 'c';
    adv_plan_make(&g->plan, s->plan);
    g->most = g->plan.len[0];
}

/* ---- moves that anybody makes ---------------------------------------------------------------------------------- */

static void do_wait(struct gen *g)
{
    step(g, ADV_WAIT, chance(g, 70) ? below(g, 8) : ONE_OF(g, 20, 50, 100, 250), 0);
}

static void do_fault(struct gen *g)
{
    static const uint8_t what[] = {ADV_LOSE, ADV_LOSE, ADV_LOSE, ADV_REPEAT, ADV_LATE, ADV_LATE, ADV_CORRUPT};
    struct adv_step *made = step(g, ADV_FAULT, below(g, 4), what[next(g) % sizeof what]);

    made->arg[2] = below(g, 4);
    made->arg[3] = made->arg[1] == ADV_LOSE ? 0 : ONE_OF(g, 0, 1, 3, 10, 50, 300);
}

static uint32_t pdu_left(const struct gen *g)
{
    for (uint32_t i = 0; i < g->plan.n_pdus; i++)
        if (g->plan.end[0][i] > g->said)
            return g->plan.end[0][i] - g->said;
    return 0;
}

static void write_octets(struct gen *g, uint32_t len)
{
    uint32_t left = g->most - g->said;

    len = len < left ? len : left;
    if (len == 0)
        return;
    step(g, ADV_APP, 0, (int32_t)len);
    g->said += len;
    g->at = g->hostile == 1 && g->said > g->at ? g->said : g->at;
}

/* Several at once, one, header and rest, or in any pieces; a PDU that was begun is finished soon. */
static void do_request(struct gen *g)
{
    uint32_t left = pdu_left(g);

    switch (below(g, 5)) {
    case 0:
        write_octets(g, left + (uint32_t)below(g, 40));
        break;
    case 1:
        write_octets(g, left > 7 ? 7 : left);
        break;
    case 2:
        write_octets(g, 1 + (uint32_t)below(g, left + 1));
        break;
    default:
        write_octets(g, left);
        break;
    }
    for (unsigned i = 0; i < 3 && pdu_left(g) > 0 && pdu_left(g) < 12; i++) {
        if (chance(g, 60))
            step(g, ADV_WAIT, ONE_OF(g, 0, 1, 6, 30, 100), 0);
        write_octets(g, i == 2 ? pdu_left(g) : 1 + (uint32_t)below(g, pdu_left(g)));
    }
}

static void do_stall(struct gen *g)
{
    int32_t host = below(g, 2);

    step(g, ADV_STALL, host, 1);
    if (chance(g, 70))
        do_request(g);
    step(g, ADV_WAIT, ONE_OF(g, 1, 10, 100, 600), 0);
    step(g, ADV_STALL, host, 0);
}

/* ---- moves of the attacker ------------------------------------------------------------------------------------- */

static struct adv_step *raw(struct gen *g, enum adv_at at, int32_t off, int32_t len)
{
    struct adv_step *made = step(g, ADV_RAW, at, off);

    made->arg[ADV_RAW_LEN] = len;
    return made;
}

static int32_t any_how(struct gen *g)
{
    return chance(g, g->plain) ? ADV_PLAIN : below(g, ADV_N_HOWS);
}

/* The next octets, cut anywhere. */
static void go_on(struct gen *g)
{
    uint32_t left = g->plan.len[g->hostile - 1] > g->at ? g->plan.len[g->hostile - 1] - g->at : 0;
    uint32_t len = chance(g, 60) ? 12 : 1 + (uint32_t)below(g, 25);

    len = len < left ? len : left;
    raw(g, ADV_AT_START, (int32_t)g->at, (int32_t)len)->arg[ADV_RAW_HOW] = any_how(g);
    g->at += len;
}

static void drip(struct gen *g)
{
    for (unsigned i = 0; i < 4 && has_room(g); i++) {
        raw(g, ADV_AT_START, (int32_t)g->at++, 1)->arg[ADV_RAW_HOW] = any_how(g);
        if (chance(g, 50))
            do_wait(g);
    }
}

/* Before, over and behind what has been said. */
static void overlap(struct gen *g)
{
    int32_t off = (int32_t)g->at - 14 + below(g, 28);

    raw(g, ADV_AT_START, off > 0 ? off : 0, 1 + below(g, 24))->arg[ADV_RAW_HOW] = any_how(g);
}

/* A second copy of what has just been sent: the same range, starting earlier or later, covering it. */
static void overlap_again(struct gen *g)
{
    int32_t off = (int32_t)g->at + below(g, 14), len = 4 + below(g, 12);

    raw(g, ADV_AT_START, off, len)->arg[ADV_RAW_HOW] = any_how(g);
    int32_t from = chance(g, 50) ? off : off - 3 + below(g, 7), end = chance(g, 50) ? off + len : off + len - 3 + below(g, 7);
    from = from > 0 ? from : 0;
    raw(g, ADV_AT_START, from, end > from ? end - from : 1)->arg[ADV_RAW_HOW] = any_how(g);
}

/* The same octets of a PDU that is on its way, as other ones. */
static void repeat_otherwise(struct gen *g)
{
    int32_t back = 1 + below(g, 24), off = (int32_t)g->at - back;

    raw(g, ADV_AT_START, off > 0 ? off : 0, chance(g, 50) ? back : 1 + below(g, 24))->arg[ADV_RAW_HOW] = any_how(g);
}

static void old_data(struct gen *g)
{
    raw(g, ADV_AT_UNA, -1 - below(g, 30), 1 + below(g, 40))->arg[ADV_RAW_HOW] = any_how(g);
}

static void beyond_window(struct gen *g)
{
    raw(g, ADV_AT_EDGE, -3 + below(g, 6), 1 + below(g, 12))->arg[ADV_RAW_HOW] = any_how(g);
}

static void wrong_ack(struct gen *g)
{
    struct adv_step *made = raw(g, ADV_AT_START, (int32_t)g->at, chance(g, 70) ? 12 : 0);

    made->arg[ADV_RAW_ACK] = ONE_OF(g, 100000, -100000, -10, -1, 1, 5, 7, 12, 13, 300, 0x7fffffff);
    made->arg[ADV_RAW_HOW] = any_how(g);
    if (made->arg[ADV_RAW_LEN] == 0 && chance(g, 30))
        made->arg[ADV_RAW_TRICK] = ONE_OF(g, ADV_TRICK_WINDOW_0, ADV_TRICK_WINDOW_MAX);
}

static void reset(struct gen *g)
{
    struct adv_step *made = raw(g, ADV_AT_NXT, ONE_OF(g, 0, 0, -1, 1, 7, 100, -7, 5000), chance(g, 20) ? 12 : 0);

    made->arg[ADV_RAW_FLAGS] = ADV_RST | (chance(g, 50) ? ADV_ACK : 0);
    made->arg[ADV_RAW_ACK] = chance(g, 30) ? 100000 : 0;
    if (chance(g, 30))
        made->arg[ADV_RAW_TRICK] = ADV_TRICK_CHECKSUM;
}

static void finish(struct gen *g)
{
    struct adv_step *made = raw(g, ADV_AT_START, (int32_t)g->at + ONE_OF(g, 0, 0, 0, 1, 5, 12), ONE_OF(g, 0, 0, 7, 12));

    made->arg[ADV_RAW_FLAGS] = ADV_FIN | ADV_ACK;
    if (chance(g, 50))
        raw(g, ADV_AT_START, (int32_t)g->at + 1, 12)->arg[ADV_RAW_HOW] = any_how(g);
}

static void open_again(struct gen *g)
{
    struct adv_step *made = raw(g, ADV_AT_START, -1, chance(g, 40) ? 12 : 0);

    made->arg[ADV_RAW_FLAGS] = chance(g, 70) ? ADV_SYN : ONE_OF(g, ADV_SYN | ADV_ACK, ADV_SYN | ADV_FIN, ADV_SYN | ADV_RST);
    made->arg[ADV_RAW_SEQ] = ONE_OF(g, 0, 0, 1, 12, -12, 100, 100000, -5);
    made->arg[ADV_RAW_HOW] = any_how(g);
    if (chance(g, 30))
        made->arg[ADV_RAW_TRICK] = ONE_OF(g, ADV_TRICK_FAST_OPEN, ADV_TRICK_MD5, ADV_TRICK_TIMESTAMP, ADV_TRICK_MSS);
}

static void urgent(struct gen *g)
{
    int32_t len = ONE_OF(g, 0, 1, 6, 12);
    struct adv_step *made = raw(g, ADV_AT_START, (int32_t)g->at, len);

    made->arg[ADV_RAW_FLAGS] = ADV_URG | ADV_ACK | ADV_PSH;
    made->arg[ADV_RAW_URG] = ONE_OF(g, 0, 1, len - 1, len, len + 2, 65535);
}

static void trick(struct gen *g)
{
    struct adv_step *made = raw(g, ADV_AT_START, (int32_t)g->at - (chance(g, 20) ? 6 : 0), chance(g, 80) ? 12 : 1);

    made->arg[ADV_RAW_OFF] = made->arg[ADV_RAW_OFF] > 0 ? made->arg[ADV_RAW_OFF] : 0;
    made->arg[ADV_RAW_HOW] = any_how(g);
    made->arg[ADV_RAW_TRICK] = 1 + below(g, ADV_N_TRICKS - 1);
}

static void odd_flags(struct gen *g)
{
    struct adv_step *made = raw(g, ADV_AT_START, (int32_t)g->at, 12);

    made->arg[ADV_RAW_FLAGS] = ONE_OF(g, 256, ADV_PSH, ADV_FIN, ADV_FIN | ADV_PSH | ADV_URG, 0x3f, 0xff, ADV_SYN | ADV_ACK,
                                      ADV_ACK | 0x40, ADV_ACK | 0x80);
    made->arg[ADV_RAW_HOW] = any_how(g);
}

static void probe(struct gen *g)
{
    bool keep = chance(g, 60);
    struct adv_step *made = raw(g, chance(g, 50) ? ADV_AT_UNA : ADV_AT_NXT, keep ? -1 : 0, chance(g, 70));

    made->arg[ADV_RAW_HOW] = any_how(g);
}

/* A PDU with a hole in it; then the octet that was missing, as this or that. */
static void hole(struct gen *g)
{
    int32_t at = (int32_t)g->at, first = 1 + below(g, 11);

    raw(g, ADV_AT_START, at + first, 12 - first + below(g, 13))->arg[ADV_RAW_HOW] = any_how(g);
    if (chance(g, 50))
        overlap_again(g);
    if (chance(g, 50))
        do_wait(g);
    raw(g, ADV_AT_START, at, chance(g, 60) ? first : 1 + below(g, 12))->arg[ADV_RAW_HOW] = chance(g, 70) ? ADV_PLAIN : any_how(g);
    g->at += 12;
}

/* A schedule that makes every move does not come far: most of them end the connection. */
static void choose_moves(struct gen *g)
{
    static const uint32_t all = UINT32_MAX;

    g->plain = (uint32_t)ONE_OF(g, 30, 80, 95, 100);
    g->moves = all;
    for (int32_t i = below(g, 4); i > 0; i--)
        g->moves &= (uint32_t)next(g);
}

static void attack(struct gen *g)
{
    static void (*const moves[])(struct gen *) = {
        go_on, go_on, go_on, drip, overlap, overlap_again, repeat_otherwise, repeat_otherwise, old_data, beyond_window,
        wrong_ack, reset, finish, open_again, urgent, trick, trick, odd_flags, probe, hole, hole};

    uint32_t at = (uint32_t)below(g, sizeof moves / sizeof *moves);

    moves[g->moves >> at & 1 ? at : 0](g);
}

/* ---- moves of a nuisance ---------------------------------------------------------------------------------------- */

static void far_reset(struct gen *g)
{
    raw(g, ADV_AT_NXT, ONE_OF(g, 5000, 60000, -40000, 1000000), 0)->arg[ADV_RAW_FLAGS] = ADV_RST | (chance(g, 50) ? ADV_ACK : 0);
}

static void unsound(struct gen *g)
{
    struct adv_step *made = raw(g, ADV_AT_NXT, 0, ONE_OF(g, 0, 1, 12));

    made->arg[ADV_RAW_HOW] = any_how(g);
    made->arg[ADV_RAW_FLAGS] = chance(g, 30) ? ADV_RST : 0;
    made->arg[ADV_RAW_TRICK] = ONE_OF(g, ADV_TRICK_CHECKSUM, ADV_TRICK_NO_SUM, ADV_TRICK_OFFSET_4, ADV_TRICK_OPTION_0,
                                      ADV_TRICK_OPTION_LONG, ADV_TRICK_SPOOF);
}

static void far_ack(struct gen *g)
{
    struct adv_step *made = raw(g, ADV_AT_NXT, 0, ONE_OF(g, 0, 1, 12));

    made->arg[ADV_RAW_ACK] = ONE_OF(g, 100000, -100000, 0x7fffffff);
    made->arg[ADV_RAW_HOW] = any_how(g);
}

static void opening(struct gen *g)
{
    struct adv_step *made = raw(g, ADV_AT_START, -1, ONE_OF(g, 0, 0, 12));

    made->arg[ADV_RAW_FLAGS] = ADV_SYN;
    made->arg[ADV_RAW_SEQ] = ONE_OF(g, 0, 1, 100, 100000, -5);
}

static void no_ack(struct gen *g)
{
    struct adv_step *made = raw(g, ADV_AT_NXT, 0, 12);

    made->arg[ADV_RAW_FLAGS] = ONE_OF(g, 256, ADV_PSH, ADV_FIN, ADV_SYN | ADV_FIN, 0x3f);
    made->arg[ADV_RAW_HOW] = any_how(g);
}

static void far_data(struct gen *g)
{
    raw(g, ADV_AT_NXT, ONE_OF(g, 20000, -20000, 70000, -70000, 1000000), 12)->arg[ADV_RAW_HOW] = any_how(g);
}

static void nuisance(struct gen *g)
{
    static void (*const moves[])(struct gen *) = {far_reset, unsound, far_ack, opening, no_ack, far_data};

    moves[next(g) % (sizeof moves / sizeof *moves)](g);
}

/* ---- schedules ------------------------------------------------------------------------------------------------- */

static void honest(struct gen *g)
{
    uint32_t faults = chance(g, 50) ? (uint32_t)below(g, 7) : 0;

    if (chance(g, 5)) /* it never finishes its last request */
        g->most -= 1 + (uint32_t)below(g, 11);
    while (g->said < g->most && has_room(g)) {
        if (faults > 0 && chance(g, 50)) {
            faults--;
            do_fault(g);
        }
        if (chance(g, 12))
            do_stall(g);
        if (g->schedule->setup[ADV_NUISANCE] && chance(g, 40))
            nuisance(g);
        do_request(g);
        if (chance(g, 60))
            do_wait(g);
    }
    write_octets(g, g->most);
    if (chance(g, 30))
        step(g, ADV_WAIT, ONE_OF(g, 100, 1000, 3000, 7000), 0);
    if (chance(g, 60))
        step(g, ADV_CLOSE, 0, 0);
}

/* The same ports once more: what was said before is past. */
static void reopen(struct gen *g)
{
    if (chance(g, 50)) {
        raw(g, ADV_AT_NXT, 0, 0)->arg[ADV_RAW_FLAGS] = ADV_RST;
    } else {
        step(g, ADV_CLOSE, 0, 0);
        step(g, ADV_CLOSE, 1, 0);
    }
    if (chance(g, 80))
        step(g, ADV_WAIT, ONE_OF(g, 1, 5, 50, 300), 0);
    step(g, ADV_OPEN, 0, 0);
    if (chance(g, 80))
        step(g, ADV_WAIT, 5 * g->schedule->setup[ADV_DELAY] + 2, 0);
    g->said = g->at = 0;
}

static void hostile(struct gen *g)
{
    uint32_t n = 5 + (uint32_t)below(g, 30);

    choose_moves(g);

    for (uint32_t i = 0; i < n && has_room(g); i++) {
        if (chance(g, 12))
            do_fault(g);
        if (g->hostile == 2 ? chance(g, 35) : chance(g, 12))
            do_request(g);
        else if (chance(g, 4))
            do_stall(g);
        else if (chance(g, 4))
            reopen(g);
        else
            attack(g);
        if (chance(g, 45))
            do_wait(g);
        else if (chance(g, 5))
            step(g, ADV_WAIT, ONE_OF(g, 1000, 2500, 7000), 0);
    }
    if (chance(g, 20))
        step(g, ADV_CLOSE, below(g, 2), 0);
}

static void open_up(struct gen *g)
{
    static void (*const early[])(struct gen *) = {open_again, open_again, go_on, wrong_ack, reset};

    if (g->hostile == 1 && chance(g, 15))
        for (int32_t i = 1 + below(g, 2); i > 0; i--)
            early[next(g) % 5](g);
    step(g, ADV_OPEN, 0, 0);
    if (g->hostile && chance(g, 25)) {
        step(g, ADV_WAIT, below(g, 3), 0);
        early[next(g) % 5](g);
    }
    if (g->schedule->setup[ADV_NUISANCE] || chance(g, 90))
        step(g, ADV_WAIT, 5 * g->schedule->setup[ADV_DELAY] + 2, 0);
}

void adv_generate(struct adv_schedule *schedule, uint64_t seed, int kind)
{
    struct gen g = {.state = seed, .schedule = schedule};

    memset(schedule, 0, sizeof *schedule);
    uint32_t dice = (uint32_t)below(&g, 100);
    g.hostile = kind % 2 == 1 || (kind == 0 && dice < 35) ? 0 : dice % 5 < 3 ? 1 : 2;
    g.plain = 30;
    choose_setup(&g);
    if (!g.hostile && kind != 3 && chance(&g, 25))
        schedule->setup[ADV_NUISANCE] = 1 + below(&g, 2);
    open_up(&g);
    if (g.hostile)
        hostile(&g);
    else
        honest(&g);
}
