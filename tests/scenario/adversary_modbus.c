/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_modbus.c - Modbus as the adversary's hosts speak it, and what of it the policy of the world grants.
 *
 *     r  read 2 registers             12 octets, reply 13     granted
 *     l  read 120 registers           12 octets, reply 249    granted
 *     w  write register 41, 900       12 octets, echo         granted
 *     b  write 60 registers from 100  133 octets, reply 12    granted
 *     d  write register 41, 1001      12 octets               refused
 *     c  write coil 999               12 octets               refused
 */
#include "adversary_plan.h"

#include <string.h>

#define TO_41 0, 41
#define VALUE_900 3, 0x84
#define VALUE_1001 3, 0xe9
#define REFUSAL_LEN 9u

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

static uint32_t request(uint8_t *p, char letter, uint32_t id, enum adv_how how)
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
static uint32_t reply(uint8_t *p, char letter, uint32_t id, enum adv_how how)
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

static uint32_t pdu_len(const uint8_t *p, uint32_t left)
{
    uint32_t len = left >= 6 ? 6 + ((uint32_t)p[4] << 8 | p[5]) : 0;

    return len < 8 ? 0 : len;
}

static bool allowed(const uint8_t *pdu, uint32_t len)
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

/* Exception 1 or 2. */
static uint32_t refusal(uint8_t out[ADV_REFUSAL_MAX], unsigned nth, const uint8_t *pdu, uint32_t len)
{
    const uint8_t exception[REFUSAL_LEN] = {pdu[0], pdu[1], 0, 0, 0, 3, pdu[6], pdu[7] | 0x80, (uint8_t)(nth + 1)};

    memcpy(out, exception, sizeof exception);
    return len >= 8 && nth < 2 ? REFUSAL_LEN : 0;
}

static uint32_t may_wait(uint32_t n_replies)
{
    (void)n_replies;
    return ADV_PLAN_MAX;
}

const struct adv_protocol adv_modbus = {.name = "modbus", .opening = "", .port = 502, .request = request, .reply = reply,
                                        .pdu_len = pdu_len, .allowed = allowed, .refusal = refusal, .may_wait = may_wait};
