/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_dnp3.c - DNP3 as the adversary's hosts speak it, and what of it the policy of the world grants.
 *
 *     r  read analog inputs 0 and 1        20 octets, reply 33           granted
 *     l  read analog inputs 0 to 59        20 octets, reply in 2 frames  granted
 *     w  operate analog output 1, 900      24 octets, echo               granted
 *     b  operate analog outputs 100..159   in 2 frames, echo             granted
 *     d  operate analog output 1, 1001     24 octets                     refused
 *     c  operate binary output 9           33 octets                     refused
 */
#include "adversary_plan.h"

#include <string.h>

#define LINK_HEAD 10u
#define BLOCK 16u
#define SEGMENT_MAX 249u
#define FRAGMENT_MAX 400u
#define MASTER 1u
#define OUTSTATION 10u

enum { READ = 1, WRITE = 2, DIRECT_OPERATE = 5, RESPONSE = 129 };

/* IEEE 1815, clause 9.2.5: polynomial 3d65, from the last bit on, inverted. */
static uint16_t crc(const uint8_t *p, uint32_t len)
{
    static uint16_t table[256];
    uint32_t sum = 0;

    for (uint32_t i = 1; table[1] == 0 || (i < 256 && table[255] == 0); i++) {
        uint32_t v = i;
        for (unsigned bit = 0; bit < 8; bit++)
            v = v & 1 ? v >> 1 ^ 0xa6bc : v >> 1;
        table[i] = (uint16_t)v;
    }
    for (uint32_t i = 0; i < len; i++)
        sum = sum >> 8 ^ table[(sum ^ p[i]) & 0xff];
    return (uint16_t)~sum;
}

static void put_crc(uint8_t *p, uint32_t len)
{
    uint16_t sum = crc(p, len);

    p[len] = (uint8_t)sum;
    p[len + 1] = (uint8_t)(sum >> 8);
}

