/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * userdata.c - user data: the head of parameters and data, what the two directions may say, answers in several parts.
 */
#include "classic.h"

enum kind {
    KIND_INDICATION = 0,
    KIND_REQUEST = 1,
    KIND_RESPONSE = 2,
};

#define DATA_NULL 0u
#define DATA_OCTETS 9u
#define NO_DATA 0x0au
#define MODE_TRANSITION 1u

struct head {
    uint8_t kind; /* enum kind */
    uint8_t group;
    uint8_t sub;
    bool extended;
    uint16_t error;
};

/* 000112 3, length 1 (4, 8), form 1 (11, 12), kind and group 1, sub-function 1, sequence 1; with the long form data unit
 * 1, last part 1 (0) or more to come (1), error 2. */
static void read_head(struct s7_pdu *pdu, struct head *h)
{
    struct s7_classic_pdu *c = pdu->classic;
    struct ps_rd *param = &c->param;
    uint32_t mark = ps_rd_u24be(param), n = ps_rd_u8(param), form = ps_rd_u8(param);
    uint8_t both = ps_rd_u8(param);
    h->kind = both >> 6;
    h->group = both & 0x3f;
    h->sub = ps_rd_u8(param);
    c->sequence = ps_rd_u8(param);
    h->extended = n == 8;
    ps_rd_require(param, mark == 0x000112 && (n == 4 || n == 8), PS_REASON_S7_PARAMETER);
    ps_rd_require(param, form == (h->extended ? 0x12u : 0x11u), PS_REASON_S7_PARAMETER);
    if (!h->extended)
        return;
    (void)ps_rd_u8(param);
    uint8_t more = ps_rd_u8(param);
    h->error = ps_rd_u16be(param);
    c->more = more == 1;
    ps_rd_require(param, more <= 1, PS_REASON_S7_PARAMETER);
}

/* Return code 1, transport size 1, length 2: of all that follows. An answer without data may say by its code why. */
static void read_data_head(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    uint8_t code = ps_rd_u8(&c->data), size = ps_rd_u8(&c->data);
    uint32_t len = ps_rd_u16be(&c->data), left = ps_rd_left(&c->data);
    c->empty = size == DATA_NULL && len == 0;
    bool full = size == DATA_OCTETS && (code == 0xff || code == 0);
    bool none = code == NO_DATA || (!s7_to_server(pdu) && s7_is_item_error(code));
    ps_rd_require(pdu->rd, full || (c->empty && none), PS_REASON_S7_DATA);
    if (left > len && s7_relaxed(pdu, S7_RELAX_TRAILING_ZERO) && !s7_to_server(pdu)) {
        for (struct ps_rd rest = c->data; left > len; left--)
            ps_rd_require(pdu->rd, rest.data[rest.pos + left - 1] == 0, PS_REASON_S7_DATA);
        c->data.end = c->data.pos + len;
    }
    ps_rd_require(pdu->rd, left == len, PS_REASON_S7_DATA);
}

/* What a function asks for that its echo names, all of it: list id or block type. */
static void named_fact(struct s7_pdu *pdu, uint32_t echo)
{
    uint8_t row = pdu->classic->row;
    struct s7_block object = {0};
    if (row == S7_ROW_READ_SZL)
        object = (struct s7_block){S7_SPACE_SZL, echo};
    if (row == S7_ROW_BLOCK_LIST_OF_TYPE)
        object = (struct s7_block){echo, 0};
    struct ps_fact *fact = s7_object_fact(pdu, object);
    if (fact && row == S7_ROW_BLOCK_LIST_OF_TYPE && echo != 0)
        fact->last = S7_BLOCK_MAX;
}

/* A request without data that names a sequence: the next part of an answer that has more. */
static void next_part(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    for (uint32_t i = 0; i < S7_MORE_MAX; i++) {
        const struct s7_more *more = &c->state->more[i];
        if (more->row != c->row || more->sequence != c->sequence)
            continue;
        c->note.echo = more->echo | S7_ECHO_CONTINUED;
        named_fact(pdu, more->echo);
        return;
    }
    ps_rd_require(pdu->rd, pdu->midstream, PS_REASON_S7_TRANSFER);
    c->note.echo = S7_ECHO_CONTINUED;
    s7_object_fact(pdu, (struct s7_block){0});
}

