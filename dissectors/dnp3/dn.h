/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dn.h - what the files of this dissector share: link frames, fragments, the state of a flow, one PDU being decoded.
 *
 * The engine's PDU is the shortest run of whole link frames behind which no fragment is unfinished: one link-only frame,
 * one frame with a whole fragment, or the frames of a fragment with whatever came between them. So nothing of a fragment
 * takes effect before all of it was judged.
 *
 * All numbers on the wire are little-endian. Every 16 octets of user data a CRC stands, so facts never borrow octets of
 * the PDU: values are given as bounds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/fact.h"
#include "base/rd.h"
#include "dissector.h"
#include "vocab.h"

/* ---- link frames (crc.c, link.c) ------------------------------------------------------------------------------- */

#define DN_LINK_HEAD_LEN 10u   /* 05 64, LEN 1, CTRL 1, DST 2, SRC 2, CRC 2 */
#define DN_BLOCK_LEN 16u       /* octets of user data between two CRCs */
#define DN_USER_MAX 250u       /* octets of user data of a frame */
#define DN_FRAME_MAX 292u
#define DN_FRAMES_MAX 48u      /* of one PDU */
#define DN_PDU_LEN_MAX (DN_FRAMES_MAX * DN_FRAME_MAX)
#define DN_FRAGMENT_MAX 2048u  /* octets of an application fragment */
#define DN_FRAGMENTS_MAX 4u    /* that may be unfinished at once in a PDU, and that one PDU may bring to their end */

/* CRC-16/DNP over data[0..len). */
uint16_t dn_crc(const uint8_t *data, uint32_t len);

/* The same over 8 octets, the head of a frame, and over 16, a block. */
uint16_t dn_crc_8(const uint8_t *data);
uint16_t dn_crc_16(const uint8_t *data);

enum dn_link_function {
    /* PRM = 1 */
    DN_RESET_LINK = 0,
    DN_TEST_LINK = 2,
    DN_CONFIRMED_DATA = 3,
    DN_UNCONFIRMED_DATA = 4,
    DN_REQUEST_LINK_STATUS = 9,
    /* PRM = 0 */
    DN_ACK = 0,
    DN_NACK = 1,
    DN_LINK_STATUS = 11,
    DN_NOT_SUPPORTED = 15,
};

#define DN_ADDRESS_MAX 0xffefu     /* of a device of one's own */
#define DN_SELF_ADDRESS 0xfffcu
#define DN_BROADCAST_FIRST 0xfffdu /* confirm not needed, mandatory, optional */

struct dn_frame {
    uint32_t len;  /* of all of it, with CRCs */
    uint8_t control;
    uint8_t function;    /* control & 0x0f */
    bool primary;        /* PRM */
    bool from_master;    /* DIR */
    uint16_t source, destination;
    uint32_t n_user;     /* octets of user data */
};

/* ---- application layer: one fragment (app.c), its objects (header.c and the bodies) ------------------------------ */

/* What a fragment of a function may hold behind its function code. */
enum dn_content {
    DN_CONTENT_NOTHING = 0,  /* no objects at all: confirm, restarts, delay measurement, record time */
    DN_CONTENT_READ,         /* headers only; index lists; file blocks g70v5; one g0 header */
    DN_CONTENT_WRITE,        /* objects with data */
    DN_CONTENT_CONTROL,      /* g12, g41 with index prefix: select, operate, direct operate */
    DN_CONTENT_FREEZE,       /* headers only, g20 and g30 */
    DN_CONTENT_FREEZE_AT,    /* g50v2, then headers */
    DN_CONTENT_CLASSES,      /* g60v2-4, all objects: enable, disable unsolicited */
    DN_CONTENT_ASSIGN,       /* g60v1-4, each with the headers of the points behind it */
    DN_CONTENT_APPLICATION,  /* g90v1 */
    DN_CONTENT_ACTIVATE,     /* g70v8, g110 */
    DN_CONTENT_FILE_COMMAND, /* g70v3: open, delete */
    DN_CONTENT_FILE_STATUS,  /* g70v4: close, abort */
    DN_CONTENT_FILE_INFO,    /* g70v7 */
    DN_CONTENT_FILE_AUTH,    /* g70v2 */
    DN_CONTENT_SECURITY,     /* g120 */
    DN_CONTENT_RESPONSE,     /* whatever an outstation has: answers, unsolicited */
};

/* One application fragment, being decoded. app.c fills in the first part; objects are read by dn_objects(). */
struct dn_fragment {
    const struct ps_dialog *dialog;
    struct ps_rd *rd;       /* over the joined fragment; stands at the first object header */
    struct ps_facts *facts;
    uint8_t row;            /* function: enum dn_row */
    uint8_t asks;           /* go into each fact: enum dn_ask */
    bool from_master;
    uint32_t station;       /* DN_STATION(): goes into each fact */
    const struct dn_pending *request; /* that a response answers; NULL: not seen, or unsolicited */

