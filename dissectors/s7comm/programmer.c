/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * programmer.c - user data that begins something which then goes on by itself: programmer commands (group 1, TIS) and
 * cyclic data (group 2).
 */
#include "classic.h"

/* ---- programmer commands --------------------------------------------------------------------------------------- */

/* Octets of parameters 2, of data 2, parameters, data: of which *body remains. */
static void read_head(struct s7_pdu *pdu, struct ps_rd *body)
{
    struct ps_rd *data = &pdu->classic->data;
    uint32_t params = ps_rd_u16be(data), len = ps_rd_u16be(data);
    (void)ps_rd_bytes(data, params);
    ps_rd_sub(data, body, len);
}

static void skip_rest(struct ps_rd *body)
{
    (void)ps_rd_bytes(body, ps_rd_left(body));
    ps_rd_close(body);
}

/* Changes nothing. */
void s7_request_tis_opaque(struct s7_pdu *pdu)
{
    struct ps_rd body;
    read_head(pdu, &body);
    s7_object_fact(pdu, (struct s7_block){0});
    skip_rest(&body);
}

/* May change something that is not understood. */
void s7_request_tis_unseen(struct s7_pdu *pdu)
{
    struct ps_rd body;
    read_head(pdu, &body);
    struct ps_fact *fact = s7_object_fact(pdu, (struct s7_block){0});
    if (fact)
        fact->values.kind = PS_VALUE_UNKNOWN;
    skip_rest(&body);
}

static bool is_known_job(const struct s7_classic *state, uint8_t function, uint8_t number)
{
    for (uint32_t i = 0; i < S7_TIS_JOBS_MAX; i++)
        if (state->tis[i].function == function && state->tis[i].number == number)
            return true;
    return false;
}

/* Function 1, number 1: of a job that was judged when it was made. Who may begin or end it is who may make it: the fact
 * has that function's class. */
static void read_job(struct s7_pdu *pdu, struct ps_rd *body)
{
    uint8_t function = ps_rd_u8(body), number = ps_rd_u8(body);
    uint8_t row = s7_row_by_userdata(1, function);
    if (!ps_rd_require(body, row != S7_ROW_NONE && !ps_rd_failed(body), PS_REASON_S7_FUNCTION))
        return;
    bool known = is_known_job(pdu->classic->state, function, number) || pdu->midstream;
    ps_rd_require(body, known, PS_REASON_S7_SUBSCRIPTION);
    struct ps_fact *fact = s7_object_fact(pdu, (struct s7_block){0});
    if (fact)
        fact->op = (uint8_t)s7_op(row);
}

/* One job. */
void s7_request_tis_name_job(struct s7_pdu *pdu)
{
    struct ps_rd body;
    read_head(pdu, &body);
    read_job(pdu, &body);
    ps_rd_close(&body);
}

/* Jobs 2, each. */
void s7_request_tis_delete_job(struct s7_pdu *pdu)
{
    struct ps_rd body;
    read_head(pdu, &body);
    uint32_t n = ps_rd_u16be(&body);
    ps_rd_require(&body, n > 0, PS_REASON_S7_ITEM);
    for (uint32_t i = 0; i < n && !ps_rd_failed(&body); i++)
        read_job(pdu, &body);
    ps_rd_close(&body);
}

/* Areas as programmer commands number them: kind in the high digit, element in the low one. */
static uint32_t area_space(uint8_t area, uint32_t db)
{
    switch (area >> 4) {
    case 0:
        return S7_SPACE_M;
    case 1:
        return S7_SPACE_I;
    case 2:
        return S7_SPACE_Q;
    case 3:
        return S7_SPACE_P;
    case 5:
        return S7_SPACE_T;
    case 6:
        return S7_SPACE_C;
    case 7:
        return S7_SPACE_DB + db;
    default:
        return 0;
    }
}

/* Transport size of the element; 0: none. */
static uint8_t area_type(uint8_t area)
{
    static const uint8_t types[] = {S7_TYPE_BIT, S7_TYPE_BYTE, S7_TYPE_WORD, S7_TYPE_DWORD};
    uint8_t kind = area >> 4, element = area & 15;
    if (kind == 5 || kind == 6)
        return element != 4 ? 0 : kind == 5 ? S7_TYPE_TIMER : S7_TYPE_COUNTER;
    return element < 4 ? types[element] : 0;
}

static uint32_t type_bits(uint8_t type)
{
    switch (type) {
    case S7_TYPE_BYTE:
        return 8;
    case S7_TYPE_WORD:
        return 16;
    case S7_TYPE_DWORD:
        return 32;
    default: /* bits, timers and counters are numbered one by one */
        return 1;
    }
}

