/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plus_value.c - numbers of variable length, and values with their types.
 */
#include "plus_own.h"

#define VLQ32_MAX 5u
#define VLQ64_MAX 9u
#define DEPTH_MAX 16u                        /* structures in structures */
#define EXACT_MAX (UINT64_C(1) << 53) /* a double holds every whole number up to here */

enum flags {
    FLAG_ARRAY = 0x10,
    FLAG_ADDRESS_ARRAY = 0x20,
    FLAG_SPARSE_ARRAY = 0x40,
    FLAG_OTHER = 0x80, /* S7-1500: meaning not known; nothing follows from it */
    FLAGS_KNOWN = 0xf0,
};

enum known_type {
    TYPE_NULL = 0x00,
    TYPE_UDINT = 0x04,
};

/* How the elements of a type are written. */
enum form {
    FORM_NONE = 0, /* the type is not understood */
    FORM_NOTHING,
    FORM_NATURAL, /* so many octets */
    FORM_WHOLE,   /* likewise, with a sign */
    FORM_VLQ32,
    FORM_VLQ64,
    FORM_SIGNED_VLQ32,
    FORM_SIGNED_VLQ64,
    FORM_REAL,
    FORM_LREAL,
    FORM_BLOB,
    FORM_TEXT,
};

static const struct type {
    uint8_t form;
    uint8_t octets;
} types[] = {
    [TYPE_NULL] = {FORM_NOTHING, 0},
    [0x01] = {FORM_NATURAL, 1}, /* BOOL */
    [0x02] = {FORM_NATURAL, 1}, /* USINT */
    [0x03] = {FORM_NATURAL, 2}, /* UINT */
    [TYPE_UDINT] = {FORM_VLQ32, 0},
    [0x05] = {FORM_VLQ64, 0},        /* ULINT */
    [0x06] = {FORM_WHOLE, 1},        /* SINT */
    [0x07] = {FORM_WHOLE, 2},        /* INT */
    [0x08] = {FORM_SIGNED_VLQ32, 0}, /* DINT */
    [0x09] = {FORM_SIGNED_VLQ64, 0}, /* LINT */
    [0x0a] = {FORM_NATURAL, 1},      /* BYTE */
    [0x0b] = {FORM_NATURAL, 2},      /* WORD */
    [0x0c] = {FORM_NATURAL, 4},      /* DWORD */
    [0x0d] = {FORM_NATURAL, 8},      /* LWORD */
    [S7P_TYPE_REAL] = {FORM_REAL, 4},
    [0x0f] = {FORM_LREAL, 8},
    [0x10] = {FORM_NATURAL, 8},      /* time stamp */
    [0x11] = {FORM_SIGNED_VLQ64, 0}, /* time span */
    [0x12] = {FORM_NATURAL, 4},      /* number of an object */
    [0x13] = {FORM_VLQ32, 0},        /* number of an attribute */
    [0x14] = {FORM_BLOB, 0},
    [0x15] = {FORM_TEXT, 0},
};

uint32_t s7p_vlq32(struct ps_rd *rd)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < VLQ32_MAX; i++) {
        uint8_t octet = ps_rd_u8(rd);
        if (!ps_rd_require(rd, number <= UINT32_MAX >> 7, PS_REASON_S7P_BODY))
            return 0;
        number = number << 7 | (octet & 0x7fu);
        if (!(octet & 0x80))
            return number;
    }
    ps_rd_fail(rd, PS_REASON_S7P_BODY);
    return 0;
}

/* The ninth octet has eight bits, and is the last. */
uint64_t s7p_vlq64(struct ps_rd *rd)
{
    uint64_t number = 0;
    for (uint32_t i = 1; i < VLQ64_MAX; i++) {
        uint8_t octet = ps_rd_u8(rd);
        number = number << 7 | (octet & 0x7fu);
        if (!(octet & 0x80))
            return number;
    }
    return number << 8 | ps_rd_u8(rd);
}

/* Bit 6 of the first octet is the sign. */
static int64_t signed_vlq(struct ps_rd *rd, bool wide)
{
    bool negative = ps_rd_left(rd) > 0 && (rd->data[rd->pos] & 0x40) != 0;
    uint32_t start = rd->pos;
    uint64_t number = wide ? s7p_vlq64(rd) : 0;
    for (uint32_t i = 0; !wide; i++) {
        uint8_t octet = ps_rd_u8(rd);
        number = number << 7 | (octet & 0x7fu);
        if (!(octet & 0x80))
            break;
        if (!ps_rd_require(rd, i + 1 < VLQ32_MAX, PS_REASON_S7P_BODY))
            return 0;
    }
    uint32_t n = rd->pos - start;
    uint32_t bits = n == VLQ64_MAX ? 64 : 7 * n;
    if (negative && bits < 64)
        number |= UINT64_MAX << bits;
    return (int64_t)number;
}

void s7p_unknown(struct s7p_pdu *p)
{
    p->unknown = p->unknown || p->fault.reason == PS_REASON_NONE;
    ps_rd_fail(&p->body, PS_REASON_S7P_BODY);
}

static uint64_t fixed(struct ps_rd *rd, uint32_t octets)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < octets; i++)
        number = number << 8 | ps_rd_u8(rd);
    return number;
}