    /* what dn_objects() found */
    uint32_t n_headers;
    uint32_t n_objects;     /* packed ones count by octets */
    uint64_t echo;          /* of controls: over all headers and objects but their status octets, never 0; else 0 */
    bool refused_point;     /* a control's status in an answer is not 0 */
    bool secured;           /* g120 stands around the objects: DN_ASK_SECURED */
    struct dn_file_note {
        uint8_t act;        /* enum dn_file_act */
        uint32_t handle;
        uint16_t mode;      /* 1 read, 2 write, 3 append */
    } file;
};

enum dn_file_act {
    DN_FILE_NOTHING = 0,
    DN_FILE_OPEN,    /* request: mode; its answer gives the handle */
    DN_FILE_OPENED,  /* answer: handle */
    DN_FILE_CLOSE,   /* handle */
    DN_FILE_BLOCK,   /* request: reads (function read) or writes (write) a block of handle, g70v5 */
};

/* Reads the rest of f->rd, adds facts to f->facts (requests and unsolicited responses; none for answers), faults in f->rd.
 * Row decides what may stand there. */
void dn_objects(struct dn_fragment *f);

/* Adds a fact with function, station and asks of the fragment; NULL and a fault when there are too many. */
struct ps_fact *dn_fact(struct dn_fragment *f, enum ps_op op);

/* ---- the function table (function.def, table.c), words (words.c, station.c) ------------------------------------- */

enum dn_row {
#define DN_LINK(id, code, name, label) DN_ROW_##id,
#define DN_APP(id, code, name, label, ops, content) DN_ROW_##id,
#include "function.def"
    DN_N_ROWS,
};

#define DN_ROW_NONE 0xffu

/* ps_facts.code: the application function, or the link function below this bit. */
#define DN_CODE_LINK UINT32_C(0x100)

extern const struct ps_function dn_functions[DN_N_ROWS];
extern const uint8_t dn_contents[DN_N_ROWS]; /* enum dn_content */
extern const struct ps_vocab dn_vocab;

/* Row of an application function, DN_ROW_NONE: there is none. */
uint8_t dn_row_by_function(uint8_t function);

/* Station of facts: the pair, whoever speaks. Rules write "3 -> 17", texts 3->17. */
#define DN_STATION(master, outstation) ((uint32_t)(master) << 16 | (uint32_t)(outstation))

bool dn_station_parse(struct ps_str text, struct ps_range *out);
void dn_station_format(struct ps_range range, struct ps_txt *out);

/* Address spaces: one for each group and variation. */
#define DN_SPACE(group, variation) (UINT32_C(0x10000) | (uint32_t)(group) << 8 | (uint32_t)(variation))
#define DN_INDEX_MAX 0xffffu

/* ps_fact.choice of a control: its octet + 1. */
#define DN_CHOICE(octet) ((uint16_t)((octet) + 1))

enum dn_param { DN_PARAM_COUNT, DN_PARAM_ON_TIME, DN_PARAM_OFF_TIME, DN_N_PARAMS };

/* What only a rule can decide. */
enum dn_ask {
    DN_ASK_BROADCAST = 1 << 0,     /* "broadcast": to a broadcast address */
    DN_ASK_NO_ACK = 1 << 1,        /* "no_ack": direct operate without an answer (6) */
    DN_ASK_UNSELECTED = 1 << 2,    /* "select_before_operate", forbids: operates what was not selected */
    DN_ASK_OUTSTATION_OPENS = 1 << 3, /* "outstation_opens": the outstation has opened the connection */
    DN_ASK_FILE_WRITE = 1 << 4,    /* "file_write": changes or deletes a file */
    DN_ASK_SECURED = 1 << 6,       /* "secure_authentication": g120 stands around the objects */
    DN_ASK_SELF_ADDRESS = 1 << 5,  /* "self_address": whoever has address 0xfffc */
};

enum dn_relax {
    DN_RELAX_CONFIRMED_LINK = 1 << 0,     /* "dnp3-confirmed-link": confirmed user data (3), test link (2) and their answers */
    DN_RELAX_PIPELINED = 1 << 1,          /* "dnp3-pipelined-requests": more than two requests wait */
    DN_RELAX_SAME_SEQUENCE = 1 << 2,      /* "dnp3-same-sequence": a master that never changes its sequence number */
};

static inline bool dn_relaxed(const struct ps_dialog *dialog, enum dn_relax bit)
{
    return (dialog->relax & (uint32_t)bit) != 0;
}

/* ---- state of a flow (pairing.c) --------------------------------------------------------------------------------- */

/* A request that waits for its answer. */
struct dn_pending {
    uint64_t sent_ns;
    uint64_t digest;    /* of function and objects: a repetition has the same */
    uint64_t echo;      /* as in struct dn_fragment */
    uint8_t row;        /* DN_ROW_NONE: free */
    uint8_t sequence;
    uint8_t next;       /* sequence that the next fragment of its answer has */
    bool begun;         /* the first fragment of the answer came */
    uint8_t repeats;    /* identical ones that came besides: each may be answered */
    uint16_t file_mode; /* of open-file */
};