static void request(struct s7_pdu *pdu, const struct head *h)
{
    struct s7_classic_pdu *c = pdu->classic;
    pdu->facts->kind = PS_PDU_REQUEST;
    bool known = c->row != S7_ROW_NONE && s7_bodies[c->row].request;
    if (!ps_rd_require(pdu->rd, known && s7_to_server(pdu), PS_REASON_S7_FUNCTION))
        return;
    bool ready = c->state->agreed.pdu_len > 0 || pdu->midstream;
    ps_rd_require(pdu->rd, ready, PS_REASON_S7_SEQUENCE);
    ps_rd_require(pdu->rd, h->error == 0 && !c->more, PS_REASON_S7_PARAMETER);
    if (h->extended && c->sequence != 0 && c->empty)
        next_part(pdu);
    else
        s7_bodies[c->row].request(pdu);
    s7_pair_request(pdu);
}

static void response(struct s7_pdu *pdu, const struct head *h)
{
    struct s7_classic_pdu *c = pdu->classic;
    pdu->facts->kind = PS_PDU_REPLY;
    bool known = c->row != S7_ROW_NONE && s7_bodies[c->row].reply;
    if (!ps_rd_require(pdu->rd, known && !s7_to_server(pdu), PS_REASON_S7_FUNCTION))
        return;
    ps_rd_require(pdu->rd, h->extended, PS_REASON_S7_PARAMETER);
    s7_pair_reply(pdu);
    s7_expect(pdu, c->request && c->request->row == c->row);
    if (h->error != 0) {
        pdu->facts->kind = PS_PDU_REFUSAL;
        pdu->facts->error = (uint8_t)(h->error >> 8);
        pdu->facts->status = h->error;
        ps_rd_require(pdu->rd, c->empty && !c->more, PS_REASON_S7_DATA);
        return;
    }
    s7_bodies[c->row].reply(pdu);
    if (c->more && c->note.effect == S7_EFFECT_NONE) {
        c->note.effect = S7_EFFECT_MORE;
        c->note.value = c->sequence;
    }
}

static bool is_subscribed(const struct s7_classic_pdu *c, const struct head *h)
{
    if (h->group == 2)
        return c->state->cyclic[c->sequence / 8] >> (c->sequence % 8) & 1;
    for (uint32_t i = 0; h->group == 1 && i < S7_TIS_JOBS_MAX; i++)
        if (c->state->tis[i].function == h->sub && c->state->tis[i].number == c->sequence)
            return true;
    return h->group != 1 && c->state->messages != 0;
}

/* What a subscription brings: data of a cyclic or programmer job belongs to the request that began it, messages are
 * events of their own. */
static void indication(struct s7_pdu *pdu, const struct head *h)
{
    struct s7_classic_pdu *c = pdu->classic;
    bool job = h->group == 1 || h->group == 2;
    pdu->facts->kind = job ? PS_PDU_REPLY : PS_PDU_NOTICE;
    bool known = c->row != S7_ROW_NONE && (job || !s7_bodies[c->row].request);
    if (!ps_rd_require(pdu->rd, known && !s7_to_server(pdu), PS_REASON_S7_FUNCTION))
        return;
    ps_rd_require(pdu->rd, c->reference == 0 && h->error == 0, PS_REASON_S7_PARAMETER);
    ps_rd_require(pdu->rd, is_subscribed(c, h) || pdu->midstream, PS_REASON_S7_SUBSCRIPTION);
    if (h->group == 2) {
        s7_bodies[c->row].reply(pdu);
        c->note.effect = S7_EFFECT_NONE;
        return;
    }
    (void)ps_rd_bytes(&c->data, ps_rd_left(&c->data));
    if (!job)
        s7_object_fact(pdu, (struct s7_block){0});
}

