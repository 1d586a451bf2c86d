/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mb.h - what the files of this dissector share.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/fact.h"
#include "base/rd.h"
#include "dissector.h"
#include "vocab.h"

/* ---- the function table (table.c) ------------------------------------------------------------------------------ */

/* Row i of function.def is function i of facts. */
enum mb_row {
#define MB_FUNCTION(id, code, name, label, ops, request, reply) MB_ROW_##id,
#define MB_DIAGNOSTIC(id, code, name, label, ops, request, reply) MB_ROW_##id,
#define MB_MEI(id, code, name, label, ops, request, reply) MB_ROW_##id,
#define MB_UMAS(id, code, name, label, ops, request, reply) MB_ROW_##id,
#include "function.def"
    MB_N_ROWS,
};

#define MB_ROW_NONE 0xffu

enum mb_fc {
    MB_FC_READ_DISCRETE_INPUTS = 2,
    MB_FC_READ_HOLDING_REGISTERS = 3,
    MB_FC_READ_INPUT_REGISTERS = 4,
    MB_FC_DIAGNOSTICS = 8,
    MB_FC_ENCAPSULATED = 43,
    MB_FC_UMAS = 90,
    MB_FC_EXCEPTION = 0x80, /* set in the function code of an exception */
};

struct mb_pdu;

/* Who reads the body of a function's PDU: pdu->rd stands behind function code and sub-function. */
typedef void mb_body(struct mb_pdu *pdu);

struct mb_bodies {
    mb_body *request;
    mb_body *reply;
};

extern const struct ps_function mb_functions[MB_N_ROWS];
extern const struct mb_bodies mb_bodies[MB_N_ROWS];

/* The row of a function code without sub-functions, of a code with one, or MB_ROW_NONE. fc < 128. */
uint8_t mb_row_by_fc(uint8_t fc);
uint8_t mb_row_by_sub(uint8_t fc, uint32_t sub);

/* FC 8, 43, 90: has sub-functions of its own. */
static inline bool mb_fc_has_sub(uint8_t fc)
{
    return fc == MB_FC_DIAGNOSTICS || fc == MB_FC_ENCAPSULATED || fc == MB_FC_UMAS;
}

/* ps_facts.code of a sub-function. */
static inline uint32_t mb_code(uint8_t fc, uint32_t sub)
{
    return (uint32_t)fc << 16 | sub;
}

/* The class of a row's fact; the read one where there are several. */
static inline enum ps_op mb_op(uint8_t row)
{
    return (enum ps_op)__builtin_ctz(mb_functions[row].ops);
}

/* enum mb_space that a row addresses, 0: none. */
uint32_t mb_space_of(uint8_t row);

/* Writes something of which the value cannot be seen, or may do so. */
bool mb_writes_unseen(uint16_t function, uint8_t op);

/* ---- address spaces, limits, relax switches -------------------------------------------------------------------- */

enum mb_space {
    MB_SPACE_COIL = 1,
    MB_SPACE_DISCRETE,
    MB_SPACE_INPUT,
    MB_SPACE_HOLDING,
    MB_SPACE_FIFO,
    MB_SPACE_FILE = 0x10000, /* + file number */
};

#define MB_ADDRESSES 65536u
#define MB_READ_BITS_MAX 2000u     /* FC 1, 2 */
#define MB_READ_REGISTERS_MAX 125u /* FC 3, 4, 23 */
#define MB_RECORDS 10000u /* of a file: 0..9999 */
#define MB_HEADER_LEN 7u  /* MBAP header; the PDU starts here with its function code */
#define MB_LENGTH_MIN 2u  /* of the MBAP length field: unit id and function code */
#define MB_LENGTH_MAX 254u
/* UMAS: largest frame size that is believed when a server advertises it; the MBAP length is at most 2 more. */
#define MB_UMAS_SIZE_MAX 1024u
#define MB_UMAS_OK 0xfeu    /* status of a reply */
#define MB_UMAS_ERROR 0xfdu
/* MBAP length of the longest register reply of devices with modbus-max-quantity: a byte count of 254. */
#define MB_LENGTH_MAX_RELAXED 257u

