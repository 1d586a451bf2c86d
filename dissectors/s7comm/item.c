/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * item.c - variables: item specifications of read-var, write-var and cyclic data, and the data that belongs to them.
 */
#include "classic.h"

enum syntax {
    SYNTAX_DB_READ = 0xb0,
    SYNTAX_SYMBOLIC = 0xb2, /* S7-1200: by checksum, without an address */
};


#define SIZE(data) (1u << (data))

/* Which transport sizes of data go with one of an item. */
enum shape {
    SHAPE_AREAS = 0,
    SHAPE_BIT,
    SHAPE_BYTES,
    SHAPE_TEXT, /* and what is seldom read on its own: times and dates */
    SHAPE_INT,
    SHAPE_DINT,
    SHAPE_REAL,
    SHAPE_NUMBER,
};

static const uint16_t shape_sizes[] = {
    [SHAPE_AREAS] = SIZE(S7_DATA_OCTETS),
    [SHAPE_BIT] = SIZE(S7_DATA_BIT),
    [SHAPE_BYTES] = SIZE(S7_DATA_BYTES),
    [SHAPE_TEXT] = SIZE(S7_DATA_BYTES) | SIZE(S7_DATA_OCTETS),
    [SHAPE_INT] = SIZE(S7_DATA_BYTES) | SIZE(S7_DATA_INT),
    [SHAPE_DINT] = SIZE(S7_DATA_BYTES) | SIZE(S7_DATA_DINT),
    [SHAPE_REAL] = SIZE(S7_DATA_BYTES) | SIZE(S7_DATA_REAL),
    [SHAPE_NUMBER] = SIZE(S7_DATA_OCTETS),
};

/* Octets of an element, and how they are laid out; size 0: no type that is understood. */
static const struct type {
    uint8_t len;
    uint8_t shape;
    uint8_t values; /* enum ps_value_kind */
} types[S7_TYPE_MAX + 1] = {
    [S7_TYPE_BIT] = {1, SHAPE_BIT, PS_VALUE_U8},
    [S7_TYPE_BYTE] = {1, SHAPE_BYTES, PS_VALUE_U8},
    [S7_TYPE_CHAR] = {1, SHAPE_TEXT, PS_VALUE_U8},
    [S7_TYPE_WORD] = {2, SHAPE_BYTES, PS_VALUE_U16BE},
    [S7_TYPE_INT] = {2, SHAPE_INT, PS_VALUE_I16BE},
    [S7_TYPE_DWORD] = {4, SHAPE_BYTES, PS_VALUE_U32BE},
    [S7_TYPE_DINT] = {4, SHAPE_DINT, PS_VALUE_I32BE},
    [S7_TYPE_REAL] = {4, SHAPE_REAL, PS_VALUE_F32BE},
    [S7_TYPE_DATE] = {2, SHAPE_TEXT, PS_VALUE_U16BE},
    [S7_TYPE_TOD] = {4, SHAPE_TEXT, PS_VALUE_U32BE},
    [S7_TYPE_TIME] = {4, SHAPE_TEXT, PS_VALUE_I32BE},
    [S7_TYPE_S5TIME] = {2, SHAPE_TEXT, PS_VALUE_U16BE},
    [S7_TYPE_DT] = {8, SHAPE_TEXT, PS_VALUE_UNKNOWN},
    [S7_TYPE_COUNTER] = {2, SHAPE_NUMBER, PS_VALUE_U16BE},
    [S7_TYPE_TIMER] = {2, SHAPE_NUMBER, PS_VALUE_U16BE},
};

static uint32_t space_of(uint8_t area, uint32_t db)
{
    switch (area) {
    case 0x05:
        return S7_SPACE_SM;
    case 0x06:
        return S7_SPACE_AI;
    case 0x07:
        return S7_SPACE_AQ;
    case 0x1c:
        return S7_SPACE_C;
    case 0x1d:
        return S7_SPACE_T;
    case 0x80:
        return S7_SPACE_P;
    case 0x81:
        return S7_SPACE_I;
    case 0x82:
        return S7_SPACE_Q;
    case 0x83:
        return S7_SPACE_M;
    case 0x84:
        return S7_SPACE_DB + db;
    case 0x85:
        return S7_SPACE_DI + db;
    case 0x86:
        return S7_SPACE_L;
    case 0x87:
        return S7_SPACE_V;
    default:
        return 0;
    }
}

void s7_set_values(struct ps_fact *fact, uint8_t type, const uint8_t *data, uint32_t n)
{
    fact->values.kind = types[type].values;
    if (fact->values.kind == PS_VALUE_UNKNOWN)
        return;
    fact->values.data = data;
    fact->values.n = n;
}

