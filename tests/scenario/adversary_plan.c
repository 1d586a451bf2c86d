/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_plan.c - what the two applications mean to say, and what of it the policy of the world grants.
 *
 *     r  read 2 registers             12 octets, reply 13     granted
 *     l  read 120 registers           12 octets, reply 249    granted
 *     w  write register 41, 900       12 octets, echo         granted
 *     b  write 60 registers from 100  133 octets, reply 12    granted
 *     d  write register 41, 1001      12 octets               refused
 *     c  write coil 999               12 octets               refused
 */
#include "adversary.h"

#include <string.h>

#define TO_41 0, 41
#define VALUE_900 3, 0x84
#define VALUE_1001 3, 0xe9

static void head(uint8_t *p, uint32_t id, uint32_t len)
{
    p[0] = (uint8_t)(id >> 8);
    p[1] = (uint8_t)id;
    p[2] = p[3] = 0;
    p[4] = (uint8_t)((len - 6) >> 8);
    p[5] = (uint8_t)(len - 6);
    p[6] = 1;
}

/* Five octets from the function code on. */
static void body(uint8_t *p, const uint8_t b[5])
{
    memcpy(p + 7, b, 5);
}

static uint32_t make_request(uint8_t *p, char letter, uint32_t id, enum adv_how how)
{
    static const uint8_t read2[5] = {3, 0, 40, 0, 2}, read120[5] = {3, 0, 40, 0, 120}, near2[5] = {3, 0, 42, 0, 2};
    static const uint8_t fine[5] = {6, TO_41, VALUE_900}, much[5] = {6, TO_41, VALUE_1001}, near[5] = {6, TO_41, 3, 0x85};
    static const uint8_t coil[5] = {5, 3, 0xe7, 0xff, 0}, block[5] = {16, 0, 100, 0, 60};
    uint32_t len = letter == 'b' ? 133 : 12;

    head(p, id, len);
    if (letter == 'b') {
        body(p, block);
        p[8] = how == ADV_EVIL ? 9 : 0; /* registers from 2404 are nobody's to write */
        p[12] = 120;
        for (uint32_t i = 13; i < len; i++)
            p[i] = (uint8_t)(i + (how == ADV_NEAR));
    } else if (how == ADV_EVIL) {
        body(p, letter == 'd' || letter == 'c' ? read2 : letter == 'w' ? coil : much);
    } else if (how == ADV_NEAR) {
        body(p, letter == 'w' ? near : near2);
    } else {
        body(p, letter == 'r' ? read2 : letter == 'l' ? read120 : letter == 'w' ? fine : letter == 'd' ? much : coil);
    }
    return len;
}

/* Evil: a reply that nobody asked for. */
static uint32_t make_reply(uint8_t *p, char letter, uint32_t id, enum adv_how how)
{
    static const uint8_t fine[5] = {6, TO_41, VALUE_900}, block[5] = {16, 0, 100, 0, 60};
    uint32_t n = letter == 'l' ? 240 : letter == 'r' ? 4 : 0;
    uint32_t len = n > 0 ? 9 + n : 12;

    head(p, how == ADV_EVIL ? id + 100 : id, len);
    if (n == 0) {
        body(p, letter == 'w' ? fine : block);
        return len;
    }
    p[7] = 3;
    p[8] = (uint8_t)n;
    for (uint32_t i = 0; i < n; i++)
        p[9 + i] = (uint8_t)(i + id + (how == ADV_NEAR ? 7 : 0));
    return len;
}

static void plan_one(struct adv_plan *plan, char letter, bool reaches)
{
    uint32_t id = plan->n_pdus + 1, lens[2] = {0, 0};

    for (enum adv_how how = ADV_PLAIN; how < ADV_N_HOWS; how++) {
        lens[0] = make_request(plan->octets[0][how] + plan->len[0], letter, id, how);
        if (reaches)
            lens[1] = make_reply(plan->octets[1][how] + plan->len[1], letter, id, how);
    }
    for (unsigned side = 0; side < 2; side++) {
        uint8_t *noise = plan->octets[side][ADV_NOISE] + plan->len[side];
        for (uint32_t i = 0; i < lens[side]; i++)
            noise[i] ^= 0xff;
        plan->len[side] += lens[side];
    }
    plan->end[plan->n_pdus++] = plan->len[0];
    if (!reaches)
        return;
    plan->got[plan->n_allowed] = (plan->n_allowed ? plan->got[plan->n_allowed - 1] : 0) + lens[0];
    plan->replied[plan->n_allowed++] = plan->len[1];
}

void adv_plan_make(struct adv_plan *plan, const char *letters, bool answered)
{
    uint32_t n_refused = 0;

    plan->len[0] = plan->len[1] = plan->n_pdus = plan->n_allowed = 0;
    for (const char *c = letters; *c; c++) {
        bool refused = *c == 'd' || *c == 'c';
        n_refused += refused;
        plan->n_refused[plan->n_pdus] = n_refused;
        plan_one(plan, *c, answered ? !refused : n_refused == 0);
    }
}

bool adv_request_allowed(const uint8_t *pdu, uint32_t len)
{
    uint32_t object = (uint32_t)pdu[8] << 8 | pdu[9], value = (uint32_t)pdu[10] << 8 | pdu[11];

    if (len < 12 || pdu[2] != 0 || pdu[3] != 0)
        return false;
    switch (pdu[7]) {
    case 3:
        return len == 12 && value >= 1 && value <= 125;
    case 6:
        return len == 12 && object >= 40 && object <= 47 && value <= 1000;
    case 16:
        return object >= 100 && object + value <= 200 && len == 13 + 2 * value;
    default:
        return false;
    }
}
