/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * steer_carry.c - what the kernel carries past the queue: packets of flows that nobody inspects and that penstockd has let
 * pass, for PS_STEER_CARRY_MS from the last packet that it judged of their direction.
 *
 *     carry, carry4, carry6   in front of the queue: whose ports, addresses and port numbers are in carried4 or carried6, and
 *                             whose headers are as of those that penstockd would let pass, is accepted
 *     forwarded, let          behind it: a packet whose mark says PS_STEER_CARRY and the state in set `state` puts its own
 *                             into them; the mark is taken off, as it is in front of the queue
 *
 * Compared besides the ends: no IP options and fragments. TCP: ACK and neither SYN, FIN, RST nor URG, no options or time stamps
 * alone. UDP: it has a checksum. Anything else goes to the queue.
 */
#include <libnftnl/object.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>

#include "batch.h"
#include "steer.h"
#include "table.h"

#define CARRY_MS 5000u
#define CARRIED_MAX 65536u
#define COUNTER "carried"

enum { IP_TCP = 6, IP_UDP = 17 };

#define NET NFT_PAYLOAD_NETWORK_HEADER
#define TH NFT_PAYLOAD_TRANSPORT_HEADER
#define LOOK PS_REG(15u) /* what is compared at once; keys start at 0 */

/* What differs between IPv4 and IPv6. */
struct family {
    uint8_t nfproto;
    uint32_t addresses_at, addresses_len;
    const char *set, *chain;
};

static const struct family families[2] = {{NFPROTO_IPV4, 12, 8, "carried4", "carry4"},
                                          {NFPROTO_IPV6, 8, 32, "carried6", "carry6"}};

static void family_is(struct ps_table *t, const struct family *f)
{
    ps_table_meta(t, NFT_META_NFPROTO, LOOK);
    ps_table_compare(t, NFT_CMP_EQ, LOOK, &f->nfproto, sizeof f->nfproto);
}

static void octet_is(struct ps_table *t, uint32_t base, uint32_t at, uint8_t mask, uint8_t value)
{
    ps_table_payload(t, base, at, 1, LOOK);
    ps_table_mask(t, LOOK, &mask, 1);
    ps_table_compare(t, NFT_CMP_EQ, LOOK, &value, 1);
}

/* A mark that may say that its flow may be carried is taken off. */
static void put_unmark(struct ps_table *t, const char *chain)
{
    const uint32_t prefix = ~PS_STEER_STATE, carry = PS_STEER_CARRY, none = 0;

    ps_table_rule(t, chain);
    ps_table_meta(t, NFT_META_MARK, LOOK);
    ps_table_mask(t, LOOK, &prefix, sizeof prefix);
    ps_table_compare(t, NFT_CMP_EQ, LOOK, &carry, sizeof carry);
    ps_table_value(t, LOOK, &none, sizeof none);
    ps_table_meta_set(t, NFT_META_MARK, LOOK);
    ps_table_rule_end(t);
}

/* ---- sets -------------------------------------------------------------------------------------------------------- */

/* Devices, addresses, port numbers, protocol: one way of one flow. */
static void put_key(struct ps_table *t, const struct family *f)
{
    uint32_t n = f->addresses_len / 4;

    ps_table_meta(t, NFT_META_IIF, PS_REG(0u));
    ps_table_meta(t, NFT_META_OIF, PS_REG(1u));
    ps_table_payload(t, NET, f->addresses_at, f->addresses_len / 2, PS_REG(2u));
    ps_table_payload(t, NET, f->addresses_at + f->addresses_len / 2, f->addresses_len / 2, PS_REG(2u + n / 2));
    ps_table_payload(t, TH, 0, 4, PS_REG(2u + n));
    ps_table_meta(t, NFT_META_L4PROTO, PS_REG(3u + n));
}

