/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * batch.h - transactions of nf_tables over netlink, and questions to it.
 *
 * A batch is a row of messages that the kernel obeys all together or not at all. Messages are added one behind the other;
 * attributes go into the message added last, by libnftnl's *_nlmsg_build_payload() or libmnl's mnl_attr_put_*():
 *
 *     nlh = ps_batch_add(batch, NFT_MSG_NEWTABLE, NFPROTO_NETDEV, NLM_F_CREATE, "the table");
 *     nftnl_table_nlmsg_build_payload(nlh, table);
 *     ...
 *     if (!ps_batch_send(nft, batch, &faults))
 *         ps_nft_faults_text(&faults, err, err_size);
 *
 * A question is one message, and its answer one or many:
 *
 *     nlh = ps_nft_question(nft, NFT_MSG_GETTABLE, NFPROTO_NETDEV, NLM_F_DUMP);
 *     wrong = ps_nft_ask(nft, each, ctx);
 *
 * The kernel asks for CAP_NET_ADMIN twice, for questions too: of who opened the socket, and of who sends. One thread.
 */
#pragma once

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ps_nft; /* a socket */

/* NULL and a sentence in err. */
struct ps_nft *ps_nft_open(char *err, size_t err_size);
void ps_nft_close(struct ps_nft *nft); /* NULL is fine */

/* ---- transactions ------------------------------------------------------------------------------------------------ */

/* Octets that the attributes of one message may take. Lists in it (elements of a set) hold less than 64 KiB. */
#define PS_BATCH_ROOM ((size_t)128 << 10)

struct ps_batch {
    uint8_t *data;
    size_t len;         /* up to the end of the message before the last */
    size_t size;
    const char **whats; /* of each message */
    uint32_t n;         /* messages */
    uint32_t n_whats;   /* room */
    bool failed;        /* no memory: it will not be sent */
};

/* false: no memory; ps_batch_fini() in either case. */
bool ps_batch_init(struct ps_batch *batch);
void ps_batch_fini(struct ps_batch *batch);

/* Ends the message before and begins one. type: NFT_MSG_..., family: NFPROTO_..., flags: NLM_F_... besides
 * NLM_F_REQUEST. what: how messages about faults call it; kept as it is. Never NULL: without memory the batch has failed,
 * and what is put into it is lost. */
struct nlmsghdr *ps_batch_add(struct ps_batch *batch, uint16_t type, uint8_t family, uint16_t flags, const char *what);

/* Calls each() for every message, in order, until one says other than MNL_CB_OK; returns what the last one said. */
int ps_batch_each(const struct ps_batch *batch, mnl_cb_t each, void *ctx);

/* One message that the kernel refused. */
struct ps_nft_fault {
    uint32_t message; /* from 0, as they were added; UINT32_MAX: the batch as such */
    const char *what;
    int code;         /* errno */
    uint32_t offset;  /* of the attribute that is wrong, in the message, header included; 0: not said */
    char text[80];    /* the kernel's own words, "": it has none */
};

#define PS_NFT_FAULTS_MAX 32u

struct ps_nft_faults {
    uint32_t n; /* all; the first PS_NFT_FAULTS_MAX are kept */
    struct ps_nft_fault items[PS_NFT_FAULTS_MAX];
};

/* Sends it as one transaction. true: it is in force. false: nothing has changed, and every fault that the kernel found is
 * told. The batch stays as it is; it may be sent again. */
bool ps_batch_send(struct ps_nft *nft, struct ps_batch *batch, struct ps_nft_faults *faults);

/* "the chain in-plant: No such file or directory (and 3 more)". */
void ps_nft_faults_text(const struct ps_nft_faults *faults, char *text, size_t text_size);

/* ---- questions --------------------------------------------------------------------------------------------------- */

/* The socket's own message, for attributes of up to 4 KiB in all. flags: NLM_F_DUMP, or 0 for one thing. */
struct nlmsghdr *ps_nft_question(struct ps_nft *nft, uint16_t type, uint8_t family, uint16_t flags);

/* Sends it and calls each() for every message of the answer: MNL_CB_OK to go on, MNL_CB_ERROR and errno to give up.
 * 0, or errno: ENOENT, there is no such thing; EINTR, it changed meanwhile, ask again. */
int ps_nft_ask(struct ps_nft *nft, mnl_cb_t each, void *ctx);

/* Counts the transactions of this network namespace, whoever's they are. 0, or errno. */
int ps_nft_generation(struct ps_nft *nft, uint32_t *generation);
