/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_generate.c - a seed to a schedule.
 *
 * Honest schedules are what a plant does on a bad day, within bounds that leave everybody a chance: few losses, never
 * many in a row, pauses shorter than what the gateway takes for never finishing. Hostile ones add the moves of the catalogue
 * of evasions, near the place where the stream is.
 */
#include "adversary_gen.h"

#include <string.h>

/* splitmix64 */
uint64_t adv_gen_next(struct gen *g)
{
    uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

struct adv_step *adv_gen_step(struct gen *g, enum adv_verb verb, int32_t a, int32_t b)
{
    static struct adv_step spare;
    struct adv_schedule *s = g->schedule;
    struct adv_step *made = s->n_steps < ADV_STEPS_MAX ? &s->steps[s->n_steps++] : &spare;

    *made = (struct adv_step){.verb = (uint8_t)verb, .arg = {a, b}};
    return made;
}

bool adv_gen_has_room(const struct gen *g)
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
        setup[ADV_LAX + host] = 1 << below(g, 9);
}

/* What the packets look like, what is spoken, and what the conduit says about both. */
static void choose_world(struct gen *g)
{
    int32_t *setup = g->schedule->setup;

    setup[ADV_PROTOCOL] = chance(g, 40) ? 1 + below(g, ADV_N_SPOKEN - 1) : ADV_MODBUS;
    setup[ADV_V6] = chance(g, 30);
    setup[ADV_TAG] = chance(g, 30) ? 1 + below(g, ADV_N_TAGS - 1) : ADV_TAG_NONE;
    setup[ADV_PAD] = chance(g, 30);
    setup[ADV_AGAIN] = ONE_OF(g, 0, 0, 1, 2, 13, 300, 4000, 60000);
    if (g->calm)
        return;
    setup[ADV_FRAGMENTS] = chance(g, 30);
    setup[ADV_WHOLE] = chance(g, 10);
    setup[ADV_CHUNKS] = chance(g, 15) ? g->hostile ? ONE_OF(g, 1, 2, 4, 8) : ONE_OF(g, 4, 6, 8) : 0;
}

static void choose_setup(struct gen *g)
{
    struct adv_schedule *s = g->schedule;
    uint32_t n = 1 + (uint32_t)below(g, 6);

    choose_world(g);

    s->setup[ADV_HOSTILE] = (int32_t)g->hostile;
    s->setup[ADV_MUTE] = g->hostile && chance(g, 40) ? 1 + below(g, 3) : 0;
    s->setup[ADV_DENY] = !g->calm && chance(g, 20) ? 1 + below(g, 2) : ADV_DENY_RESET;
    s->setup[ADV_DELAY] = ONE_OF(g, 0, 0, 1, 1, 5, 20);
    s->setup[ADV_THINK] = chance(g, 50) ? 0 : ONE_OF(g, 1, 5, 50);
    for (unsigned host = 0; host < 2; host++)
        choose_host(g, host, g->hostile == (host == 0 ? 2 : 1));
    if (s->setup[ADV_WHOLE] && !g->hostile) /* its messages fit segments and windows, and are written at once */
        s->setup[ADV_WINDOW] = s->setup[ADV_WINDOW1] = s->setup[ADV_MSS] = s->setup[ADV_MSS1] = 0;
    for (uint32_t i = 0; i < n; i++)
        s->plan[i] = "rrrrrwwwlb"[adv_gen_next(g) % 10];
    if (chance(g, g->hostile || s->setup[ADV_DENY] ? 30 : 15))
        s->plan[adv_gen_next(g) % n] = chance(g, 50) ? 'd' : 'c';
    adv_plan_make(&g->plan, adv_protocols[s->setup[ADV_PROTOCOL]], s->plan, s->setup[ADV_DENY] == ADV_DENY_ANSWER);
    g->most = g->plan.len[0];
    g->unit = g->plan.end[strlen(adv_protocols[s->setup[ADV_PROTOCOL]]->opening)] -
              (s->setup[ADV_PROTOCOL] == ADV_S7COMM ? g->plan.end[1] : 0);
}

/* ---- moves that anybody makes ---------------------------------------------------------------------------------- */