/* Transport size 1, count 2, DB number 2, area 1, address 3: bits from the start of the area; the number of a counter or
 * timer. */
enum ps_reason s7_any(const uint8_t p[S7_ANY_LEN], struct ps_fact *fact)
{
    uint8_t type = p[0];
    uint32_t count = (uint32_t)(p[1] << 8 | p[2]), db = (uint32_t)(p[3] << 8 | p[4]);
    uint32_t address = (uint32_t)(p[6] << 16 | p[7] << 8 | p[8]), space = space_of(p[5], db);
    bool number = type == S7_TYPE_COUNTER || type == S7_TYPE_TIMER;
    if (type > S7_TYPE_MAX || types[type].len == 0 || count == 0 || (type == S7_TYPE_BIT && count != 1))
        return PS_REASON_S7_TYPE;
    if ((space == S7_SPACE_C) != (type == S7_TYPE_COUNTER) || (space == S7_SPACE_T) != (type == S7_TYPE_TIMER))
        return PS_REASON_S7_TYPE;
    if (space == 0 || (space >= S7_SPACE_DB) != (db != 0))
        return PS_REASON_S7_ADDRESS;
    uint32_t units = number || type == S7_TYPE_BIT ? count : count * types[type].len * 8;
    uint32_t end = number ? S7_NUMBERS_MAX : S7_BYTES_MAX * 8;
    bool aligned = number || type == S7_TYPE_BIT || address % 8 == 0;
    if (!aligned || address >= end || units > end - address)
        return PS_REASON_S7_ADDRESS;
    fact->space = space;
    fact->first = address;
    fact->last = address + units - 1;
    fact->choice = S7_CHOICE(type);
    return PS_REASON_NONE;
}

static void read_any(struct s7_pdu *pdu, struct ps_rd *rd)
{
    struct ps_fact any;
    const uint8_t *octets = ps_rd_bytes(rd, S7_ANY_LEN);
    if (!octets)
        return;
    enum ps_reason reason = s7_any(octets, &any);
    if (!ps_rd_require(rd, reason == PS_REASON_NONE, reason))
        return;
    struct ps_fact *fact = s7_object_fact(pdu, (struct s7_block){any.space, any.first});
    if (!fact)
        return;
    fact->last = any.last;
    fact->choice = any.choice;
}

static void set_bit(uint8_t *bits, uint32_t i)
{
    bits[i / 8] |= (uint8_t)(1u << i % 8);
}

static bool get_bit(const uint8_t *bits, uint32_t i)
{
    return i < S7_JOINED_MAX && bits[i / 8] >> (i % 8) & 1;
}

/* Areas 1, then for each: octets 1, DB number 2, first octet 2. S7-400 only; read only. */
static void read_areas(struct s7_pdu *pdu, struct ps_rd *rd)
{
    struct s7_classic_note *note = &pdu->classic->note;
    uint32_t n = ps_rd_u8(rd);
    ps_rd_require(rd, n > 0 && pdu->classic->row != S7_ROW_WRITE_VAR, PS_REASON_S7_ITEM);
    for (uint32_t i = 0; i < n && !ps_rd_failed(rd); i++) {
        uint32_t octets = ps_rd_u8(rd), db = ps_rd_u16be(rd), start = ps_rd_u16be(rd);
        uint32_t at = pdu->facts->n_facts;
        ps_rd_require(rd, octets > 0, PS_REASON_S7_ITEM);
        if (!ps_rd_require(rd, db > 0 && start + octets <= S7_BYTES_MAX, PS_REASON_S7_ADDRESS))
            return;
        struct ps_fact *fact = s7_object_fact(pdu, (struct s7_block){S7_SPACE_DB + db, start * 8});
        if (!fact)
            return;
        fact->last = (start + octets) * 8 - 1;
        fact->choice = S7_CHOICE(S7_TYPE_BYTE);
        if (pdu->classic->row != S7_ROW_READ_VAR)
            continue;
        if (!ps_rd_require(rd, at < S7_JOINED_MAX, PS_REASON_TOO_MANY_FACTS))
            return;
        set_bit(note->area, at);
        if (i > 0)
            set_bit(note->joined, at);
    }
}

