/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * s7.h - what the files of this dissector share, classic and plus: the carrier (TPKT, RFC 1006; COTP, ISO 8073 class 0),
 * the state of a connection, one PDU being decoded.
 *
 * The engine's PDU is one COTP connection TPDU, or the TPKTs up to the data TPDU that has EOT = 1.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/fact.h"
#include "base/rd.h"
#include "dissector.h"
#include "plus.h"
#include "vocab.h"

/* ---- carrier: TPKT and COTP (frame.c, cotp.c) ------------------------------------------------------------------ */

#define S7_TPKT_LEN 4u        /* version 1 (3), reserved 1 (0), length 2: all of the TPKT */
#define S7_DATA_HEAD_LEN 7u   /* TPKT, then LI (2), code F0, EOT and TPDU number: the payload starts here */
#define S7_TPDU_MAX 8192u     /* largest TPDU that class 0 knows */
#define S7_FRAGMENTS_MAX 64u  /* TPKTs of one PDU */
#define S7_PDU_LEN_MAX (S7_TPKT_LEN + S7_TPDU_MAX + S7_DATA_HEAD_LEN * (S7_FRAGMENTS_MAX - 1))
#define S7_EMPTY_MAX 16u      /* empty data TPDUs that may come in a row */

enum s7_tpdu {
    S7_TPDU_ER = 0x70,
    S7_TPDU_DR = 0x80,
    S7_TPDU_DC = 0xc0,
    S7_TPDU_CC = 0xd0,
    S7_TPDU_CR = 0xe0,
    S7_TPDU_DT = 0xf0,
};

/* The head of one TPKT. */
struct s7_tpkt {
    uint32_t len; /* of all of it */
    uint8_t tpdu; /* enum s7_tpdu */
    bool eot;     /* true but for a data TPDU that more data follows */
};

/* The TPKT that starts at data. PS_MORE: what there is of its head is sound; tpkt->len is set once it is known, else 0.
 * PS_BAD: *reason, and *at octets before the fault. */
enum ps_result s7_tpkt_read(const uint8_t *data, uint32_t n, struct s7_tpkt *tpkt, enum ps_reason *reason, uint32_t *at);

#define S7_TSAP_MAX 16u

struct s7_tsap {
    uint8_t len; /* 0: not named */
    uint8_t octets[S7_TSAP_MAX];
};

/* ---- state of a flow ------------------------------------------------------------------------------------------- */

enum s7_phase {
    S7_PHASE_NEW = 0, /* nothing seen; mid-stream everything may come now */
    S7_PHASE_ASKED,   /* connect request seen */
    S7_PHASE_OPEN,    /* confirmed */
    S7_PHASE_CLOSED,  /* refused or disconnected */
};

/* A job or user data that waits for its answer. */
struct s7_pending {
    uint64_t sent_ns;
    uint32_t echo;      /* what the answer must agree with; its function's body knows how */
    uint16_t reference; /* the PDU reference, as it stands on the wire */
    uint16_t n_items;   /* variables asked for; those of read-var have their expectations in items[] */
    uint8_t row;        /* function */
    uint8_t kind;       /* enum s7_rosctr of the request */
};

/* Names a block: type by its address space, number. */
struct s7_block {
    uint32_t space; /* 0: none */
    uint32_t number;
};

struct s7_upload {
    uint32_t id;
    struct s7_block block; /* space 0: this entry is free */
};

/* A multi-part answer that the client has not fetched to its end. */
struct s7_more {
    uint8_t row; /* S7_ROW_CONNECT: free; no user data has that row */
    uint8_t sequence;
    uint32_t echo; /* of the first request */
};

/* A programmer job that the PLC has numbered. */
struct s7_tis_job {
    uint8_t function; /* sub-function of group 1; 0: free */
    uint8_t number;
};

#define S7_NAME_LEN 9u /* of a block file: "_0A00001P" */

