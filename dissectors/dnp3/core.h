/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * core.h - link frames, transport, application header and pairing: what the files below the objects share.
 *
 *     link.c     octets -> one frame, its CRCs
 *     walk.c     frame after frame: segments, fragments, link-only frames; frame() and decode() walk alike
 *     frame.c    where the PDU ends
 *     decode.c   frames -> joined fragments, link facts
 *     common.c   both for what is most of the traffic: one frame with a whole fragment
 *     app.c      application header of one fragment -> objects
 *     pairing.c  what a fragment may be, by what came before it; what it changes (accept)
 *     refuse.c   the answer to a request that was refused
 */
#pragma once

#include "dn.h"

/* ---- link frames ------------------------------------------------------------------------------------------------ */

/* The frame that starts at data, n octets of which are there. PS_OK: its header is and is sound, *frame is set. PS_MORE:
 * not all of the header. PS_BAD: *reason and *at (octets from data); frame->len is set when the CRC of the header is right. */
enum ps_result dn_frame_read(const uint8_t *data, uint32_t n, struct dn_frame *frame, enum ps_reason *reason,
                             uint32_t *at);

/* PS_REASON_NONE when a frame with this header is legal for a flow with these relax switches; else *at as above. */
enum ps_reason dn_frame_check(const struct ps_dialog *dialog, const struct dn_frame *frame, uint32_t *at);

/* data holds a whole frame. Offset of the first of user data block first, first + 1, ... last (if there are as many)
 * whose CRC is wrong; 0: all are right. */
uint32_t dn_frame_body_bad(const uint8_t *data, const struct dn_frame *frame, uint32_t first, uint32_t last);

/* Copies the user data without its CRCs. */
void dn_frame_join(const uint8_t *data, const struct dn_frame *frame, uint8_t *out);

/* Offset in the frame of octet i of its user data. */
static inline uint32_t dn_frame_offset(uint32_t i)
{
    return DN_LINK_HEAD_LEN + i + 2 * (i / DN_BLOCK_LEN);
}

/* Has it a transport segment? */
static inline bool dn_frame_is_data(const struct dn_frame *frame)
{
    return frame->primary && (frame->function == DN_CONFIRMED_DATA || frame->function == DN_UNCONFIRMED_DATA);
}

static inline uint16_t dn_frame_master(const struct dn_frame *frame)
{
    return frame->from_master ? frame->source : frame->destination;
}

static inline uint16_t dn_frame_outstation(const struct dn_frame *frame)
{
    return frame->from_master ? frame->destination : frame->source;
}

/* Hash of octets: two of the same length that differ have different ones but for one chance in 2^64. Not meant to withstand
 * somebody who looks for collisions: those could only make a master's own request, which rules judge all the same, look
 * like a repetition of another one. Never 0. */
uint64_t dn_hash(const uint8_t *data, uint32_t len);

/* ---- state of a flow -------------------------------------------------------------------------------------------- */

#define DN_ASSOCIATIONS 32u
#define DN_PENDING_DEFAULT 2u
#define DN_PENDING_MAX 4u /* with DN_RELAX_PIPELINED */
#define DN_HANDLES_MAX 3u
#define DN_NONE 0xffu     /* no slot, no sequence number */

/* Seconds out of IEEE 1815 or real traffic (NOTES.md). */
#define DN_TIMEOUT_NS UINT64_C(10000000000)
#define DN_SELECT_NS UINT64_C(10000000000)
#define DN_SUPERSEDE_NS UINT64_C(2000000000)

enum dn_select_phase {
    DN_SELECT_NOTHING = 0,
    DN_SELECT_ASKED,
    DN_SELECT_DONE, /* answered, status 0 for all */
};

struct dn_handle {
    uint32_t handle;
    uint16_t mode; /* 1 read, 2 write, 3 append; 0: free */
};

/* Frames of confirmed user data that one side of an association has sent. */
struct dn_fcb {
    uint32_t digest; /* of the last one's user data */
    uint8_t known;   /* 0: take the next as it comes */
    uint8_t bit;     /* of the last one */
};

enum dn_assoc_flag {
    DN_PAIRED = 1 << 0,        /* an answer was paired: answers to unseen requests are no longer tolerated */
    DN_REQUESTED = 1 << 1,     /* last_* are set */
    DN_SELECTED = 1 << 2,      /* the last request was an OPERATE of what was selected */
};