/* 12, length 1, syntax 1, and what the syntax says. A fill octet follows an odd one that is not the last. */
static void read_item(struct s7_pdu *pdu, struct ps_rd *rd, bool last)
{
    struct ps_rd item;
    uint8_t head = ps_rd_u8(rd), len = ps_rd_u8(rd), syntax;
    ps_rd_sub(rd, &item, len);
    syntax = ps_rd_u8(&item);
    ps_rd_require(&item, head == S7_ITEM, PS_REASON_S7_ITEM);
    if (syntax == S7_SYNTAX_ANY)
        read_any(pdu, &item);
    else if (syntax == SYNTAX_DB_READ)
        read_areas(pdu, &item);
    else
        ps_rd_fail(&item, syntax == SYNTAX_SYMBOLIC ? PS_REASON_S7_SYMBOLIC : PS_REASON_S7_ITEM);
    ps_rd_close(&item);
    if (len % 2 != 0 && !last)
        ps_rd_require(rd, ps_rd_u8(rd) == 0, PS_REASON_S7_ITEM);
}

void s7_items(struct s7_pdu *pdu, struct ps_rd *rd, uint32_t count)
{
    ps_rd_require(rd, count > 0, PS_REASON_S7_ITEM);
    pdu->classic->note.n_items = (uint16_t)count;
    for (uint32_t i = 0; i < count && !ps_rd_failed(rd); i++)
        read_item(pdu, rd, i + 1 == count);
}

/* ---- what the answer to a read job will hold ------------------------------------------------------------------- */

#define OCTETS_MASK 0x1fffu

static uint16_t expectation(uint32_t octets, enum shape shape)
{
    return (uint16_t)(octets | (uint32_t)shape << 13);
}

uint32_t s7_fact_octets(const struct ps_fact *fact)
{
    uint32_t units = fact->last - fact->first + 1;
    uint8_t type = (uint8_t)(fact->choice - 1);
    if (type == S7_TYPE_BIT)
        return 1;
    return types[type].shape == SHAPE_NUMBER ? 2 * units : units / 8;
}

uint32_t s7_expectations(const struct ps_facts *facts, const struct s7_classic_note *note, uint16_t *items)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < facts->n_facts && n <= note->n_items; i++) {
        const struct ps_fact *fact = &facts->item[i];
        uint32_t octets = s7_fact_octets(fact);
        bool area = get_bit(note->area, i);
        if (get_bit(note->joined, i))
            items[n - 1] = (uint16_t)(items[n - 1] + octets + 1);
        else if (n < note->n_items)
            items[n++] = area ? expectation(octets + 1, SHAPE_AREAS)
                              : expectation(octets, (enum shape)types[fact->choice - 1].shape);
    }
    return n;
}

/* Octets of the answer to a read job: header 12, function and count 2, per item head 4, data, a pad octet behind an odd
 * one that is not the last. */
static uint32_t answer_len(const struct s7_pdu *pdu)
{
    const struct ps_facts *facts = pdu->facts;
    uint32_t len = S7_ACK_HEAD_LEN + 2;
    for (uint32_t i = 0; i < facts->n_facts; i++) {
        bool joined = get_bit(pdu->classic->note.joined, i);
        len += joined ? 0 : (len % 2) + 4;
        len += s7_fact_octets(&facts->item[i]) + get_bit(pdu->classic->note.area, i);
    }
    return len;
}

/* ---- read-var -------------------------------------------------------------------------------------------------- */

/* 04: count 1, items. */
void s7_request_read_var(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    s7_items(pdu, &c->param, ps_rd_u8(&c->param));
    if (ps_rd_failed(pdu->rd))
        return;
    uint32_t most = c->state->agreed.pdu_len ? c->state->agreed.pdu_len : S7_TPDU_MAX;
    ps_rd_require(pdu->rd, answer_len(pdu) <= most, PS_REASON_S7_LENGTH);
}

/* 00 is no answer; FF is fine; the others are errors. */
bool s7_is_item_error(uint8_t code)
{
    return code == 0x01 || code == 0x03 || code == 0x05 || code == 0x06 || code == 0x07 || code == 0x0a;
}

/* Octets of data of that size and length; fault when the size is none. */
static uint32_t data_octets(struct ps_rd *rd, uint8_t size, uint32_t len)
{
    switch (size) {
    case S7_DATA_BIT:
        ps_rd_require(rd, len == 1, PS_REASON_S7_DATA);
        return 1;
    case S7_DATA_BYTES:
    case S7_DATA_INT:
        ps_rd_require(rd, len % 8 == 0, PS_REASON_S7_DATA);
        return len / 8;
    case S7_DATA_DINT:
    case S7_DATA_REAL:
    case S7_DATA_OCTETS:
        return len;
    default:
        ps_rd_fail(rd, PS_REASON_S7_DATA);
        return 0;
    }
}