void adv_gen_wait(struct gen *g)
{
    adv_gen_step(g, ADV_WAIT, chance(g, 70) ? below(g, 8) : ONE_OF(g, 20, 50, 100, 250), 0);
}

static void do_fault(struct gen *g)
{
    static const uint8_t what[] = {ADV_LOSE, ADV_LOSE, ADV_LOSE, ADV_REPEAT, ADV_LATE, ADV_LATE, ADV_CORRUPT, ADV_CUT};
    int32_t link = below(g, 4), kind = what[adv_gen_next(g) % sizeof what];

    if (!g->hostile && ++g->faults[link] > 2)
        return; /* three repetitions in a row take longer than a gateway has to wait for the rest of a PDU */
    struct adv_step *made = adv_gen_step(g, ADV_FAULT, link, kind);

    made->arg[2] = below(g, 4);
    made->arg[3] = made->arg[1] == ADV_LOSE ? 0 : ONE_OF(g, 0, 1, 3, 10, 50, 300);
}

/* Octets of the client's PDU behind this place. */
uint32_t adv_gen_rest(const struct gen *g, uint32_t at)
{
    for (uint32_t i = 0; i < g->plan.n_pdus; i++)
        if (g->plan.end[i] > at)
            return g->plan.end[i] - at;
    return 0;
}

static uint32_t pdu_left(const struct gen *g)
{
    return adv_gen_rest(g, g->said);
}

static void write_octets(struct gen *g, uint32_t len)
{
    uint32_t left = g->most - g->said;

    len = len < left ? len : left;
    if (len == 0)
        return;
    adv_gen_step(g, ADV_APP, 0, (int32_t)len);
    g->said += len;
    g->at = g->hostile == 1 && g->said > g->at ? g->said : g->at;
}

/* Several at once, one, header and rest, or in any pieces; a PDU that was begun is finished soon. */
static void do_request(struct gen *g)
{
    uint32_t left = pdu_left(g);

    if (g->schedule->setup[ADV_WHOLE] && !g->hostile) {
        write_octets(g, left);
        return;
    }
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
            adv_gen_step(g, ADV_WAIT, ONE_OF(g, 0, 1, 6, 30, 100), 0);
        write_octets(g, i == 2 ? pdu_left(g) : 1 + (uint32_t)below(g, pdu_left(g)));
    }
}

static void do_stall(struct gen *g)
{
    int32_t host = below(g, 2);

    adv_gen_step(g, ADV_STALL, host, 1);
    if (chance(g, 70))
        do_request(g);
    adv_gen_step(g, ADV_WAIT, ONE_OF(g, 1, 10, 100, 600), 0);
    adv_gen_step(g, ADV_STALL, host, 0);
}

/* ---- schedules ------------------------------------------------------------------------------------------------- */

/* The gateway forgets everything, or the two have said all that they wanted; then they connect anew, with the same ports.
 * Only Modbus clients say more without an answer, so that they hear of the gateway. */
static void honest_again(struct gen *g)
{
    if (g->schedule->setup[ADV_PROTOCOL] == ADV_MODBUS && chance(g, 60))
        do_request(g);
    if (chance(g, 50))
        adv_gen_wait(g);
    if (g->said > 0 && g->said < g->most) {
        adv_gen_step(g, ADV_RESTART, 0, 0);
        write_octets(g, g->most);
    } else {
        write_octets(g, g->most);
        adv_gen_step(g, ADV_WAIT, 3000, 0);
        adv_gen_step(g, ADV_CLOSE, 0, 0);
    }
    adv_gen_step(g, ADV_WAIT, 8000, 0);
    adv_gen_step(g, ADV_OPEN, 0, 0);
    g->said = 0;
}

