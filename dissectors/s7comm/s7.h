/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * s7.h - what the files of this dissector share, classic and plus: the carrier (TPKT, RFC 1006; COTP, ISO 8073 class 0),
 * the state of a connection, one PDU being decoded.
 *
 * The engine's PDU is one COTP connection TPDU, or the TPKTs up to the data TPDU that has EOT = 1.
 */
#pragma once

#include <stdbool.h>
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

/* Classic S7comm on the connection (classic.c). */
struct s7_classic {
    uint16_t pdu_len; /* negotiated: octets of an S7 PDU; 0: no set-up was seen */
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
    uint32_t station;  /* classic, of the called TSAP; without a connect request S7_STATION_UNKNOWN by s7_station() */
    struct s7_tsap calling;
    struct s7_tsap called; /* by which S7comm-plus tells HMI from engineering */
    union {
        struct s7_classic classic;
        struct s7p_state plus;
    };
};

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
    bool fragmented;        /* the payload came in several TPDUs */
    bool midstream;         /* the connect request went unseen, or octets were lost since */
};

static inline bool s7_to_server(const struct s7_pdu *pdu)
{
    return pdu->dialog->dir == PS_TO_SERVER;
}

/* Station code of classic facts. */
static inline uint32_t s7_station(const struct s7_state *state)
{
    return state->called.len == 2 ? state->station : S7_STATION_UNKNOWN;
}

/* Adds a fact with function and class; NULL and a fault when there are too many. */
struct ps_fact *s7_fact(struct s7_pdu *pdu, enum ps_op op);

enum ps_result s7_frame(const struct ps_dialog *dialog, struct ps_rd *rd, uint32_t *len);
enum ps_result s7_decode(const struct ps_dialog *dialog, struct ps_rd *rd, struct ps_facts *facts);
void s7_accept(const struct ps_dialog *dialog, const struct ps_facts *facts);
void s7_gap(const struct ps_dialog *dialog);

/* A COTP TPDU other than data; pdu->rd stands at its code. `tpdu` is enum s7_tpdu. */
void s7_cotp_decode(struct s7_pdu *pdu, uint8_t tpdu);
void s7_cotp_accept(const struct ps_dialog *dialog, const struct ps_facts *facts);

/* ---- classic S7comm (classic.c) -------------------------------------------------------------------------------- */

#define S7_PROTOCOL_ID 0x32u

/* One payload, whole, of a connection that speaks classic S7comm or nothing yet. */
void s7_classic_decode(struct s7_pdu *pdu);
void s7_classic_accept(const struct ps_dialog *dialog, const struct ps_facts *facts);
void s7_classic_gap(const struct ps_dialog *dialog);

/* ps_facts.code: the function octet of a job, the TPDU code of the carrier, a group and function of user data, a PI
 * service. */
#define S7_CODE_USERDATA(group, sub) (UINT32_C(0x8000) | (uint32_t)(group) << 8 | (uint32_t)(sub))
#define S7_CODE_PI UINT32_C(0x10000) /* + which one */

/* ---- words (table.c) ------------------------------------------------------------------------------------------- */

enum s7_row {
#define S7_LINK(id, code, name, label) S7_ROW_##id,
#include "function.def"
    S7_N_ROWS,
};

extern const struct ps_function s7_functions[S7_N_ROWS];
extern const struct ps_vocab s7_vocab;

bool s7_station_parse(struct ps_str text, struct ps_range *out);
void s7_station_format(struct ps_range range, struct ps_txt *out);
