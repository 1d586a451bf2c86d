/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_s7.c - S7comm as the adversary's hosts speak it, and what of it the policy of the world grants.
 *
 *     o  connect                       22 octets, confirmation 22     granted
 *     s  set-up, 8 jobs, 480 octets    25 octets, reply 27            granted
 *     r  read 2 octets of DB 10        31 octets, reply 27            granted
 *     l  read 200 octets of it         31 octets, reply 225           granted
 *     w  write 900 to DBW 40           37 octets, reply 22            granted
 *     b  write 100 octets of DB 11     135 octets, reply 22           granted
 *     d  write 1001 to DBW 40          37 octets                      refused
 *     c  stop                          33 octets                      refused
 */
#include "adversary_plan.h"

#include <string.h>

#define TPKT_LEN 7u /* with COTP data */
#define HEAD_LEN 10u
#define ITEM_LEN 12u
#define BYTES 2u
#define INTEGER 5u

enum { READ = 4, WRITE = 5, SET_UP = 0xf0, STOP = 0x29 };

/* TPKT, COTP data, and the head of a job or of an answer. */
static uint32_t head(uint8_t *p, uint8_t rosctr, uint32_t id, uint32_t param_len, uint32_t data_len)
{
    uint32_t n = rosctr == 1 ? HEAD_LEN : HEAD_LEN + 2, len = TPKT_LEN + n + param_len + data_len;
    const uint8_t octets[TPKT_LEN + HEAD_LEN + 2] = {
        3, 0, (uint8_t)(len >> 8), (uint8_t)len, 2, 0xf0, 0x80, 0x32, rosctr, 0, 0, (uint8_t)(id >> 8), (uint8_t)id,
        (uint8_t)(param_len >> 8), (uint8_t)param_len, (uint8_t)(data_len >> 8), (uint8_t)data_len};

    memcpy(p, octets, TPKT_LEN + n);
    return len;
}

static uint32_t connect(uint8_t *p, uint8_t tpdu, enum adv_how how)
{
    const uint8_t octets[22] = {3, 0, 0, 22, 17, tpdu, 0, tpdu == 0xd0, 0, 1 + 6 * (tpdu == 0xd0), how == ADV_EVIL ? 0x40 : 0,
                                0xc0, 1, 10, 0xc1, 2, 1, how == ADV_NEAR ? 1 : 0, 0xc2, 2, 1, 2};

    memcpy(p, octets, sizeof octets);
    return sizeof octets;
}

static uint32_t set_up(uint8_t *p, uint8_t rosctr, uint32_t id, enum adv_how how)
{
    uint32_t len = head(p, rosctr, id, 8, 0);
    const uint8_t param[8] = {how == ADV_EVIL ? STOP : SET_UP, 0, 0, 8, 0, how == ADV_NEAR ? 7 : 8, 1, 0xe0};

    memcpy(p + len - sizeof param, param, sizeof param);
    return len;
}

static void put_item(uint8_t *p, uint8_t type, uint32_t n, uint32_t db, uint32_t at)
{
    const uint8_t item[ITEM_LEN] = {0x12, 10, 0x10, type, (uint8_t)(n >> 8), (uint8_t)n, (uint8_t)(db >> 8), (uint8_t)db, 0x84,
                                    0, (uint8_t)(at >> 5), (uint8_t)(at << 3)};

    memcpy(p, item, sizeof item);
}

static uint32_t read_var(uint8_t *p, uint32_t id, uint32_t n, uint32_t db, uint32_t at)
{
    uint32_t len = head(p, 1, id, 2 + ITEM_LEN, 0);

    p[17] = READ;
    p[18] = 1;
    put_item(p + 19, BYTES, n, db, at);
    return len;
}

static uint32_t write_int(uint8_t *p, uint32_t id, uint32_t db, uint32_t at, uint32_t value)
{
    uint32_t len = head(p, 1, id, 2 + ITEM_LEN, 6);
    const uint8_t data[6] = {0, 4, 0, 16, (uint8_t)(value >> 8), (uint8_t)value};

    p[17] = WRITE;
    p[18] = 1;
    put_item(p + 19, INTEGER, 1, db, at);
    memcpy(p + 31, data, sizeof data);
    return len;
}

static uint32_t write_block(uint8_t *p, uint32_t id, enum adv_how how)
{
    uint32_t len = head(p, 1, id, 2 + ITEM_LEN, 104);
    const uint8_t data[4] = {0, 4, 3, 0x20};

    p[17] = WRITE;
    p[18] = 1;
    put_item(p + 19, BYTES, 100, how == ADV_EVIL ? 12 : 11, 0);
    memcpy(p + 31, data, sizeof data);
    for (uint32_t i = 0; i < 100; i++)
        p[35 + i] = (uint8_t)(i + (how == ADV_NEAR));
    return len;
}

/* Function 1, five octets of nothing, length and name of the service. */
static uint32_t stop(uint8_t *p, uint32_t id)
{
    uint32_t len = head(p, 1, id, 16, 0);
    const uint8_t param[16] = {STOP, 0, 0, 0, 0, 0, 9, 'P', '_', 'P', 'R', 'O', 'G', 'R', 'A', 'M'};

    memcpy(p + len - sizeof param, param, sizeof param);
    return len;
}