enum mb_relax {
    MB_RELAX_EXCEPTION_LENGTH = 1 << 0,
    MB_RELAX_REPLY_LENGTH = 1 << 1,
    MB_RELAX_UNIT_ANY = 1 << 2,
    MB_RELAX_SAME_TI_FIFO = 1 << 3,
    MB_RELAX_FC43_OPAQUE = 1 << 4,
    MB_RELAX_EXCEPTION_CODE = 1 << 5,
    MB_RELAX_PADDING = 1 << 6,
    MB_RELAX_MAX_QUANTITY = 1 << 7,
};

static inline bool mb_relaxed(const struct ps_dialog *dialog, enum mb_relax bit)
{
    return (dialog->relax & (uint32_t)bit) != 0;
}

/* ---- state of a flow (pairing.c) ------------------------------------------------------------------------------- */

#define MB_OUTSTANDING_DEFAULT 16u
#define MB_OUTSTANDING_MAX 32u
/* Requests remembered although they expired, when fewer may be outstanding. */
#define MB_PENDING_MIN 8u
#define MB_TIMEOUT_DEFAULT_NS UINT64_C(10000000000)

/* A request that waits for its reply, or waited in vain. */
struct mb_pending {
    uint64_t hash;    /* of the request PDU: mb_hash() */
    uint64_t sent_ns; /* when it arrived here */
    uint32_t echo;    /* what the reply must agree with; its function's body knows how */
    uint16_t transaction;
    uint8_t unit;
    uint8_t row; /* function */
};

enum mb_flag {
    MB_PAIRED = 1 << 0,       /* a reply was matched with its request since the last gap */
    MB_RESERVED = 1 << 1,     /* UMAS: a reservation lives on this connection, umas_key is its key */
    MB_KEY_KNOWN = 1 << 2,    /* UMAS: taking or releasing was seen since the last gap */
    MB_KEY_UNKNOWN = 1 << 3,  /* UMAS: a function that is not understood may have made a reservation */
};

/* Ordered oldest first, so that sequential polling touches one cache line. */
struct mb_state {
    uint16_t umas_size; /* frame size that the server advertised, 0: none yet */
    uint8_t umas_key;
    uint8_t flags; /* enum mb_flag */
    uint8_t n_pending;
    struct mb_pending pending[MB_OUTSTANDING_MAX];
};

/* What an accepted reply does to the UMAS session. */
enum mb_effect {
    MB_EFFECT_NONE = 0,
    MB_EFFECT_SIZE,    /* umas_size = value */
    MB_EFFECT_TAKE,    /* umas_key = value */
    MB_EFFECT_RELEASE,
    MB_EFFECT_UNKNOWN, /* keys can no longer be judged */
};

#define MB_SLOT_NONE 0xffu

/* What decode() leaves for accept(), packed into ps_facts.pairing. */
struct mb_note {
    uint64_t hash;  /* request: as in struct mb_pending */
    uint32_t echo;  /* request */
    uint16_t value; /* of effect */
    uint8_t effect; /* enum mb_effect */
    uint8_t slot;   /* pending entry that goes: answered by this reply, or making room; MB_SLOT_NONE: none */
};

/* One PDU being decoded. */
struct mb_pdu {
    const struct ps_dialog *dialog;
    struct ps_rd *rd;
    struct ps_facts *facts;
    const struct mb_state *state;
    const struct mb_pending *request; /* of a reply; NULL: never seen (mid-stream) */
    struct mb_note note;
    const uint8_t *data; /* the whole PDU, from the function code */
    uint32_t len;
    uint16_t transaction;
    uint8_t unit;
    uint8_t row; /* MB_ROW_NONE: not known */
    bool tolerant; /* mid-stream, no pair yet: a reply that does not fit answers an unseen request */
};

uint64_t mb_hash(const uint8_t *data, uint32_t len);

/* Captures may step back in time a little: that is no waiting time. */
static inline bool mb_is_live(const struct ps_dialog *dialog, const struct mb_pending *pending)
{
    uint64_t timeout = dialog->timeout_ns ? dialog->timeout_ns : MB_TIMEOUT_DEFAULT_NS;
    return dialog->now_ns <= pending->sent_ns || dialog->now_ns - pending->sent_ns <= timeout;
}

