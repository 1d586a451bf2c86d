/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rig.h - an engine with a plant around it, fed with scripted packets; what it says is written down.
 */
#pragma once

#include <stdint.h>

#include "engine.h"
#include "packets.h"
#include "policy_slot.h"

#define RIG_JUDGED_MAX 512u

/* The plant: hmi and eng in zone ops, plc in ctl, probe in lab (monitored), desk in office (no conduit);
 * ring lies behind both ports of the gateway. */
#define HMI IP(10, 0, 1, 10)
#define ENG IP(10, 0, 1, 20)
#define PLC IP(10, 0, 2, 10)
#define PLC_SPARE IP(10, 0, 2, 11)
#define PROBE IP(10, 0, 3, 10)
#define DESK IP(10, 0, 4, 10)
#define STRANGER IP(192, 0, 2, 1)

enum rig_port { RIG_PORT_OPS = 0, RIG_PORT_FIELD = 1 };

/* A judgement, without what lives only as long as the call. */
struct rig_judged {
    uint8_t what, reason, dir, kind;
    bool monitored;
    uint32_t rule, conduit, len, offset;
    uint16_t client_port, server_port, vlan;
    struct ps_addr client, server;
    char text[PS_OPERATION_TEXT_MAX];
};

struct rig {
    void *image_mem;
    struct ps_image image;
    struct ps_engine *engine;
    struct ps_decision last;
    uint64_t time_ns, number;
    uint16_t port; /* of the next packets */
    uint32_t cut;  /* octets missing at the end of the next packet only */
    struct rig_judged judged[RIG_JUDGED_MAX];
    uint32_t n_judged;
    bool no_policy; /* before rig_init(): the engine starts without */
};

/* Another policy for its engine. */
struct rig_policy {
    void *image_mem;
    struct ps_image image;
    struct ps_policy_slot *slot;
};

/* config NULL: defaults with strict checksums; on_judged and gateway are set here. */
void rig_init(struct rig *r, const struct ps_engine_config *config);
/* The same around another plant: text of a plant file, whose first gateway it is. */
void rig_init_plant(struct rig *r, const struct ps_engine_config *config, const char *text);
void rig_fini(struct rig *r);

/* Text of a plant file as an image, whose memory is returned. */
void *rig_compile(const char *text, struct ps_image *image);

void rig_policy_init(struct rig_policy *p, const char *text, uint32_t generation);
/* Unused by now. */
void rig_policy_fini(struct rig_policy *p);

/* Every flow is judged by the policy of now. */
void rig_sweep(struct rig *r);

/* Feeds one packet, 1 ms after the last one. */
struct ps_decision rig_send(struct rig *r, const struct wire *w);

const struct ps_engine_stats *rig_stats(const struct rig *r);
const struct ps_conduit_stats *rig_conduit(const struct rig *r, const char *name);

/* The judgements since the last call of this, as text, one word each: F flow, P PDU, K packet; then "=" and the reason,
 * "" when allowed; replies as R. "P R P=no-rule". */
void rig_expect(struct rig *r, const char *judgements);

/* All events of the ring are taken; how many were of this kind. */
uint32_t rig_events(struct rig *r, enum ps_event_kind kind, struct ps_event *last);

/* ---- conversations --------------------------------------------------------------------------------------------- */

struct talk {
    struct rig *rig;
    uint32_t addr[2]; /* client, server */
    uint16_t port[2];
    uint32_t seq[2]; /* next of the sender, by enum ps_dir */
};

struct talk talk_between(struct rig *r, uint32_t client, uint32_t server, uint16_t server_port);
/* SYN, SYN-ACK, ACK. */
void talk_open(struct talk *t);
/* One segment with these flags, whose numbers are those of the conversation, which goes on. */
struct ps_decision talk_send(struct talk *t, unsigned dir, uint8_t flags, const void *data, uint32_t len);
/* Data with ACK and PSH. */
struct ps_decision talk_say(struct talk *t, unsigned dir, const void *data, uint32_t len);
/* A segment `offset` away from the numbers of the conversation, which stays where it is. */
struct ps_decision talk_at(struct talk *t, unsigned dir, int32_t offset, uint8_t flags, const char *hex);

/* "0001 0000 ..." into octets; how many. */
uint32_t hex_octets(const char *hex, uint8_t out[2048]);
struct ps_decision talk_hex(struct talk *t, unsigned dir, const char *hex);

#define READ_REQUEST "0001 0000 0006 01 03 0028 0002"
#define READ_REPLY "0001 0000 0007 01 03 04 000a 000b"
#define WRITE_REQUEST "0002 0000 0006 01 06 0029 0384"    /* holding:41 value=900, granted */
#define WRITE_REPLY WRITE_REQUEST
#define WRITE_TOO_MUCH "0003 0000 0006 01 06 0029 03e9"   /* value=1001 */
#define BAD_LENGTH "0004 0000 0008 01 03 0028 0002 0000"  /* two octets more than function 3 has */
#define BAD_PROTOCOL "0005 0001 0006 01 03 0028 0002"
