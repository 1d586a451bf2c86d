/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * classic.h - what the files of classic S7comm share: the header and its kinds, bodies, variables, pairing.
 */
#pragma once

#include "s7.h"

/* ---- header (classic.c) ---------------------------------------------------------------------------------------- */

enum s7_rosctr {
    S7_ROSCTR_JOB = 1,
    S7_ROSCTR_ACK = 2,
    S7_ROSCTR_ACK_DATA = 3,
    S7_ROSCTR_USERDATA = 7,
};

enum s7_fc {
    S7_FC_READ_VAR = 0x04,
    S7_FC_WRITE_VAR = 0x05,
    S7_FC_PI = 0x28,
};

#define S7_HEAD_LEN 10u
#define S7_ACK_HEAD_LEN 12u
#define S7_SETUP_MIN 112u /* octets of a PDU, at least */

enum s7_relax {
    S7_RELAX_RESETUP = 1 << 0,
    S7_RELAX_READ_ERROR_LEN4 = 1 << 1,
    S7_RELAX_TRAILING_ZERO = 1 << 2,
    S7_RELAX_WRITE_DINT_BITS = 1 << 3,
};

static inline bool s7_relaxed(const struct s7_pdu *pdu, enum s7_relax bit)
{
    return (pdu->dialog->relax & (uint32_t)bit) != 0;
}

/* What accept() does. */
enum s7_act {
    S7_ACT_NONE = 0,
    S7_ACT_REQUEST, /* the client's: waits for its answer */
    S7_ACT_ANSWER,  /* of the PLC: pending entry `slot` goes */
    S7_ACT_ASK,     /* the PLC's job in a download */
    S7_ACT_GIVE,    /* the client's answer to it */
};

/* What an answer changes besides. */
enum s7_effect {
    S7_EFFECT_NONE = 0,
    S7_EFFECT_SETUP,      /* echo: calling << 16 | called, value: PDU length */
    S7_EFFECT_DOWNLOAD,   /* granted */
    S7_EFFECT_UPLOAD,     /* value: its id; block of the request */
    S7_EFFECT_UPLOADED,   /* value: its id */
    S7_EFFECT_CYCLIC,     /* value: job number */
    S7_EFFECT_CYCLIC_END, /* likewise */
    S7_EFFECT_TIS,        /* value: job number, function of the request */
    S7_EFFECT_MESSAGES,   /* value: bits */
    S7_EFFECT_MORE,       /* value: sequence; echo of the request */
};

#define S7_SLOT_NONE 0xffu
#define S7_JOINED_MAX 128u /* facts that the bits of a note can speak about */

/* What decode() leaves for accept() in facts->pairing. Function and reference stand in the facts. */
struct s7_classic_note {
    uint8_t tag; /* enum s7_note */
    uint8_t act; /* enum s7_act */
    uint8_t slot;
    uint8_t effect; /* enum s7_effect */
    uint16_t n_items;
    uint8_t kind;   /* enum s7_rosctr */
    uint8_t spare;
    uint32_t echo;  /* of struct s7_pending */
    uint32_t value;
    uint8_t area[S7_JOINED_MAX / 8];   /* read-var: bit i: fact i is an area of a DB-read item */
    uint8_t joined[S7_JOINED_MAX / 8]; /* of the same item as the fact before */
};

_Static_assert(sizeof(struct s7_classic_note) <= PS_PAIRING_MAX, "the note must fit");

struct s7_classic_pdu {
    struct ps_rd param;
    struct ps_rd data;
    const struct s7_classic *state;
    const struct s7_pending *request; /* of an answer; NULL: never seen (mid-stream) */
    struct s7_classic_note note;
    uint16_t reference;
    uint16_t error; /* of acknowledgements: class << 8 | code */
    uint8_t rosctr;
    uint8_t row; /* S7_ROW_NONE: not known */
    bool tolerant; /* mid-stream, no pair yet: an answer that does not fit belongs to an unseen request */
    /* user data */
    uint8_t sequence;
    bool more;       /* not the last part */
    bool empty;    /* no data: data stands at its end */
};

/* ---- the function table (table.c) ------------------------------------------------------------------------------ */

typedef void s7_body(struct s7_pdu *pdu);

struct s7_bodies {
    s7_body *request;
    s7_body *reply;
};

extern const struct s7_bodies s7_bodies[S7_N_ROWS];

/* Rows, or S7_ROW_NONE. */
uint8_t s7_row_by_job(uint8_t fc);
uint8_t s7_row_by_userdata(uint8_t group, uint8_t sub);
uint8_t s7_row_by_service(const uint8_t *name, uint32_t len);

static inline bool s7_is_pi(uint8_t row)
{
    return row < S7_N_ROWS && s7_functions[row].code >= S7_CODE_PI;
}

/* The class of a row's facts; the first one where there are several. */
static inline enum ps_op s7_op(uint8_t row)
{
    return (enum ps_op)__builtin_ctz(s7_functions[row].ops);
}

#define S7_JOB(id, code, name, label, ops, request, reply) s7_body s7_request_##request, s7_reply_##reply;
#define S7_PI(id, which, service, name, label, ops, body) s7_body s7_pi_##body;
#define S7_USERDATA(id, group, sub, name, label, ops, request, reply) s7_body s7_request_##request, s7_reply_##reply;
#include "function.def"

void s7_request_pi(struct s7_pdu *pdu);