/* Of any value: snap7, as a client and as a server, leaves in it what its buffer held before. */
static void read_pad(struct ps_rd *rd, uint32_t octets)
{
    if (octets % 2 != 0)
        (void)ps_rd_u8(rd);
}

/* DINT comes from many devices with the size of INT. */
bool s7_is_expected(uint16_t expected, uint8_t size, uint32_t octets)
{
    uint32_t shape = expected >> 13, sizes = shape_sizes[shape] | (shape == SHAPE_DINT ? SIZE(S7_DATA_INT) : 0);
    return octets == (expected & OCTETS_MASK) && (SIZE(size & 15) & sizes) != 0;
}

/* Return code 1, transport size 1, length 2, data. */
static void read_answer(struct s7_pdu *pdu, const uint16_t *expected, bool last)
{
    struct ps_rd *rd = &pdu->classic->data;
    uint8_t code = ps_rd_u8(rd), size = ps_rd_u8(rd);
    uint32_t len = ps_rd_u16be(rd);
    if (code != 0xff) {
        bool quirk = len == 4 && s7_relaxed(pdu, S7_RELAX_READ_ERROR_LEN4);
        ps_rd_require(rd, s7_is_item_error(code) && ((size == 0 && len == 0) || quirk), PS_REASON_S7_DATA);
        return;
    }
    uint32_t octets = data_octets(rd, size, len);
    (void)ps_rd_bytes(rd, octets);
    if (expected && !ps_rd_failed(rd))
        s7_expect(pdu, s7_is_expected(*expected, size, octets));
    if (!last)
        read_pad(rd, octets);
}

/* 04: count 1; data: one item each. */
void s7_reply_read_var(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    uint32_t count = ps_rd_u8(&c->param);
    s7_expect(pdu, c->request && c->request->n_items == count);
    ps_rd_require(pdu->rd, count > 0, PS_REASON_S7_ITEM);
    const uint16_t *items = c->request ? s7_pending_items(c->state, c->request) : NULL;
    for (uint32_t i = 0; i < count && !ps_rd_failed(pdu->rd); i++)
        read_answer(pdu, c->request ? items + i : NULL, i + 1 == count);
}

/* ---- write-var ------------------------------------------------------------------------------------------------- */

/* Return code 1 (0), transport size 1, length 2, data: what the item has room for, in a size that its type may have.
 * Receivers differ in whether they believe the item or the data, so there is one size and length only. */
static void read_value(struct s7_pdu *pdu, struct ps_fact *fact, bool last)
{
    struct ps_rd *rd = &pdu->classic->data;
    uint8_t code = ps_rd_u8(rd), size = ps_rd_u8(rd), type = (uint8_t)(fact->choice - 1);
    uint32_t len = ps_rd_u16be(rd), octets = data_octets(rd, size, len), expected = s7_fact_octets(fact);
    ps_rd_require(rd, code == 0, PS_REASON_S7_DATA);
    ps_rd_require(rd, octets == expected, PS_REASON_S7_DATA);
    uint32_t sizes = shape_sizes[types[type].shape];
    if (types[type].shape == SHAPE_DINT && s7_relaxed(pdu, S7_RELAX_WRITE_DINT_BITS))
        sizes |= SIZE(S7_DATA_INT);
    ps_rd_require(rd, (SIZE(size & 15) & sizes) != 0, PS_REASON_S7_TYPE);
    const uint8_t *data = ps_rd_bytes(rd, octets);
    if (!data)
        return;
    ps_rd_require(rd, type != S7_TYPE_BIT || data[0] <= 1, PS_REASON_S7_DATA);
    s7_set_values(fact, type, data, octets / types[type].len);
    if (!last)
        read_pad(rd, octets);
}

/* 05: count 1, items; data: one item each. */
void s7_request_write_var(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    s7_items(pdu, &c->param, ps_rd_u8(&c->param));
    for (uint16_t i = 0; i < pdu->facts->n_facts && !ps_rd_failed(pdu->rd); i++)
        read_value(pdu, &pdu->facts->item[i], i + 1 == pdu->facts->n_facts);
}

/* 05: count 1; data: a return code each. */
void s7_reply_write_var(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    uint32_t count = ps_rd_u8(&c->param);
    s7_expect(pdu, c->request && c->request->n_items == count);
    ps_rd_require(pdu->rd, count > 0, PS_REASON_S7_ITEM);
    const uint8_t *codes = ps_rd_bytes(&c->data, count);
    for (uint32_t i = 0; codes && i < count; i++)
        ps_rd_require(pdu->rd, codes[i] == 0xff || s7_is_item_error(codes[i]), PS_REASON_S7_DATA);
}
