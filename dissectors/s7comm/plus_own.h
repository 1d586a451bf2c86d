/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plus_own.h - what the files of S7comm-plus share: one frame being decoded, rows, values, bodies.
 *
 * The engine's PDU is one frame; a PDU of S7comm-plus may take many. The first has the head (opcode, function, sequence
 * number, session) and is judged by it; those behind it are only counted, and pass because the first did.
 */
#pragma once

#include "s7.h"

#define S7P_PROTOCOL_ID 0x72u

enum s7p_row {
#define S7P_LINK(id, code, name, label, ops, housekeeping) S7P_ROW_##id,
#define S7P_FUNCTION(id, code, name, label, ops, body) S7P_ROW_##id,
#define S7P_CASE(id, code, which, name, label, ops, housekeeping) S7P_ROW_##id,
#include "plus_function.def"
    S7P_N_ROWS,
};

#define S7P_ROW_NONE 0xffu

/* ps_facts.code: the function, with the case that it is. */
#define S7P_CODE(code, which) ((uint32_t)(code) | (uint32_t)(which) << 16)

extern const struct ps_function s7p_functions[S7P_N_ROWS];

/* S7P_ROW_NONE when no request has that function. */
uint8_t s7p_row_by_code(uint16_t code);

/* Bits of ps_fact.asks. */
enum s7p_ask {
    S7P_ASK_OPAQUE = 1,
    S7P_ASK_CLEAR = 2, /* opens a session that TLS does not protect */
};

/* Stations: what the called TSAP says. */
enum s7p_station {
    S7P_STATION_UNKNOWN = 0, /* the connect request was not seen */
    S7P_STATION_HMI,
    S7P_STATION_ES,
    S7P_STATION_OTHER,
    S7P_N_STATIONS,
};

uint32_t s7p_station(const struct s7_tsap *called);

/* Address spaces. */
enum s7p_space {
    S7P_SPACE_OBJECT = 1,
    S7P_SPACE_I,
    S7P_SPACE_Q,
    S7P_SPACE_M,
    S7P_SPACE_C,
    S7P_SPACE_T,
    S7P_SPACE_DB = 0x10000, /* + number */
};

#define S7P_LID_MAX UINT32_C(0x7fffffff)

#define S7P_ATTRIBUTE_LIST 1048u /* of a subscription: its variables */

/* ---- one frame ------------------------------------------------------------------------------------------------- */

/* Functions on the wire that are looked at by number. */
#define S7P_CODE_CREATE 0x04cau
#define S7P_CODE_SET_VARIABLE 0x04f2u
#define S7P_CODE_SET_MULTI 0x0542u
#define S7P_CODE_INIT_SSL 0x05b3u
#define S7P_CODE_ERROR 0x04b1u
#define S7P_CODE_ERROR_2 0x05a9u

#define S7P_OPCODE_REQUEST 0x31u

#define S7P_SESSION_NULL 288u /* session id of requests before there is one */

#define S7P_OUTSTANDING_DEFAULT 20u

/* What accept() has to do. */
enum s7p_act {
    S7P_ACT_NONE = 0,
    S7P_ACT_REQUEST,
    S7P_ACT_SILENT,    /* a request that wants no answer */
    S7P_ACT_ANSWER,
    S7P_ACT_NOTICE,
    S7P_ACT_FRAGMENT,
    S7P_ACT_TLS,
};

#define S7P_SLOT_NONE 0xffu

/* facts->pairing */
struct s7p_note {
    uint8_t tag; /* S7_NOTE_PLUS */
    uint8_t act; /* enum s7p_act */
    uint8_t slot; /* in requests[]: the one answered, or the one that a request replaces */
    bool last;   /* no fragment follows */
    uint8_t version;
    uint16_t code;   /* function on the wire */
    uint32_t len;    /* octets of data */
    uint32_t object; /* that is created or deleted */
    uint32_t object_2; /* with a session its subscriptions are created */
    uint32_t session; /* that the request names, when it tells which one is open; else 0 */
    struct s7p_records records;
};

_Static_assert(sizeof(struct s7p_note) <= PS_PAIRING_MAX, "the note must fit");