/* A block going to the PLC: the PLC asks for it, part by part. */
struct s7_download {
    uint8_t phase; /* enum s7_download_phase */
    uint8_t name[S7_NAME_LEN];
    bool job;              /* a job of the PLC waits for the client's answer */
    uint8_t job_row;
    uint16_t reference;    /* of that job */
    uint32_t len;          /* octets that the client has announced */
    uint32_t done;         /* octets sent */
};

enum s7_download_phase {
    S7_DOWNLOAD_NONE = 0,
    S7_DOWNLOAD_ASKED,   /* 1A sent */
    S7_DOWNLOAD_GRANTED, /* and answered: the PLC asks for the block now */
    S7_DOWNLOAD_GIVEN_UP, /* the client has refused a part: the PLC may say that this was the end */
};

#define S7_JOBS_MAX 8u     /* of the client, that may wait for an answer */
#define S7_PENDING_MAX 16u /* with its user data */
#define S7_ITEMS_MAX 160u  /* of all open read jobs */
#define S7_UPLOADS_MAX 4u
#define S7_MORE_MAX 4u
#define S7_TIS_JOBS_MAX 16u

/* What set-up communication agrees on. */
struct s7_agreement {
    uint16_t calling; /* jobs that the PLC may have open */
    uint16_t called;  /* jobs that the client may have open */
    uint16_t pdu_len; /* octets of an S7 PDU; 0: nothing agreed */
};

/* Classic S7comm on the connection. */
struct s7_classic {
    struct s7_agreement asked;
    struct s7_agreement agreed;
    uint16_t n_items;
    bool paired;        /* an answer was matched with its request since the last gap */
    uint8_t n_pending;
    uint8_t messages;   /* what the client has subscribed to: message service bits */
    uint8_t n_more;     /* next entry of more[] to use */
    uint8_t n_uploads;  /* likewise */
    uint8_t n_tis;      /* likewise */
    struct s7_pending pending[S7_PENDING_MAX]; /* the oldest first */
    uint16_t items[S7_ITEMS_MAX]; /* expectations (item.c) of the open read jobs, in the order of pending[] */
    uint8_t cyclic[32]; /* bit per cyclic job number */
    struct s7_tis_job tis[S7_TIS_JOBS_MAX];
    struct s7_upload uploads[S7_UPLOADS_MAX];
    struct s7_more more[S7_MORE_MAX];
    struct s7_download download;
};

/* Which of the two protocols the connection carries: it stays with the first. */
enum s7_speaks {
    S7_SPEAKS_NOTHING = 0,
    S7_SPEAKS_CLASSIC,
    S7_SPEAKS_PLUS,
};

/* Station of facts when the connect request was not seen. */
#define S7_STATION_UNKNOWN UINT32_C(0x10000)

struct s7_state {
    uint8_t phase;     /* enum s7_phase */
    uint8_t speaks;    /* enum s7_speaks */
    uint8_t size_code; /* TPDU size of the connection, as a power of 2; 0: not named */
    uint8_t n_empty;   /* empty data TPDUs since the last PDU */
    uint16_t reference; /* the client's, of the connect request */
    bool has_station;
    uint32_t station;  /* classic, of the called TSAP; without one S7_STATION_UNKNOWN by s7_station() */
    union {
        struct s7_classic classic;
        struct s7p_state plus;
    };
    struct s7_tsap calling;
    struct s7_tsap called; /* by which S7comm-plus tells HMI from engineering */
};

/* What polling touches shares a cache line: all up to the first entry of pending[]. */
_Static_assert(offsetof(struct s7_state, classic.pending[1]) <= 64, "one request that waits fits into the first line");

/* ---- one PDU being decoded ------------------------------------------------------------------------------------- */

/* facts->pairing[0]: what accept() has before it. The other octets belong to whoever decoded the PDU. */
enum s7_note {
    S7_NOTE_NONE = 0,
    S7_NOTE_CONNECT,
    S7_NOTE_CONFIRM,
    S7_NOTE_DISCONNECT,
    S7_NOTE_EMPTY,   /* data TPDU without data */
    S7_NOTE_CLASSIC,
    S7_NOTE_PLUS,
};