static struct ps_values exactly(double number)
{
    return (struct ps_values){.kind = PS_VALUE_BOUNDS, .min = number, .max = number};
}

static struct ps_values unseen(void)
{
    return (struct ps_values){.kind = PS_VALUE_UNKNOWN};
}

static struct ps_values natural(uint64_t number)
{
    return number <= EXACT_MAX ? exactly((double)number) : unseen();
}

static struct ps_values whole(int64_t number)
{
    bool exact = number >= -(int64_t)EXACT_MAX && number <= (int64_t)EXACT_MAX;
    return exact ? exactly((double)number) : unseen();
}

static struct ps_values real(struct ps_rd *rd)
{
    const uint8_t *octets = ps_rd_bytes(rd, 4);
    return octets ? (struct ps_values){.data = octets, .n = 1, .kind = PS_VALUE_F32BE} : unseen();
}

/* What is no finite number has no bounds. */
static struct ps_values long_real(struct ps_rd *rd)
{
    uint64_t bits = fixed(rd, 8);
    double number;
    memcpy(&number, &bits, sizeof number);
    bool finite = (bits >> 52 & 0x7ff) != 0x7ff;
    return finite ? exactly(number) : unseen();
}

/* Root id (0), length, octets. With another root id more follows that is not known. */
static void blob(struct s7p_pdu *p)
{
    if (s7p_vlq32(&p->body) != 0)
        s7p_unknown(p);
    (void)ps_rd_bytes(&p->body, s7p_vlq32(&p->body));
}

static struct ps_values element(struct s7p_pdu *p, uint8_t type)
{
    struct ps_rd *rd = &p->body;
    struct type t = type < sizeof types / sizeof types[0] ? types[type] : (struct type){FORM_NONE, 0};
    switch ((enum form)t.form) {
    case FORM_NONE:
        s7p_unknown(p);
        break;
    case FORM_NOTHING:
        break;
    case FORM_NATURAL:
        return natural(fixed(rd, t.octets));
    case FORM_WHOLE:
        return whole(t.octets == 1 ? (int8_t)ps_rd_u8(rd) : (int16_t)ps_rd_u16be(rd));
    case FORM_VLQ32:
        return natural(s7p_vlq32(rd));
    case FORM_VLQ64:
        return natural(s7p_vlq64(rd));
    case FORM_SIGNED_VLQ32:
    case FORM_SIGNED_VLQ64:
        return whole(signed_vlq(rd, t.form == FORM_SIGNED_VLQ64));
    case FORM_REAL:
        return real(rd);
    case FORM_LREAL:
        return long_real(rd);
    case FORM_BLOB:
        blob(p);
        break;
    case FORM_TEXT:
        (void)ps_rd_bytes(rd, s7p_vlq32(rd));
        break;
    }
    return unseen();
}

/* Array: number of elements, elements. Sparse: key and element, until key 0. */
static void elements(struct s7p_pdu *p, uint8_t flags, uint8_t type, struct s7p_value *value)
{
    struct ps_rd *rd = &p->body;
    uint8_t shape = flags & (FLAG_ARRAY | FLAG_ADDRESS_ARRAY | FLAG_SPARSE_ARRAY);
    value->values = unseen();
    if (shape == 0) {
        value->values = element(p, type);
        return;
    }
    if (shape == FLAG_SPARSE_ARRAY) {
        while (s7p_vlq32(rd) != 0 && !ps_rd_failed(rd))
            (void)element(p, type);
        return;
    }
    if ((shape != FLAG_ARRAY && shape != FLAG_ADDRESS_ARRAY) || type == TYPE_NULL) {
        s7p_unknown(p);
        return;
    }
    value->n = s7p_vlq32(rd);
    value->udint = type == TYPE_UDINT;
    value->list = *rd;
    for (uint32_t i = 0; i < value->n && !ps_rd_failed(rd); i++)
        (void)element(p, type);
}

/* Structures of some ids are packed: their octets cannot be read without the program. */
static bool is_packed(uint32_t id)
{
    return (id >= 0x90000000 && id <= 0x9fffffff) || (id >= 0x02000000 && id <= 0x02ffffff);
}

/* Structure: id 4, then number and value of each member, until number 0. */
void s7p_value(struct s7p_pdu *p, struct s7p_value *value)
{
    struct ps_rd *rd = &p->body;
    uint32_t depth = 0;
    *value = (struct s7p_value){.n = 0};
    do {
        struct s7p_value inner = {.n = 0};
        if (depth > 0 && s7p_vlq32(rd) == 0) {
            depth--;
            continue;
        }
        uint8_t flags = ps_rd_u8(rd), type = ps_rd_u8(rd);
        if (flags & ~(unsigned)FLAGS_KNOWN)
            s7p_unknown(p);
        if (depth == 0)
            value->type = type;
        if (type != S7P_TYPE_STRUCT || (flags & ~(unsigned)FLAG_OTHER)) {
            elements(p, flags, type, depth > 0 ? &inner : value);
            continue;
        }
        if (is_packed(ps_rd_u32be(rd)) || depth == DEPTH_MAX)
            s7p_unknown(p);
        value->values = unseen();
        depth++;
    } while (depth > 0 && !ps_rd_failed(rd));
}