struct s7p_pdu {
    struct s7_pdu *pdu;
    const struct s7p_state *state;
    const struct s7p_fragments *fragments; /* of its direction */
    struct s7p_note note;
    struct ps_rd body; /* data behind the head, with a fault of its own: what goes wrong there may only be opaque */
    struct ps_rd_fault fault;
    bool unknown;      /* the fault is that something is not understood */
    bool reads_own;    /* reads variables of the client's own session, for which there is no fact */
    bool lists;        /* writes the list of a subscription */
    bool addressed;    /* everything that it writes to is known: only values are not, when fragments follow */
    bool tolerant;     /* requests may have gone unseen */
    uint8_t flags;
    uint8_t asks;      /* of all its facts */
    uint32_t session;
};

/* A fact of the PDU's row. NULL and a fault when there are too many. */
struct ps_fact *s7p_fact(struct s7p_pdu *p, enum ps_op op);

/* A fact that comes with whatever a rule allows, of a PDU that has turned out to be of that row. */
void s7p_session_fact(struct s7p_pdu *p, uint8_t row);

/* The row that the PDU has turned out to be. */
void s7p_set_row(struct s7p_pdu *p, uint8_t row);

/* Data with opcode, of a first frame: plus_head.c. */
void s7p_head(struct s7p_pdu *p, struct ps_rd *data);
void s7p_head_accept(const struct ps_dialog *dialog, const struct ps_facts *facts, const struct s7p_note *note);

/* TLS records: plus_tls.c. */
void s7p_tls(struct s7p_pdu *p);

/* ---- values: plus_value.c -------------------------------------------------------------------------------------- */

/* Numbers of 7 bits an octet, the highest first. More octets or bits than can be: fault S7P_BODY. */
uint32_t s7p_vlq32(struct ps_rd *rd);
uint64_t s7p_vlq64(struct ps_rd *rd);

/* Fault: not understood. */
void s7p_unknown(struct s7p_pdu *p);

/* ps_fact.choice */
#define S7P_CHOICE(type) ((uint16_t)((type) + 1))
#define S7P_TYPE_REAL 0x0eu
#define S7P_TYPE_STRUCT 0x17u

struct s7p_value {
    uint8_t type;
    struct ps_values values; /* of one number; PS_VALUE_UNKNOWN: an array, a text, a structure */
    uint32_t n;              /* elements of an array, that start at list */
    bool udint;              /* its type */
    struct ps_rd list;
};

/* Flags 1, type 1, elements. */
void s7p_value(struct s7p_pdu *p, struct s7p_value *value);

/* ---- bodies: plus_body.c, plus_object.c ------------------------------------------------------------------------ */

typedef void s7p_body(struct s7p_pdu *p);

s7p_body s7p_body_explore, s7p_body_create, s7p_body_delete, s7p_body_set_variable, s7p_body_get_variable, s7p_body_program,
    s7p_body_set_multi, s7p_body_get_multi, s7p_body_sequence, s7p_body_invoke, s7p_body_get_streamed, s7p_body_addresses,
    s7p_body_nothing;

extern s7p_body *const s7p_bodies[S7P_N_ROWS];

/* What an item names: an object and one of its attributes, or a part of it. */
struct s7p_access {
    uint32_t object;
    uint32_t attribute;
    bool has_lid; /* only that part */
    uint32_t lid;
    bool writes;
};

/* Adds its fact. */
struct ps_fact *s7p_access_fact(struct s7p_pdu *p, const struct s7p_access *access);

/* What is written to the object of a fact. */
void s7p_write(struct ps_fact *fact, const struct s7p_value *value);

/* Object of the areas that have a space of their own. */
bool s7p_is_memory(uint32_t space);

/* Is the object a subscription of the client, or may it be one that was not seen? */
bool s7p_is_own(const struct s7p_state *state, uint32_t object);

/* The array of UDINT that a subscription lists its variables in: facts for these in place of all others, if any. */
void s7p_subscribed(struct s7p_pdu *p, const struct s7p_value *value);

/* The end of a request behind what it names: object qualifier if it has one, integrity id, four zeros or a digest. Anything
 * else is not understood. */
void s7p_qualifier(struct s7p_pdu *p);
void s7p_tail(struct s7p_pdu *p);