static uint32_t request(uint8_t *p, char letter, uint32_t id, enum adv_how how)
{
    bool evil = how == ADV_EVIL, near = how == ADV_NEAR;

    switch (letter) {
    case 'o':
        return connect(p, 0xe0, how);
    case 's':
        return set_up(p, 1, id, how);
    case 'r':
        return read_var(p, id, 2, evil ? 99 : 10, near ? 2 : 0);
    case 'l':
        return read_var(p, id, 200, evil ? 99 : 10, near ? 2 : 0);
    case 'w':
        return write_int(p, id, 10, evil ? 42 : 40, near ? 901 : 900);
    case 'b':
        return write_block(p, id, how);
    case 'd':
        return write_int(p, id, 10, 40, evil ? 900 : 1001);
    default:
        return stop(p, id);
    }
}

/* Evil: a reply that nobody asked for. */
static uint32_t reply(uint8_t *p, char letter, uint32_t id, enum adv_how how)
{
    uint32_t n = letter == 'r' ? 2 : letter == 'l' ? 200 : 0;

    if (letter == 'o')
        return connect(p, 0xd0, how);
    if (how == ADV_EVIL)
        id += 100;
    if (letter == 's')
        return set_up(p, 3, id, how == ADV_EVIL ? ADV_PLAIN : how);
    uint32_t len = head(p, 3, id, 2, n > 0 ? 4 + n : 1);
    const uint8_t answer[6] = {n > 0 ? READ : WRITE, 1, 0xff, 4, (uint8_t)(n >> 5), (uint8_t)(n << 3)};
    memcpy(p + 19, answer, n > 0 ? 6 : 3);
    for (uint32_t i = 0; i < n; i++)
        p[25 + i] = (uint8_t)(i + id + (how == ADV_NEAR ? 7 : 0));
    return len;
}

static uint32_t pdu_len(const uint8_t *p, uint32_t left)
{
    uint32_t len = left >= 4 ? (uint32_t)p[2] << 8 | p[3] : 0;

    return len < TPKT_LEN ? 0 : len;
}

static bool is_granted_item(const uint8_t *p, uint32_t n, uint32_t *len)
{
    uint32_t db = (uint32_t)p[25] << 8 | p[26], at = ((uint32_t)p[28] << 16 | (uint32_t)p[29] << 8 | p[30]) >> 3;

    *len = p[22] == INTEGER ? 2 * n : n;
    if (p[17] == READ)
        return db == 10 && at + *len <= 400;
    if (p[22] == BYTES)
        return db == 11 && at + *len <= 200;
    return p[22] == INTEGER && n == 1 && db == 10 && at == 40 && (p[35] << 8 | p[36]) <= 1000;
}

/* The identical octets a second time for what opens the connection; of jobs one item. */
static bool allowed(const uint8_t *pdu, uint32_t len)
{
    uint32_t n, octets;

    if (len == 22 && pdu[5] == 0xe0)
        return pdu[10] == 0;
    if (len < 25 || pdu[4] != 2 || pdu[5] != 0xf0 || pdu[7] != 0x32 || pdu[8] != 1)
        return false;
    if (pdu[17] == SET_UP)
        return len == 25;
    if ((pdu[17] != READ && pdu[17] != WRITE) || len < 31 || pdu[18] != 1 || pdu[19] != 0x12 || pdu[21] != 0x10 || pdu[27] != 0x84)
        return false;
    n = (uint32_t)pdu[23] << 8 | pdu[24];
    if (pdu[17] == WRITE && len < 37)
        return false;
    return is_granted_item(pdu, n, &octets) && len == 31 + (pdu[17] == WRITE ? 4 + octets : 0);
}

/* Of reading and writing a return code for the variable, else an error; one of the two that there are. */
static uint32_t refusal(uint8_t out[ADV_REFUSAL_MAX], unsigned nth, const uint8_t *pdu, uint32_t len)
{
    static const uint8_t errors[2][2] = {{0xd2, 0x41}, {0x81, 0x04}};
    uint32_t id = (uint32_t)pdu[11] << 8 | pdu[12], n = pdu[17] == READ ? 4 : 1;

    if (len < 25 || nth > 1 || (nth == 1 && (pdu[17] == READ || pdu[17] == WRITE)))
        return 0;
    memset(out, 0, ADV_REFUSAL_MAX);
    if (pdu[17] != READ && pdu[17] != WRITE) {
        uint32_t octets = head(out, 2, id, 0, 0);
        memcpy(out + octets - 2, errors[nth], 2);
        return octets;
    }
    uint32_t octets = head(out, 3, id, 2, n);
    out[19] = pdu[17];
    out[20] = 1;
    out[21] = 3;
    return octets;
}

/* Nothing before its turn; then what the set-up says. */
static uint32_t may_wait(uint32_t n_replies)
{
    return n_replies < 2 ? 1 : 8;
}

const struct adv_protocol adv_s7comm = {.name = "s7comm", .opening = "os", .port = 102, .request = request, .reply = reply,
                                        .pdu_len = pdu_len, .allowed = allowed, .refusal = refusal, .may_wait = may_wait};