/* 01 1, 00 1, 10 1, new state 1, 4 of no known meaning; no data. */
static void mode_transition(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    uint32_t head = ps_rd_u24be(&c->param);
    (void)ps_rd_bytes(&c->param, 5);
    ps_rd_require(&c->param, head == 0x010010, PS_REASON_S7_PARAMETER);
    ps_rd_require(pdu->rd, ps_rd_left(&c->data) == 0, PS_REASON_S7_HEADER);
    c->row = S7_ROW_MODE_TRANSITION;
    pdu->facts->function = c->row;
    indication(pdu, &(struct head){.kind = KIND_INDICATION});
}

void s7_userdata(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    struct head h = {0};
    struct ps_rd look = c->param;
    if (ps_rd_u8(&look) == MODE_TRANSITION) {
        mode_transition(pdu);
        return;
    }
    read_head(pdu, &h);
    read_data_head(pdu);
    pdu->facts->code = S7_CODE_USERDATA(h.group, h.sub);
    c->row = s7_row_by_userdata(h.group, h.sub);
    if (c->row != S7_ROW_NONE)
        pdu->facts->function = c->row;
    if (h.kind == KIND_REQUEST)
        request(pdu, &h);
    else if (h.kind == KIND_RESPONSE)
        response(pdu, &h);
    else
        ps_rd_require(pdu->rd, h.kind == KIND_INDICATION, PS_REASON_S7_PARAMETER);
    if (h.kind == KIND_INDICATION)
        indication(pdu, &h);
}

/* ---- bodies that several functions have ------------------------------------------------------------------------ */

/* Nothing. */
void s7_request_nothing(struct s7_pdu *pdu)
{
    s7_object_fact(pdu, (struct s7_block){0});
}

/* What is not understood and changes nothing. */
void s7_request_opaque(struct s7_pdu *pdu)
{
    struct ps_rd *data = &pdu->classic->data;
    s7_object_fact(pdu, (struct s7_block){0});
    (void)ps_rd_bytes(data, ps_rd_left(data));
}

/* What is not understood and may change something. */
void s7_request_unseen(struct s7_pdu *pdu)
{
    struct ps_rd *data = &pdu->classic->data;
    struct ps_fact *fact = s7_object_fact(pdu, (struct s7_block){0});
    if (fact)
        fact->values.kind = PS_VALUE_UNKNOWN;
    (void)ps_rd_bytes(data, ps_rd_left(data));
}

/* 12, length 1, 13, 0 1, R_ID 4, data of the user: nobody knows what it means to the block that takes it. */
void s7_request_block_send(struct s7_pdu *pdu)
{
    struct ps_rd look = pdu->classic->data;
    uint8_t mark = ps_rd_u8(&look), len = ps_rd_u8(&look), syntax = ps_rd_u8(&look);
    (void)ps_rd_bytes(&look, 5);
    ps_rd_require(pdu->rd, mark == 0x12 && len >= 6 && syntax == 0x13, PS_REASON_S7_ITEM);
    s7_request_unseen(pdu);
}

/* Any octets. */
void s7_reply_data(struct s7_pdu *pdu)
{
    (void)ps_rd_bytes(&pdu->classic->data, ps_rd_left(&pdu->classic->data));
}

/* ---- blocks and lists ------------------------------------------------------------------------------------------ */

/* Type 2. */
void s7_request_block_type(struct s7_pdu *pdu)
{
    const uint8_t *type = ps_rd_bytes(&pdu->classic->data, 2);
    if (!type)
        return;
    pdu->classic->note.echo = s7_block_of(pdu, type, NULL).space;
    named_fact(pdu, pdu->classic->note.echo);
}

/* Type 2, number 5, file system 1. */
void s7_request_block_info(struct s7_pdu *pdu)
{
    const uint8_t *name = ps_rd_bytes(&pdu->classic->data, 8);
    if (!name)
        return;
    ps_rd_require(pdu->rd, name[7] == 'P' || name[7] == 'A' || name[7] == 'B', PS_REASON_S7_BLOCK);
    struct s7_block block = s7_block_of(pdu, name, name + 2);
    if (block.space != 0)
        s7_object_fact(pdu, block);
}

