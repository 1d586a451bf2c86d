/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * recut.h - what test_recut works with: packets, conversations, what was judged of them, and new conversations.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine_private.h"

/* Zeroed; ends the program when there is none. */
void *recut_alloc(size_t size);
_Noreturn void *recut_no_memory(void);

struct recut_buf {
    uint8_t *data;
    size_t len, size;
};
void recut_buf_add(struct recut_buf *buf, const uint8_t *data, size_t len);

struct recut_times {
    uint64_t *items;
    size_t n, size;
};
void recut_times_add(struct recut_times *times, uint64_t time_ns, size_t count);

/* ---- packets ---------------------------------------------------------------------------------------------------- */

/* The sound TCP packets of a capture, with their own copies. */
struct recut_packets {
    struct ps_packet *items;
    size_t n, size;
};
void recut_packets_read(struct recut_packets *packets, const char *path);
void recut_packets_add(struct recut_packets *packets, const struct ps_packet *packet);
/* Conversations by a seed: requests and replies, some refused, some malformed, cut by a simple sender (recut_make.c). */
void recut_packets_make(struct recut_packets *packets, unsigned seed);
void recut_packets_fini(struct recut_packets *packets);

/* All captures of the corpus, whatever they hold: each inspected protocol finds its own. */
struct recut_inputs {
    char **paths;
    size_t n, size;
};
bool recut_inputs_init(struct recut_inputs *inputs); /* false: no captures there */
void recut_inputs_fini(struct recut_inputs *inputs);

/* Indices of the packets of one conversation, in order. A SYN with a new number starts another one. */
struct recut_list {
    struct ps_key key;
    size_t *items;
    size_t n, size;
    uint32_t syn; /* number of its last SYN */
    bool has_syn;
};
struct recut_flows {
    struct recut_list *items;
    size_t n, size;
};
void recut_flows_init(struct recut_flows *flows, const struct recut_packets *packets);
void recut_flows_fini(struct recut_flows *flows);

/* ---- what an engine made of one conversation -------------------------------------------------------------------- */

struct recut_judged {
    uint8_t dir, reason;
    bool lost; /* the direction could not be framed any further */
    uint32_t rule, code, transaction, len;
    uint64_t number;
    char text[PS_OPERATION_TEXT_MAX];
};

struct recut_judgements {
    struct recut_judged *items;
    size_t n, size;
};

/* What a stream handed on. */
struct recut_piece {
    uint8_t *data; /* NULL: a gap */
    uint32_t len;
    uint64_t time_ns;
    uint8_t dir;
    bool gap;
    bool whole; /* a PDU start was looked for here: keep the boundaries */
};

struct recut_flow {
    struct recut_judgements judgements;
    struct recut_piece *pieces;
    size_t n_pieces, size;
    bool late; /* joined without a handshake */
    bool lost;
    uint16_t server_port;
    uint64_t start_ns;
};
void recut_flow_init(struct recut_flow *flow, const struct recut_packets *packets, const struct recut_list *list);
void recut_flow_fini(struct recut_flow *flow);

/* ---- a new conversation ----------------------------------------------------------------------------------------- */

struct recut_talk {
    struct ps_engine *engine;
    struct recut_judgements judgements;
    uint32_t seq[2];
    uint16_t server_port;
    uint64_t time_ns, number;
};
void recut_load_plant(void);
void recut_talk_init(struct recut_talk *talk, const struct recut_flow *flow);
/* Octets `at` behind where the direction stands. */
void recut_talk_segment(struct recut_talk *talk, unsigned dir, uint32_t at, const uint8_t *data, uint32_t len,
                        uint64_t time_ns);
void recut_talk_advance(struct recut_talk *talk, unsigned dir, uint32_t len);
/* len octets are never seen, and the peer acknowledges them. */
void recut_talk_gap(struct recut_talk *talk, unsigned dir, uint32_t len, uint64_t time_ns);
void recut_talk_finish(struct recut_talk *talk);
void recut_talk_fini(struct recut_talk *talk);