/* A fact of the PDU's function, in its own class, over the octets' objects. */
struct ps_fact *s7_object_fact(struct s7_pdu *pdu, struct s7_block object);

/* ---- user data (userdata.c) ------------------------------------------------------------------------------------ */

void s7_userdata(struct s7_pdu *pdu);

/* In the echo of user data: a request for a further part of an answer. */
#define S7_ECHO_CONTINUED UINT32_C(0x80000000)

void s7_request_nothing(struct s7_pdu *pdu);

/* ---- address spaces (words.c) ---------------------------------------------------------------------------------- */

enum s7_space {
    S7_SPACE_I = 1,
    S7_SPACE_Q,
    S7_SPACE_M,
    S7_SPACE_P,
    S7_SPACE_L,
    S7_SPACE_V,
    S7_SPACE_C,
    S7_SPACE_T,
    S7_SPACE_SM, /* S7-200: special markers */
    S7_SPACE_AI, /* S7-200: analog inputs */
    S7_SPACE_AQ,
    S7_SPACE_SZL,
    S7_SPACE_BLOCK, /* + low digit of the block type, 8..15 */
    S7_SPACE_DB = 0x10000, /* + number */
    S7_SPACE_DI = 0x20000,
};

#define S7_BYTES_MAX 65536u /* of an address space */
#define S7_NUMBERS_MAX 65536u /* of counters, timers */
#define S7_BLOCK_MAX 99999u
#define S7_TYPE_MAX 29u /* parameter transport size of a timer */

/* ---- variables (item.c) ---------------------------------------------------------------------------------------- */

enum s7_type {
    S7_TYPE_BIT = 1,
    S7_TYPE_BYTE = 2,
    S7_TYPE_CHAR = 3,
    S7_TYPE_WORD = 4,
    S7_TYPE_INT = 5,
    S7_TYPE_DWORD = 6,
    S7_TYPE_DINT = 7,
    S7_TYPE_REAL = 8,
    S7_TYPE_DATE = 9,
    S7_TYPE_TOD = 10,
    S7_TYPE_TIME = 11,
    S7_TYPE_S5TIME = 12,
    S7_TYPE_DT = 15,
    S7_TYPE_COUNTER = 28,
    S7_TYPE_TIMER = 29,
};

/* Transport sizes of data: another numbering than that of item specifications. */
enum s7_data_size {
    S7_DATA_NULL = 0,
    S7_DATA_BIT = 3,   /* length in bits */
    S7_DATA_BYTES = 4, /* length in bits */
    S7_DATA_INT = 5,   /* length in bits */
    S7_DATA_DINT = 6,  /* length in octets, as all below */
    S7_DATA_REAL = 7,
    S7_DATA_OCTETS = 9,
};

/* ps_fact.choice of a parameter transport size. */
#define S7_CHOICE(type) ((uint16_t)((type) + 1))

#define S7_ITEM 0x12u
#define S7_SYNTAX_ANY 0x10u
#define S7_ANY_LEN 9u /* octets behind the syntax */

/* An item of that syntax: object and choice of the fact, or the reason why it is none. */
enum ps_reason s7_any(const uint8_t p[S7_ANY_LEN], struct ps_fact *fact);

/* Octets of the elements. */
uint32_t s7_fact_octets(const struct ps_fact *fact);

/* Items from the reader, `count` of them: a fact for each, or each area of a DB read. */
void s7_items(struct s7_pdu *pdu, struct ps_rd *rd, uint32_t count);

/* Gives the fact the values at data, as its type has them: n elements. */
void s7_set_values(struct ps_fact *fact, uint8_t type, const uint8_t *data, uint32_t n);

/* What a read job's answer will hold per item: octets | shape << 13, for items[]; 0 at the end of the facts. */
uint32_t s7_expectations(const struct ps_facts *facts, const struct s7_classic_note *note, uint16_t *items);

/* Is that return code an error that an answer may name? */
bool s7_is_item_error(uint8_t code);

/* Does data of that size and so many octets answer it? */
bool s7_is_expected(uint16_t expected, uint8_t size, uint32_t octets);

/* ---- pairing (pairing.c) --------------------------------------------------------------------------------------- */

/* A well-formed request of the client: may it be sent now? */
void s7_pair_request(struct s7_pdu *pdu);

/* Does a request of that function still wait for its answer? */
bool s7_is_waiting(const struct s7_pdu *pdu, uint8_t row);

/* Finds the request that an answer answers, or a fault. */
void s7_pair_reply(struct s7_pdu *pdu);

/* An answer must hold this against its request: fault s7-reply, or, mid-stream, an answer to another request. */
void s7_expect(struct s7_pdu *pdu, bool held);

/* Expectations of a read job's answer. */
const uint16_t *s7_pending_items(const struct s7_classic *state, const struct s7_pending *request);

/* ---- blocks (block.c) ------------------------------------------------------------------------------------------ */

/* The name of a block file: identifier 1, type 2, number 5, file system 1. Space 0 and a fault when it is none. */
struct s7_block s7_block_name(struct s7_pdu *pdu, const uint8_t *name);

/* Type and number: 2 and 5 digits. */
struct s7_block s7_block_of(struct s7_pdu *pdu, const uint8_t *type, const uint8_t *number);

/* n decimal digits. false: something else stands there. */
bool s7_digits(const uint8_t *text, uint32_t n, uint32_t *number);