static void put_sets(struct ps_table *t)
{
    const struct ps_table_set state = {.name = "state", .fields = {PS_TABLE_MARK}};

    for (unsigned i = 0; i < 2; i++) {
        enum ps_table_kind address = i == 0 ? PS_TABLE_IPV4 : PS_TABLE_IPV6;
        const struct ps_table_set set = {
            .name = families[i].set, .flags = NFT_SET_TIMEOUT | NFT_SET_EVAL, .timeout_ms = CARRY_MS, .size = CARRIED_MAX,
            .fields = {PS_TABLE_DEVICE, PS_TABLE_DEVICE, address, address, PS_TABLE_INTEGER, PS_TABLE_PROTOCOL}};
        ps_table_set(t, &set);
    }
    ps_table_set(t, &state);
    ps_table_counter(t, COUNTER);
}

/* ---- in front of the queue --------------------------------------------------------------------------------------- */

static void accept_known(struct ps_table *t, const struct family *f)
{
    put_key(t, f);
    ps_table_lookup(t, PS_REG(0u), f->set, PS_TABLE_IN);
    ps_table_count(t, COUNTER);
    ps_table_verdict(t, NF_ACCEPT, NULL);
    ps_table_rule_end(t);
}

/* A rule: no IP options, no fragment, this protocol. In IPv6 extension headers stand where the protocol does. */
static void begin_rule(struct ps_table *t, const struct family *f, uint8_t protocol)
{
    static const uint8_t parts[2] = {0xbf, 0xff}, whole[2] = {0, 0}; /* all but "do not fragment" */

    ps_table_rule(t, f->chain);
    octet_is(t, NET, f->nfproto == NFPROTO_IPV4 ? 9 : 6, 0xff, protocol);
    if (f->nfproto == NFPROTO_IPV6)
        return;
    octet_is(t, NET, 0, 0xff, 0x45);
    ps_table_payload(t, NET, 6, sizeof parts, LOOK);
    ps_table_mask(t, LOOK, parts, sizeof parts);
    ps_table_compare(t, NFT_CMP_EQ, LOOK, whole, sizeof whole);
}

/* n octets at the end of its header, which it has to have. */
static void begin_tcp(struct ps_table *t, const struct family *f, uint8_t header_len)
{
    static const uint8_t stamps[4] = {1, 1, 8, 10};

    begin_rule(t, f, IP_TCP);
    octet_is(t, TH, 12, 0xf0, (uint8_t)(header_len << 2));
    octet_is(t, TH, 13, 0x37, 0x10);
    ps_table_payload(t, TH, header_len - 4u, 4, LOOK);
    if (header_len == 20)
        return;
    ps_table_payload(t, TH, 20, sizeof stamps, LOOK);
    ps_table_compare(t, NFT_CMP_EQ, LOOK, stamps, sizeof stamps);
}

static void put_carry(struct ps_table *t)
{
    static const uint8_t none[2] = {0, 0};

    ps_table_chain(t, "carry");
    put_unmark(t, "carry"); /* nobody but penstockd has said so */
    for (unsigned i = 0; i < 2; i++) {
        const struct family *f = &families[i];

        ps_table_chain(t, f->chain);
        begin_tcp(t, f, 20);
        accept_known(t, f);
        begin_tcp(t, f, 32);
        accept_known(t, f);
        begin_rule(t, f, IP_UDP);
        ps_table_payload(t, TH, 6, sizeof none, LOOK);
        ps_table_compare(t, NFT_CMP_NEQ, LOOK, none, sizeof none);
        accept_known(t, f);
        ps_table_rule(t, "carry");
        family_is(t, f);
        ps_table_verdict(t, NFT_GOTO, f->chain);
        ps_table_rule_end(t);
    }
}

/* ---- behind it --------------------------------------------------------------------------------------------------- */