/* Area 1, elements 1, DB number 2, start 2: octets, or for bits, timers and counters their number. */
static struct ps_fact *read_variable(struct s7_pdu *pdu, struct ps_rd *body)
{
    uint8_t area = ps_rd_u8(body), n = ps_rd_u8(body);
    uint32_t db = ps_rd_u16be(body), start = ps_rd_u16be(body);
    uint32_t space = area_space(area, db);
    uint8_t type = area_type(area);
    ps_rd_require(body, type != 0 && n > 0 && (type != S7_TYPE_BIT || n == 1), PS_REASON_S7_TYPE);
    ps_rd_require(body, space != 0 && (space >= S7_SPACE_DB) == (db != 0), PS_REASON_S7_ADDRESS);
    uint32_t bits = type_bits(type), first = bits > 1 ? start * 8 : start, last = first + n * bits - 1;
    uint32_t end = space == S7_SPACE_T || space == S7_SPACE_C ? S7_NUMBERS_MAX : S7_BYTES_MAX * 8;
    if (!ps_rd_require(body, last < end, PS_REASON_S7_ADDRESS))
        return NULL;
    struct ps_fact *fact = s7_object_fact(pdu, (struct s7_block){space, first});
    if (!fact)
        return NULL;
    fact->last = last;
    fact->choice = S7_CHOICE(type);
    return fact;
}

static void read_variables(struct s7_pdu *pdu, struct ps_rd *body)
{
    uint32_t n = ps_rd_u16be(body);
    ps_rd_require(body, n > 0, PS_REASON_S7_ITEM);
    for (uint32_t i = 0; i < n && !ps_rd_failed(body); i++)
        read_variable(pdu, body);
}

/* Variables 2, each. */
void s7_request_variable_status(struct s7_pdu *pdu)
{
    struct ps_rd body;
    read_head(pdu, &body);
    read_variables(pdu, &body);
    ps_rd_close(&body);
}

/* 0 1, transport size 1 (9), length 2, data, a pad octet behind an odd one. */
static void read_value(struct ps_fact *fact, struct ps_rd *body)
{
    uint8_t type = (uint8_t)(fact->choice - 1);
    bool number = type == S7_TYPE_TIMER || type == S7_TYPE_COUNTER;
    uint32_t units = fact->last - fact->first + 1, bits = type_bits(type);
    uint32_t octets = number ? 2 * units : bits == 1 ? 1 : units / 8;
    uint8_t code = ps_rd_u8(body), size = ps_rd_u8(body);
    uint32_t len = ps_rd_u16be(body);
    ps_rd_require(body, code == 0 && size == 9 && len == octets, PS_REASON_S7_DATA);
    const uint8_t *data = ps_rd_bytes(body, octets);
    if (!data)
        return;
    ps_rd_require(body, type != S7_TYPE_BIT || data[0] <= 1, PS_REASON_S7_DATA);
    s7_set_values(fact, type, data, units / bits);
    if (len % 2 != 0)
        ps_rd_require(body, ps_rd_u8(body) == 0, PS_REASON_S7_DATA);
}

/* Variables 2, each; then a value for each. */
void s7_request_modify_variable(struct s7_pdu *pdu)
{
    struct ps_rd body;
    read_head(pdu, &body);
    read_variables(pdu, &body);
    for (uint16_t i = 0; i < pdu->facts->n_facts && !ps_rd_failed(&body); i++)
        read_value(&pdu->facts->item[i], &body);
    ps_rd_close(&body);
}

/* Nothing, or octets that only the programmer understands. The sequence is the number of the job that was made. */
void s7_reply_tis(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    if (c->sequence != 0) {
        c->note.effect = S7_EFFECT_TIS;
        c->note.value = c->sequence;
    }
    (void)ps_rd_bytes(&c->data, ps_rd_left(&c->data));
}

/* ---- cyclic data ----------------------------------------------------------------------------------------------- */

/* Items 2, unit of time 1, times 1, items as in read-var. */
void s7_request_cyclic(struct s7_pdu *pdu)
{
    struct ps_rd *data = &pdu->classic->data;
    uint32_t n = ps_rd_u16be(data);
    (void)ps_rd_u16be(data);
    s7_items(pdu, data, n);
}

/* Items 2, each: return code 1, transport size 1, length 2, data, a pad octet behind an odd one that is not the last. The
 * sequence is the number of the job. */
void s7_reply_cyclic(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    struct ps_rd *data = &c->data;
    c->note.effect = S7_EFFECT_CYCLIC;
    c->note.value = c->sequence;
    if (c->empty)
        return;
    uint32_t n = ps_rd_u16be(data);
    s7_expect(pdu, c->request && c->request->n_items == n);
    for (uint32_t i = 0; i < n && !ps_rd_failed(data); i++) {
        uint8_t code = ps_rd_u8(data), size = ps_rd_u8(data);
        uint32_t len = ps_rd_u16be(data), octets = size >= 3 && size <= 5 ? (len + 7) / 8 : len;
        ps_rd_require(data, code == 0xff || len == 0, PS_REASON_S7_DATA);
        (void)ps_rd_bytes(data, octets);
        if (octets % 2 != 0 && i + 1 < n)
            (void)ps_rd_u8(data);
    }
}

/* Function 1, number 1. */
void s7_request_cyclic_stop(struct s7_pdu *pdu)
{
    struct ps_rd *data = &pdu->classic->data;
    uint8_t function = ps_rd_u8(data);
    pdu->classic->note.echo = ps_rd_u8(data);
    ps_rd_require(data, function == 1 || function == 5 || function == 7, PS_REASON_S7_FUNCTION);
    struct ps_fact *fact = s7_object_fact(pdu, (struct s7_block){0});
    if (fact)
        fact->housekeeping = true;
}

/* Nothing. */
void s7_reply_cyclic_stop(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    if (!c->request)
        return;
    c->note.effect = S7_EFFECT_CYCLIC_END;
    c->note.value = c->request->echo;
}