/* Leaves note in facts, which have transaction, station and function. Whole words, so that what was stored in pieces is
 * never loaded as one: that would stall. */
static inline void mb_note_put(struct ps_facts *facts, const struct mb_note *note)
{
    uint64_t request = (uint64_t)note->echo << 32 | (uint64_t)(facts->transaction & 0xffff) << 16 |
                       (uint64_t)(facts->station & 0xff) << 8 | (facts->function & 0xff);
    uint64_t rest = (uint64_t)note->value << 16 | (uint64_t)note->effect << 8 | note->slot;
    memcpy(facts->pairing, &note->hash, sizeof note->hash);
    memcpy(facts->pairing + 8, &request, sizeof request);
    memcpy(facts->pairing + 16, &rest, sizeof rest);
}

/* A well-formed request: may it be sent now? Notes it for accept(). */
void mb_pair_request(struct mb_pdu *pdu);

/* Finds the request that a reply answers: pdu->request, or NULL where there need not be one, or a fault. */
void mb_pair_reply(struct mb_pdu *pdu);

/* A reply must hold this against its request: fault modbus-reply, or, mid-stream, a reply to another request. */
void mb_expect(struct mb_pdu *pdu, bool held);

/* The request in this slot, if there is one, no longer waits. */
void mb_forget(struct mb_state *state, uint8_t slot);

void mb_accept(const struct ps_dialog *dialog, const struct ps_facts *facts);
void mb_gap(const struct ps_dialog *dialog);
void mb_carry(struct ps_carry *carry, void *state);

/* ---- frame and decode ------------------------------------------------------------------------------------------ */

enum ps_result mb_frame(const struct ps_dialog *dialog, struct ps_rd *rd, uint32_t *len);
enum ps_result mb_decode(const struct ps_dialog *dialog, struct ps_rd *rd, struct ps_facts *facts);
uint32_t mb_common(const struct ps_dialog *dialog, const uint8_t *data, uint32_t len, struct ps_facts *facts);
enum ps_glance mb_glance(const struct ps_dialog *dialog, const uint8_t *data, uint32_t len, const struct ps_asked *granted,
                         struct ps_asked *asked);
void mb_glanced(const struct ps_dialog *dialog, const uint8_t *data);
uint32_t mb_refuse(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t len, uint8_t code, uint8_t *out);

/* Largest MBAP length that this function code may have in this direction. */
uint32_t mb_length_max(const struct ps_dialog *dialog, uint8_t fc);

/* ---- bodies ---------------------------------------------------------------------------------------------------- */

/* Adds a fact over n elements from first; NULL and a fault when there are too many. */
struct ps_fact *mb_fact(struct mb_pdu *pdu, enum ps_op op, uint32_t space, uint32_t first, uint32_t n);

/* Quantity 1..max and the block inside the address space. Returns whether both hold. */
bool mb_require_block(struct mb_pdu *pdu, uint32_t address, uint32_t quantity, uint32_t max);

#define MB_FUNCTION(id, code, name, label, ops, request, reply)                                                        \
    mb_body mb_request_##request;                                                                                      \
    mb_body mb_reply_##reply;
#define MB_DIAGNOSTIC MB_FUNCTION
#define MB_MEI MB_FUNCTION
#define MB_UMAS MB_FUNCTION
#include "function.def"

/* The unused bits behind n bits are zero, unless the device is known for not clearing them. bits may be NULL. */
void mb_require_padding(struct mb_pdu *pdu, const uint8_t *bits, uint32_t n);

/* Carries a reduced image of the record lengths of FC 20 on. */
uint64_t mb_file_shape(uint64_t shape, uint32_t n_registers);

/* 1..8 and 0A, 0B exist (section 7; 07 is an old NAK). */
static inline bool mb_is_exception(uint8_t code)
{
    return (code >= 1 && code <= 8) || code == 0x0a || code == 0x0b;
}

/* The body of an exception: one code. */
void mb_reply_exception(struct mb_pdu *pdu);