static void put_let(struct ps_table *t, const struct ps_steer *steer, int32_t priority)
{
    const struct ps_table_hook hook = {.number = NF_INET_FORWARD, .priority = priority, .accepts = true};

    ps_table_chain(t, "let");
    for (unsigned i = 0; i < 2; i++) {
        ps_table_rule(t, "let");
        family_is(t, &families[i]);
        ps_table_meta(t, NFT_META_MARK, LOOK);
        ps_table_lookup(t, LOOK, "state", PS_TABLE_IN);
        put_key(t, &families[i]);
        ps_table_update(t, PS_REG(0u), families[i].set);
        ps_table_rule_end(t);
    }
    put_unmark(t, "let");
    ps_table_base_chain(t, "forwarded", &hook);
    for (uint32_t i = 0; i < steer->n_ports; i++) {
        char name[16] = {0};

        snprintf(name, sizeof name, "%s", steer->ports[i]);
        ps_table_rule(t, "forwarded");
        ps_table_meta(t, NFT_META_IIFNAME, PS_REG(0u));
        ps_table_compare(t, NFT_CMP_EQ, PS_REG(0u), name, sizeof name);
        ps_table_verdict(t, NFT_GOTO, "let");
        ps_table_rule_end(t);
    }
}

void ps_steer_put_carrying(struct ps_batch *batch, const struct ps_steer *steer, int32_t priority)
{
    struct ps_table table = {.batch = batch, .name = PS_STEER_TABLE, .family = NFPROTO_INET};

    put_sets(&table);
    put_carry(&table);
    put_let(&table, steer, priority);
}

/* ---- while it lives ---------------------------------------------------------------------------------------------- */

static bool begin_anew(const uint32_t *mark, char *err, size_t err_size)
{
    struct ps_batch batch;
    struct ps_table table = {.batch = &batch, .name = PS_STEER_TABLE, .family = NFPROTO_INET};
    struct ps_table_elem elem = {.len = 0};
    struct ps_nft_faults faults;
    struct ps_nft *nft = ps_nft_open(err, err_size);

    if (nft == NULL)
        return false;
    if (!ps_batch_init(&batch))
        abort();
    ps_table_set_empty(&table, families[0].set);
    ps_table_set_empty(&table, families[1].set);
    ps_table_set_empty(&table, "state");
    if (mark != NULL) {
        ps_table_elem_put(&elem, mark, NULL, sizeof *mark);
        ps_table_elem(&table, "state", &elem);
        ps_table_elems_end(&table);
    }
    bool good = ps_batch_send(nft, &batch, &faults);
    if (!good)
        ps_nft_faults_text(&faults, err, err_size);
    ps_batch_fini(&batch);
    ps_nft_close(nft);
    return good;
}

bool ps_steer_carry_for(uint32_t state, char *err, size_t err_size)
{
    const uint32_t mark = PS_STEER_CARRY | (state & PS_STEER_STATE);

    return begin_anew(&mark, err, err_size);
}

bool ps_steer_carry_nothing(char *err, size_t err_size)
{
    return begin_anew(NULL, err, err_size);
}

struct counts {
    uint64_t packets, octets;
};

static int read_counter(const struct nlmsghdr *nlh, void *ctx)
{
    struct counts *counts = ctx;
    struct nftnl_obj *o = nftnl_obj_alloc();

    if (o != NULL && nftnl_obj_nlmsg_parse(nlh, o) == 0) {
        counts->packets = nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_PKTS);
        counts->octets = nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_BYTES);
    }
    nftnl_obj_free(o);
    return MNL_CB_OK;
}

bool ps_steer_carried(uint64_t *packets, uint64_t *octets)
{
    char err[128];
    struct counts counts = {0, 0};
    struct ps_nft *nft = ps_nft_open(err, sizeof err);
    struct nftnl_obj *o = nftnl_obj_alloc();
    bool good = nft != NULL && o != NULL;

    if (good) {
        nftnl_obj_set_str(o, NFTNL_OBJ_TABLE, PS_STEER_TABLE);
        nftnl_obj_set_str(o, NFTNL_OBJ_NAME, COUNTER);
        nftnl_obj_set_u32(o, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
        nftnl_obj_nlmsg_build_payload(ps_nft_question(nft, NFT_MSG_GETOBJ, NFPROTO_INET, 0), o);
        good = ps_nft_ask(nft, read_counter, &counts) == 0;
    }
    if (o != NULL)
        nftnl_obj_free(o);
    ps_nft_close(nft);
    *packets = counts.packets;
    *octets = counts.octets;
    return good;
}