static void honest(struct gen *g)
{
    uint32_t faults = chance(g, 50) ? (uint32_t)below(g, 7) : 0;

    bool granted = strpbrk(g->schedule->plan, "dc") == NULL && !g->schedule->setup[ADV_WHOLE];
    if (granted && faults == 0 && chance(g, 20))
        honest_again(g);
    if (chance(g, 5) && !g->schedule->setup[ADV_WHOLE]) /* it never finishes its last request */
        g->most -= 1 + (uint32_t)below(g, 11);
    while (g->said < g->most && adv_gen_has_room(g)) {
        if (faults > 0 && chance(g, 50)) {
            faults--;
            do_fault(g);
        }
        if (chance(g, 12))
            do_stall(g);
        if (g->schedule->setup[ADV_NUISANCE] && chance(g, 40))
            adv_gen_nuisance(g);
        do_request(g);
        if (chance(g, 60))
            adv_gen_wait(g);
    }
    while (g->schedule->setup[ADV_WHOLE] && g->said < g->most)
        write_octets(g, pdu_left(g));
    write_octets(g, g->most);
    if (chance(g, 30))
        adv_gen_step(g, ADV_WAIT, ONE_OF(g, 100, 1000, 3000, 7000), 0);
    if (chance(g, 60))
        adv_gen_step(g, ADV_CLOSE, 0, 0);
}

/* The same ports once more: what was said before is past. */
static void reopen(struct gen *g)
{
    if (chance(g, 50)) {
        adv_gen_raw(g, ADV_AT_NXT, 0, 0)->arg[ADV_RAW_FLAGS] = ADV_RST;
    } else {
        adv_gen_step(g, ADV_CLOSE, 0, 0);
        adv_gen_step(g, ADV_CLOSE, 1, 0);
    }
    if (chance(g, 80))
        adv_gen_step(g, ADV_WAIT, ONE_OF(g, 1, 5, 50, 300), 0);
    adv_gen_step(g, ADV_OPEN, 0, 0);
    if (chance(g, 80))
        adv_gen_step(g, ADV_WAIT, 5 * g->schedule->setup[ADV_DELAY] + 2, 0);
    g->said = g->at = 0;
}

/* What the protocol opens with, mostly as it should be: before that there is little to attack. */
static void say_opening(struct gen *g)
{
    const struct adv_protocol *protocol = adv_protocols[g->schedule->setup[ADV_PROTOCOL]];
    uint32_t n = (uint32_t)strlen(protocol->opening);

    if (n == 0 || chance(g, 15))
        return;
    for (uint32_t i = 0; i < n; i++) {
        write_octets(g, pdu_left(g));
        adv_gen_step(g, ADV_WAIT, 8 * g->schedule->setup[ADV_DELAY] + g->schedule->setup[ADV_THINK] + 205, 0);
    }
    g->at = g->hostile == 1 ? g->said : g->plan.replied[n - 1];
}

static void hostile(struct gen *g)
{
    uint32_t n = 5 + (uint32_t)below(g, 30);

    adv_gen_choose_moves(g);
    say_opening(g);

    for (uint32_t i = 0; i < n && adv_gen_has_room(g); i++) {
        if (chance(g, 12))
            do_fault(g);
        if (g->hostile == 2 ? chance(g, 35) : chance(g, 12))
            do_request(g);
        else if (chance(g, 4))
            do_stall(g);
        else if (chance(g, 4))
            reopen(g);
        else
            adv_gen_attack(g);
        if (chance(g, 45))
            adv_gen_wait(g);
        else if (chance(g, 5))
            adv_gen_step(g, ADV_WAIT, ONE_OF(g, 1000, 2500, 7000), 0);
    }
    if (chance(g, 20))
        adv_gen_step(g, ADV_CLOSE, below(g, 2), 0);
}

static void open_up(struct gen *g)
{
    if (g->hostile == 1 && chance(g, 15))
        for (int32_t i = 1 + below(g, 2); i > 0; i--)
            adv_gen_early(g);
    adv_gen_step(g, ADV_OPEN, 0, 0);
    if (g->hostile && chance(g, 25)) {
        adv_gen_step(g, ADV_WAIT, below(g, 3), 0);
        adv_gen_early(g);
    }
    if (g->schedule->setup[ADV_NUISANCE] || chance(g, 90))
        adv_gen_step(g, ADV_WAIT, 5 * g->schedule->setup[ADV_DELAY] + 2, 0);
}

void adv_generate(struct adv_schedule *schedule, uint64_t seed, int kind)
{
    struct gen g = {.state = seed, .schedule = schedule, .calm = kind == 3, .unit = 12};

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