struct s7_pdu {
    const struct ps_dialog *dialog;
    struct ps_rd *rd; /* data: stands at the first octet of the COTP payload and ends behind its last */
    struct ps_facts *facts;
    const struct s7_state *state;
    const uint8_t *payload; /* of data: all of it; fragments are joined */
    uint32_t payload_len;
    uint32_t tpdu_len;      /* of the longest TPDU that brought it */
    struct s7_classic_pdu *classic; /* of classic S7comm */
    bool midstream;         /* the connect request went unseen, or octets were lost since */
};

static inline bool s7_to_server(const struct s7_pdu *pdu)
{
    return pdu->dialog->dir == PS_TO_SERVER;
}

/* Station code of classic facts. */
static inline uint32_t s7_station(const struct s7_state *state)
{
    return state->has_station ? state->station : S7_STATION_UNKNOWN;
}

/* Adds a fact with function and class; NULL and a fault when there are too many. */
struct ps_fact *s7_fact(struct s7_pdu *pdu, enum ps_op op);

uint32_t s7_common(const struct ps_dialog *dialog, const uint8_t *data, uint32_t len, struct ps_facts *facts);
enum ps_result s7_frame(const struct ps_dialog *dialog, struct ps_rd *rd, uint32_t *len);
enum ps_result s7_decode(const struct ps_dialog *dialog, struct ps_rd *rd, struct ps_facts *facts);
void s7_accept(const struct ps_dialog *dialog, const struct ps_facts *facts);
void s7_gap(const struct ps_dialog *dialog);
void s7_carry(struct ps_carry *carry, void *state);
uint32_t s7_refuse(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t len, uint8_t code, uint8_t *out);

/* A COTP TPDU other than data; pdu->rd stands at its code. `tpdu` is enum s7_tpdu. */
void s7_cotp_decode(struct s7_pdu *pdu, uint8_t tpdu);
void s7_cotp_accept(const struct ps_dialog *dialog, const struct ps_facts *facts);

/* ---- classic S7comm (classic.h) -------------------------------------------------------------------------------- */

#define S7_PROTOCOL_ID 0x32u

/* One payload, whole, of a connection that speaks classic S7comm or nothing yet. */
void s7_classic_decode(struct s7_pdu *pdu);
void s7_classic_accept(const struct ps_dialog *dialog, const struct ps_facts *facts);
void s7_classic_gap(const struct ps_dialog *dialog);

/* ps_facts.code: the function octet of a job, the TPDU code of the carrier, a group and function of user data, a PI
 * service. */
#define S7_CODE_USERDATA(group, sub) (UINT32_C(0x8000) | (uint32_t)(group) << 8 | (uint32_t)(sub))
#define S7_CODE_PI UINT32_C(0x10000) /* + which one */

/* ---- words (table.c, words.c, station.c) ----------------------------------------------------------------------- */

enum s7_row {
#define S7_LINK(id, code, name, label) S7_ROW_##id,
#define S7_JOB(id, code, name, label, ops, request, reply) S7_ROW_##id,
#define S7_PI(id, which, service, name, label, ops, body) S7_ROW_##id,
#define S7_USERDATA(id, group, sub, name, label, ops, request, reply) S7_ROW_##id,
#define S7_NOTICE(id, group, sub, name, label, ops) S7_ROW_##id,
#include "function.def"
    S7_N_ROWS,
};

#define S7_ROW_NONE 0xffu

extern const struct ps_function s7_functions[S7_N_ROWS];
extern const struct ps_vocab s7_vocab;

bool s7_station_parse(struct ps_str text, struct ps_range *out);
bool s7_object_alias(struct ps_str text, struct ps_object_range *out);
void s7_station_format(struct ps_range range, struct ps_txt *out);