/* What waits for confirms. An outstation repeats what nobody confirms, and a master that was slow confirms each copy. */
struct dn_confirms {
    uint16_t wanted;  /* bit SEQ */
    uint16_t earlier; /* of answers: what was wanted until the last request, which may have crossed the answer */
    uint8_t sequence; /* of what was repeated last */
    uint8_t more;     /* copies of that besides the first one */
};

/* What a master and an outstation have said to each other. Times are those of now_ns. */
struct dn_assoc {
    uint32_t used;        /* when it was last, by dn_state.clock */
    uint16_t master, outstation;
    uint8_t master_dir;   /* enum ps_dir of what the master sends */
    uint8_t flags;        /* enum dn_assoc_flag */
    uint8_t last_sequence;
    uint8_t auth_sequence; /* + 1, of the last authentication request; 0: none */
    struct dn_confirms confirms;    /* of answers */
    struct dn_confirms unsolicited; /* of unsolicited responses */
    uint64_t last_ns;     /* the last request, answered or not; the first one of those that repeat each other */
    uint64_t last_digest;
    struct dn_pending pending[DN_PENDING_MAX];
    uint8_t n_pending;    /* the first ones are used */
    uint8_t select_phase; /* enum dn_select_phase */
    uint8_t select_sequence;
    struct dn_handle files[DN_HANDLES_MAX];
    uint64_t select_ns;
    uint64_t select_echo;
    struct dn_fcb fcb[2];    /* of frames to server, to client */
};

struct dn_state {
    uint32_t clock;   /* PDUs that took effect */
    uint32_t n_assoc; /* the first ones are used */
    struct dn_assoc assoc[DN_ASSOCIATIONS];
};

_Static_assert(sizeof(struct dn_state) <= 9216, "a flow's state has to stay small");

/* ---- one PDU: frames -------------------------------------------------------------------------------------------- */

/* A source and a destination in one PDU. */
struct dn_pair {
    uint16_t source, destination;
    bool from_master;
    bool open;         /* a fragment is unfinished */
    uint8_t segment;   /* sequence number of its last segment */
    uint8_t fragment;  /* of the unfinished one */
    struct dn_fcb fcb;
};

struct dn_walk {
    const struct ps_dialog *dialog;
    uint32_t n_frames;
    uint32_t n_pairs;
    uint32_t n_fragments; /* begun */
    uint32_t n_open;      /* unfinished */
    struct dn_pair pair[DN_FRAGMENTS_MAX];
    uint32_t fragment_len[DN_FRAGMENTS_MAX]; /* octets so far */

    /* the frame that was taken last */
    struct dn_frame frame;
    uint8_t at_pair;
    bool duplicate; /* of confirmed user data: its receiver ignores it */
    bool ends;      /* a fragment: that of its pair */
    bool behind;    /* PS_BAD: the frame belongs to the next PDU */
};

void dn_walk_init(struct dn_walk *walk, const struct ps_dialog *dialog);

/* Takes the frame at data. PS_MORE: it is not all there. PS_BAD: reason and offset from data; walk->frame.len is 0 when
 * its header cannot be relied on. Of the body only the block with the transport octet has been held against its CRC. */
enum ps_result dn_walk_take(struct dn_walk *walk, const uint8_t *data, uint32_t n, enum ps_reason *reason, uint32_t *at);

enum ps_result dn_frame(const struct ps_dialog *dialog, struct ps_rd *rd, uint32_t *len);
enum ps_result dn_decode(const struct ps_dialog *dialog, struct ps_rd *rd, struct ps_facts *facts);
uint32_t dn_common(const struct ps_dialog *dialog, const uint8_t *data, uint32_t len, struct ps_facts *facts);

/* ---- one PDU: associations and what changes in them -------------------------------------------------------------- */

enum dn_act {
    DN_ACT_NOTHING = 0,
    DN_ACT_REQUEST,  /* waits for its answer in `slot`, or in a new one */
    DN_ACT_NO_ANSWER, /* a request that gets none */
    DN_ACT_BROADCAST, /* the same, to all outstations of the master */
    DN_ACT_CONFIRM,
    DN_ACT_AUTH,     /* authentication request */
    DN_ACT_ANSWER,   /* to `slot` */
    DN_ACT_UNSOLICITED,
    DN_ACT_CHALLENGE, /* authentication response */
};

