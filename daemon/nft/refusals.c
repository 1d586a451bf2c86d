/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusals.h"

#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "decode.h"
#include "nflog.h"
#include "nflog_message.h"
#include "refusal_event.h"
#include "refusal_reset.h"
#include "source.h"

struct ps_refusals {
    struct ps_nflog_socket *socket;
    struct ps_refusal_sender sender;
    struct ps_refusal_words *words;
    uint8_t family;         /* enum ps_nft_family */
    bool is_counting;       /* some message had a number */
    uint32_t next_sequence; /* that the next message has when none is lost */
    uint64_t guessed;       /* counted as lost, and not seen to be missing yet */
    uint64_t resets_ns;     /* ps_rate_take() */
    struct ps_refusals_stats stats;
    _Alignas(8) uint8_t room[PS_NFLOG_ROOM];
    uint8_t frame[PS_NFLOG_PACKET_MAX];
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

static bool open_ports(struct ps_refusals *refusals, const struct ps_refusals_config *config, char *err, size_t err_size)
{
    ps_refusal_sender_init(&refusals->sender, config->family == PS_NFT_INET);
    for (uint32_t i = 0; i < config->n_devices; i++)
        if (!ps_refusal_sender_add(&refusals->sender, config->devices[i], err, err_size))
            return false;
    return ps_refusal_sender_open(&refusals->sender, err, err_size);
}

struct ps_refusals *ps_refusals_open(const struct ps_refusals_config *config, char *err, size_t err_size)
{
    struct ps_refusals *refusals = calloc(1, sizeof *refusals);
    if (!refusals)
        abort();
    refusals->family = config->family;
    refusals->words = ps_refusal_words_new();
    if (open_ports(refusals, config, err, err_size))
        refusals->socket = ps_nflog_open(config->group, err, err_size);
    if (refusals->socket)
        return refusals;
    ps_refusals_close(refusals);
    return NULL;
}

void ps_refusals_close(struct ps_refusals *refusals)
{
    if (!refusals)
        return;
    ps_nflog_close(refusals->socket);
    ps_refusal_sender_close(&refusals->sender);
    ps_refusal_words_free(refusals->words);
    free(refusals);
}

int ps_refusals_fd(const struct ps_refusals *refusals)
{
    return ps_nflog_fd(refusals->socket);
}

const struct ps_refusals_stats *ps_refusals_stats(const struct ps_refusals *refusals)
{
    return &refusals->stats;
}

static uint64_t now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * PS_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* ---- losses ---------------------------------------------------------------------------------------------------- */

/* The kernel says that it lost something, and not how much: one, until a number tells. */
static void guess_loss(struct ps_refusals *refusals)
{
    refusals->guessed++;
    refusals->stats.lost++;
}

/* What was lost is told before what waited already, and numbers show the gap behind that. */
static void count_losses(struct ps_refusals *refusals, const struct ps_nflog *message)
{
    uint32_t missing = message->sequence - refusals->next_sequence;
    if (!message->has_sequence)
        return;
    if (!refusals->is_counting || missing > INT32_MAX)
        missing = 0;
    uint64_t known = missing < refusals->guessed ? missing : refusals->guessed;
    refusals->stats.lost += missing - known;
    refusals->guessed -= known;
    refusals->is_counting = true;
    refusals->next_sequence = message->sequence + 1;
}

/* ---- resets ---------------------------------------------------------------------------------------------------- */

static void send_reset(struct ps_refusals *refusals, const struct ps_refusal_rst *rst, uint32_t device)
{
    uint64_t now_ns = now(CLOCK_MONOTONIC);
    if (!ps_rate_has(refusals->resets_ns, PS_REFUSAL_RESETS, now_ns)) {
        refusals->stats.resets_over++;
        return;
    }
    ps_rate_take(&refusals->resets_ns, PS_REFUSAL_RESETS, now_ns);
    bool sent = device != 0 && ps_refusal_send(&refusals->sender, rst, device);
    refusals->stats.resets += sent;
    refusals->stats.resets_lost += !sent;
}

/* Does nobody else reset the sender? In a bump the kernel does, and leaves the tag away. */
static bool is_left_alone(const struct ps_refusals *refusals, const struct ps_desc *desc)
{
    return refusals->family == PS_NFT_BRIDGE ||
           (refusals->family == PS_NFT_NETDEV && (desc->key.id & PS_KEY_TAGS) != 0);
}

/* Damaged on its way, so that nobody would have taken it: the connection that it seems to be of goes on. */
static bool is_damaged(const struct ps_packet *packet)
{
    const struct ps_decode_how how = {.checksums = PS_CHECKSUMS_OFFLOAD, .port_known = true};
    struct ps_desc desc;
    ps_decode(packet, how, &desc);
    return desc.reason == PS_REASON_BAD_CHECKSUM;
}

/* A bump has not decided yet where a packet would leave when it refuses it: by the other port. */
static void reset(struct ps_refusals *refusals, const struct ps_nflog *message, const struct ps_desc *desc)
{
    struct ps_refusal_rst rst;
    bool bump = refusals->family == PS_NFT_NETDEV;
    if (ps_refusal_rst_onward(desc, &rst))
        send_reset(refusals, &rst, bump ? ps_refusal_other_port(&refusals->sender, message->in) : message->out);
    if (is_left_alone(refusals, desc) && ps_refusal_rst_back(desc, &rst))
        send_reset(refusals, &rst, message->in);
}

/* ---- hearing --------------------------------------------------------------------------------------------------- */

struct turn {
    struct ps_refusals *refusals;
    const struct ps_policy_slot *slot;
    void (*tell)(void *ctx, const struct ps_event *event);
    void *ctx;
};

/* Its sender's checksum may be the card's to fill in, and nobody takes it who has the wrong one. */
static void take(const struct turn *turn, const struct ps_nflog *message)
{
    const struct ps_decode_how how = {.checksums = PS_CHECKSUMS_IGNORE, .port_known = true};
    struct ps_refusals *refusals = turn->refusals;
    struct ps_refusal refusal;
    struct ps_packet packet;
    struct ps_event event;
    if (!ps_refusal_said(message->prefix, message->prefix_len, &refusal.said)) {
        refusals->stats.garbled++;
        return;
    }
    ps_nflog_packet(message, refusals->frame, &packet);
    ps_decode(&packet, how, &refusal.desc);
    if (refusal.said.how == PS_REFUSAL_RESET && !is_damaged(&packet))
        reset(refusals, message, &refusal.desc);
    refusal.time_ns = message->time_ns ? message->time_ns : now(CLOCK_REALTIME);
    ps_refusal_event(refusals->words, turn->slot, &refusal, &event);
    refusals->stats.events++;
    turn->tell(turn->ctx, &event);
}

static void take_datagram(const struct turn *turn, const uint8_t *at, size_t len)
{
    enum ps_nflog_what what;
    struct ps_nflog message;
    while ((what = ps_nflog_next(&at, &len, &message)) != PS_NFLOG_END) {
        turn->refusals->stats.garbled += what == PS_NFLOG_GARBLED;
        if (what != PS_NFLOG_PACKET)
            continue;
        count_losses(turn->refusals, &message);
        take(turn, &message);
    }
}

bool ps_refusals_read(struct ps_refusals *refusals, const struct ps_policy_slot *slot,
                      void (*tell)(void *ctx, const struct ps_event *event), void *ctx)
{
    const struct turn turn = {refusals, slot, tell, ctx};
    for (unsigned i = 0; i < PS_REFUSALS_TURN; i++) {
        size_t len;
        switch (ps_nflog_hear(refusals->socket, refusals->room, &len)) {
        case PS_NFLOG_HEARD_NOTHING:
            return false;
        case PS_NFLOG_HEARD:
            take_datagram(&turn, refusals->room, len);
            break;
        case PS_NFLOG_HEARD_LOSS:
            guess_loss(refusals);
            break;
        case PS_NFLOG_HEARD_ANOTHER:
            refusals->stats.garbled++;
            break;
        }
    }
    return true;
}