static void entries(struct s7_pdu *pdu, uint32_t len)
{
    struct ps_rd *data = &pdu->classic->data;
    ps_rd_require(pdu->rd, ps_rd_left(data) % len == 0, PS_REASON_S7_DATA);
    (void)ps_rd_bytes(data, ps_rd_left(data));
}

/* Type 2, blocks 2 each. */
void s7_reply_block_list(struct s7_pdu *pdu)
{
    entries(pdu, 4);
}

/* Number 2, flags 1, language 1 each. */
void s7_reply_block_numbers(struct s7_pdu *pdu)
{
    entries(pdu, 4);
}

/* List id 2, index 2. */
void s7_request_szl(struct s7_pdu *pdu)
{
    uint32_t id = ps_rd_u16be(&pdu->classic->data);
    (void)ps_rd_u16be(&pdu->classic->data);
    pdu->classic->note.echo = id;
    named_fact(pdu, id);
}

/* List id 2, index 2, octets per record 2, records 2, records; further parts go on with records. Ids 0Fxx ask for the
 * head alone. Devices answer with an index of their own. snap7 cuts off what a PDU has no room for. */
void s7_reply_szl(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    struct ps_rd *data = &c->data;
    bool unseen = !c->request || c->request->echo & S7_ECHO_CONTINUED;
    if (unseen || c->empty) {
        s7_reply_data(pdu);
        return;
    }
    uint32_t id = ps_rd_u16be(data);
    (void)ps_rd_u16be(data);
    uint32_t len = ps_rd_u16be(data), n = ps_rd_u16be(data), left = ps_rd_left(data);
    s7_expect(pdu, id == c->request->echo);
    bool whole = !c->more && (id >> 8 & 15) != 15;
    bool cut = left < len * n && pdu->payload_len == c->state->agreed.pdu_len;
    s7_expect(pdu, !whole || cut || left == len * n);
    (void)ps_rd_bytes(data, left);
}

/* ---- messages, passwords, time --------------------------------------------------------------------------------- */

/* Events 1, 0 1, user 8, with some clients 2 more. */
void s7_request_message_service(struct s7_pdu *pdu)
{
    struct ps_rd *data = &pdu->classic->data;
    uint32_t n = ps_rd_left(data);
    pdu->classic->note.echo = ps_rd_u8(data);
    ps_rd_require(pdu->rd, n == 10 || n == 12, PS_REASON_S7_DATA);
    (void)ps_rd_bytes(data, n - 1);
    s7_object_fact(pdu, (struct s7_block){0});
}

void s7_reply_message_service(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    if (c->request) {
        c->note.effect = S7_EFFECT_MESSAGES;
        c->note.value = c->request->echo;
    }
    s7_reply_data(pdu);
}

/* Scrambled password 8. */
void s7_request_login(struct s7_pdu *pdu)
{
    (void)ps_rd_bytes(&pdu->classic->data, 8);
    s7_object_fact(pdu, (struct s7_block){0});
}

/* 0 1, then binary coded decimals: century 1, year 1, month 1, day 1, hour 1, minute 1, second 1, milliseconds and day of
 * the week 2. */
static void read_clock(struct s7_pdu *pdu)
{
    static const uint8_t max[9] = {0x99, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59, 0x99, 0x99};
    const uint8_t *clock = ps_rd_bytes(&pdu->classic->data, 10);
    for (uint32_t i = 0; clock && i < 9; i++) {
        uint8_t bcd = clock[i + 1];
        ps_rd_require(pdu->rd, (bcd >> 4) <= 9 && (bcd & 15) <= 9 && bcd <= max[i], PS_REASON_S7_DATA);
    }
}

void s7_request_clock(struct s7_pdu *pdu)
{
    read_clock(pdu);
    s7_object_fact(pdu, (struct s7_block){0});
}

void s7_reply_clock(struct s7_pdu *pdu)
{
    read_clock(pdu);
}