enum dn_note_flag {
    DN_NOTE_SELECTED = 1 << 0, /* OPERATE of what was selected */
    DN_NOTE_REPEAT = 1 << 1,   /* identical to the request in `slot` */
    DN_NOTE_OK = 1 << 2,       /* answer, whole in one fragment: nothing was refused, the echo is right */
};

/* What one fragment changes. */
struct dn_note {
    uint64_t digest, echo;
    uint32_t handle;
    uint16_t file_mode;
    uint8_t file_act; /* enum dn_file_act */
    uint8_t act;      /* enum dn_act */
    uint8_t row;
    uint8_t control;  /* application control octet */
    uint8_t slot;     /* of pending; DN_NONE */
    uint8_t flags;    /* enum dn_note_flag */
    uint8_t pair;     /* dn_notes.pair */
};

/* An association that the PDU belongs to. */
struct dn_pair_note {
    uint16_t master, outstation;
    uint8_t master_dir;
    struct dn_fcb fcb;
};

/* What ps_facts.pairing says. */
struct dn_notes {
    uint8_t n_pairs; /* 0: changes nothing */
    uint8_t n_notes;
    struct dn_pair_note pair[DN_FRAGMENTS_MAX];
    struct dn_note note[DN_FRAGMENTS_MAX];
};

/* Into the facts and back: only what is used. False: the facts have no notes. */
void dn_notes_store(const struct dn_notes *notes, struct ps_facts *facts);
bool dn_notes_load(struct dn_notes *notes, const struct ps_facts *facts);

/* A PDU being decoded: associations are copies that go along with it. */
struct dn_pdu {
    const struct ps_dialog *dialog;
    struct ps_facts *facts;
    struct dn_notes notes;
    struct dn_assoc assoc[DN_FRAGMENTS_MAX]; /* by pair */
    bool deselected; /* a broadcast has ended all selections */
};

#define DN_CON 0x20u
#define DN_UNS 0x10u
#define DN_FIR 0x80u
#define DN_FIN 0x40u
#define DN_SEQUENCE 0x0fu

/* One fragment on its way through app.c and pairing.c. */
struct dn_message {
    struct dn_fragment fragment;
    const struct dn_assoc *assoc;
    struct dn_note *note;
    const uint8_t *data; /* all of it */
    uint32_t len;
    uint8_t control;     /* DN_FIR ... and sequence number */
    uint16_t iin;        /* of answers: IIN1 | IIN2 << 8 */
    bool tolerant;       /* answers to what was not seen pass */
    bool repeated;       /* by the link, under the FCB of the frame before: whether it may come now was asked then */
};

/* What is known about the two ends of a frame, or the start of it. */
struct dn_assoc dn_assoc_load(const struct ps_dialog *dialog, const struct dn_frame *frame);

/* The same in its place, of a frame that contradicts nothing; NULL: it does, or nothing is known. */
const struct dn_assoc *dn_assoc_known(const struct ps_dialog *dialog, const struct dn_frame *frame);

/* Frames of this pair with this DIR bit in this direction contradict what is known of it. */
bool dn_assoc_contradicts(const struct ps_dialog *dialog, const struct dn_frame *frame);

bool dn_is_tolerant(const struct ps_dialog *dialog, const struct dn_assoc *assoc);

/* One whole fragment, from the first octet on: facts, faults, its note. */
enum ps_pdu_kind dn_app_read(struct dn_message *message);

/* Before the objects are read: may it come now? After: does it go with what it answers or was preceded by? */
void dn_pair_before(struct dn_message *message);
void dn_pair_after(struct dn_message *message);

/* What the note says, done to the association. */
void dn_assoc_apply(struct dn_assoc *assoc, const struct dn_note *note, uint64_t now_ns);

void dn_accept(const struct ps_dialog *dialog, const struct ps_facts *facts);
void dn_gap(const struct ps_dialog *dialog);
void dn_carry(struct ps_carry *carry, void *state);
uint32_t dn_refuse(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t len, uint8_t code, uint8_t *out);