static bool is_crc(const uint8_t *p, uint32_t len)
{
    uint16_t sum = crc(p, len);

    return p[len] == (sum & 0xff) && p[len + 1] == sum >> 8;
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

static uint32_t put_frame(uint8_t *p, bool from_master, const uint8_t *user, uint32_t n)
{
    const uint8_t head[8] = {5, 0x64, (uint8_t)(5 + n), from_master ? 0xc4 : 0x44, from_master ? OUTSTATION : MASTER, 0,
                             from_master ? MASTER : OUTSTATION, 0};
    uint32_t at = LINK_HEAD;

    memcpy(p, head, sizeof head);
    put_crc(p, sizeof head);
    for (uint32_t i = 0; i < n; i += BLOCK) {
        uint32_t len = n - i < BLOCK ? n - i : BLOCK;
        memcpy(p + at, user + i, len);
        put_crc(p + at, len);
        at += len + 2;
    }
    return at;
}

/* A fragment in as many frames as it needs. */
static uint32_t put(uint8_t *p, bool from_master, uint32_t id, const uint8_t *fragment, uint32_t n)
{
    uint32_t len = 0, sequence = 2 * id;

    for (uint32_t at = 0; at < n; at += SEGMENT_MAX) {
        uint8_t user[SEGMENT_MAX + 1];
        uint32_t part = n - at < SEGMENT_MAX ? n - at : SEGMENT_MAX;
        user[0] = (uint8_t)((at == 0 ? 0x40 : 0) | (at + part == n ? 0x80 : 0) | (sequence++ & 0x3f));
        memcpy(user + 1, fragment + at, part);
        len += put_frame(p + len, from_master, user, part + 1);
    }
    return len;
}

/* ---- what is said ---------------------------------------------------------------------------------------------- */

static uint32_t read_inputs(uint8_t *f, uint8_t function, uint8_t first, uint8_t last)
{
    const uint8_t body[6] = {function, 30, 1, 0, first, last};

    memcpy(f + 1, body, sizeof body);
    return 1 + sizeof body;
}

static uint32_t operate(uint8_t *f, uint8_t point, uint32_t value)
{
    const uint8_t body[9] = {DIRECT_OPERATE, 41, 2, 0x17, 1, point, (uint8_t)value, (uint8_t)(value >> 8), 0};

    memcpy(f + 1, body, sizeof body);
    return 1 + sizeof body;
}

static uint32_t operate_many(uint8_t *f, uint8_t first, enum adv_how how)
{
    const uint8_t head[6] = {DIRECT_OPERATE, 41, 2, 0x28, 60, 0};
    uint32_t at = 1 + sizeof head;

    memcpy(f + 1, head, sizeof head);
    for (uint32_t i = 0; i < 60; i++, at += 5) {
        const uint8_t object[5] = {(uint8_t)(first + i), 0, (uint8_t)(i + (how == ADV_NEAR)), 1, 0};
        memcpy(f + at, object, sizeof object);
    }
    return at;
}

static uint32_t operate_binary(uint8_t *f)
{
    const uint8_t body[17] = {DIRECT_OPERATE, 12, 1, 0x17, 1, 9, 3, 1, 100};

    memcpy(f + 1, body, sizeof body);
    return 1 + sizeof body;
}

static uint32_t request(uint8_t *p, char letter, uint32_t id, enum adv_how how)
{
    uint8_t f[FRAGMENT_MAX] = {(uint8_t)(0xc0 | (id & 15))};
    bool evil = how == ADV_EVIL, near = how == ADV_NEAR;
    uint32_t n;

    switch (letter) {
    case 'r':
        n = read_inputs(f, evil ? WRITE : READ, near ? 2 : 0, near ? 3 : 1);
        break;
    case 'l':
        n = read_inputs(f, evil ? WRITE : READ, near ? 1 : 0, near ? 60 : 59);
        break;
    case 'w':
        n = operate(f, evil ? 9 : 1, near ? 901 : 900);
        break;
    case 'b':
        n = operate_many(f, evil ? 101 : 100, how);
        break;
    case 'd':
        n = operate(f, 1, evil ? 900 : 1001);
        break;
    default:
        n = operate_binary(f);
        break;
    }
    return put(p, true, id, f, n);
}

/* Evil: a reply that nobody asked for. */
static uint32_t reply(uint8_t *p, char letter, uint32_t id, enum adv_how how)
{
    uint8_t f[FRAGMENT_MAX] = {0};
    uint32_t last = letter == 'l' ? 59 : 1, n;

    if (letter == 'r' || letter == 'l') {
        const uint8_t head[6] = {RESPONSE, 0, 30, 1, 0, 0};
        memcpy(f + 1, head, 2);
        f[3] = 0;
        memcpy(f + 4, head + 2, 4);
        f[8] = (uint8_t)last;
        n = 9;
        for (uint32_t i = 0; i <= last; i++, n += 5) {
            f[n] = 1;
            f[n + 1] = (uint8_t)(i + id + (how == ADV_NEAR ? 7 : 0));
        }
    } else {
        n = letter == 'w' ? operate(f, 1, 900) : operate_many(f, 100, ADV_PLAIN);
        memmove(f + 4, f + 2, n - 2);
        f[1] = RESPONSE;
        f[2] = f[3] = 0;
        n += 2;
    }
    f[0] = (uint8_t)(0xc0 | ((id + (how == ADV_EVIL ? 8 : 0)) & 15));
    return put(p, false, id, f, n);
}

/* ---- what is read ---------------------------------------------------------------------------------------------- */

static uint32_t frame_len(uint32_t n)
{
    return LINK_HEAD + n + (n + BLOCK - 1) / BLOCK * 2;
}

/* All frames up to the one that ends the fragment. */
static uint32_t pdu_len(const uint8_t *p, uint32_t left)
{
    uint32_t at = 0;

    for (;;) {
        if (left < at + LINK_HEAD + 1 || p[at + 2] < 6)
            return 0;
        bool last = p[at + LINK_HEAD] & 0x80;
        at += frame_len(p[at + 2] - 5u);
        if (last)
            return at;
    }
}

/* The fragment in sound frames of the master's; its length, 0: they are not. */
static uint32_t join(const uint8_t *pdu, uint32_t len, uint8_t fragment[FRAGMENT_MAX])
{
    uint32_t n = 0;

    for (uint32_t at = 0; at < len;) {
        const uint8_t *p = pdu + at;
        if (len - at < LINK_HEAD || !is_crc(p, 8) || p[0] != 5 || p[1] != 0x64 || p[3] != 0xc4 || p[4] != OUTSTATION || p[6] != MASTER)
            return 0;
        uint32_t user = p[2] - 5u;
        if (user < 1 || frame_len(user) > len - at || n + user > FRAGMENT_MAX || (p[LINK_HEAD] >> 6 & 1) != (at == 0))
            return 0;
        for (uint32_t i = 0, k = LINK_HEAD; i < user; i += BLOCK) {
            uint32_t part = user - i < BLOCK ? user - i : BLOCK, skip = i == 0;
            if (!is_crc(p + k, part))
                return 0;
            memcpy(fragment + n, p + k + skip, part - skip);
            n += part - skip;
            k += part + 2;
        }
        at += frame_len(user);
    }
    return n;
}

static bool are_points_granted(const uint8_t *f, uint32_t n)
{
    uint32_t width = f[4] == 0x28 ? 2 : 1, count = f[5], at = 5 + width, each = width + 3;

    if (n != at + count * each)
        return false;
    for (; at < n; at += each) {
        uint32_t point = f[at] | (width == 2 ? (uint32_t)f[at + 1] << 8 : 0), value = f[at + width] | (uint32_t)f[at + width + 1] << 8;
        bool few = point <= 7 && value <= 1000;
        if (!few && (point < 100 || point > 159))
            return false;
    }
    return count > 0;
}

static bool allowed(const uint8_t *pdu, uint32_t len)
{
    uint8_t f[FRAGMENT_MAX];
    uint32_t n = join(pdu, len, f);

    if (n < 7 || (f[0] & 0xf0) != 0xc0)
        return false;
    if (f[1] == READ)
        return n == 7 && f[2] == 30;
    return f[1] == DIRECT_OPERATE && f[2] == 41 && f[3] == 2 && are_points_granted(f, n);
}

/* A response without objects: function not supported, or a wrong parameter. */
static uint32_t refusal(uint8_t out[ADV_REFUSAL_MAX], unsigned nth, const uint8_t *pdu, uint32_t len)
{
    uint32_t last = 0;

    for (uint32_t at = 0; at + LINK_HEAD < len; at += frame_len(pdu[at + 2] - 5u))
        last = at;
    const uint8_t user[5] = {(uint8_t)(0xc0 | (pdu[last + LINK_HEAD] & 0x3f)), (uint8_t)(0xc0 | (pdu[LINK_HEAD + 1] & 15)), RESPONSE, 0,
                             nth == 0 ? 1 : 4};
    return nth < 2 ? put_frame(out, false, user, sizeof user) : 0;
}

static uint32_t may_wait(uint32_t n_replies)
{
    (void)n_replies;
    return 2;
}

const struct adv_protocol adv_dnp3 = {.name = "dnp3", .opening = "", .port = 20000, .request = request, .reply = reply,
                                      .pdu_len = pdu_len, .allowed = allowed, .refusal = refusal, .may_wait = may_wait};
