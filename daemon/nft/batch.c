/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_MAX ((size_t)64 << 10) /* the kernel puts at most 32 KiB into one datagram of an answer */
#define QUESTION_MAX 5120u
#define WAIT_S 5 /* for an answer */

struct ps_nft {
    struct mnl_socket *socket;
    uint32_t seq;     /* of the last message sent */
    size_t send_room; /* that the socket takes at once */
    _Alignas(8) uint8_t question[QUESTION_MAX];
    _Alignas(8) uint8_t answer[ANSWER_MAX];
};

/* ---- the socket -------------------------------------------------------------------------------------------------- */

static bool fail(const char *what, char *err, size_t err_size)
{
    snprintf(err, err_size, "%s: %s", what, strerror(errno));
    return false;
}

static bool set_up(struct ps_nft *nft, char *err, size_t err_size)
{
    const struct timeval wait = {.tv_sec = WAIT_S};
    int fd, on = 1;

    nft->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    if (nft->socket == NULL)
        return fail("no netlink socket", err, err_size);
    if (mnl_socket_bind(nft->socket, 0, MNL_SOCKET_AUTOPID) != 0)
        return fail("a netlink socket cannot be bound", err, err_size);
    fd = mnl_socket_get_fd(nft->socket);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0)
        return fail("a netlink socket takes no timeout", err, err_size);
    /* better messages, where the kernel has them */
    (void)mnl_socket_setsockopt(nft->socket, NETLINK_EXT_ACK, &on, sizeof on);
    (void)mnl_socket_setsockopt(nft->socket, NETLINK_CAP_ACK, &on, sizeof on);
    return true;
}

struct ps_nft *ps_nft_open(char *err, size_t err_size)
{
    struct ps_nft *nft = calloc(1, sizeof *nft);

    if (nft != NULL && set_up(nft, err, err_size))
        return nft;
    if (nft == NULL)
        fail("no netlink socket", err, err_size);
    ps_nft_close(nft);
    return NULL;
}

void ps_nft_close(struct ps_nft *nft)
{
    if (nft != NULL && nft->socket != NULL)
        mnl_socket_close(nft->socket);
    free(nft);
}

/* ---- building ---------------------------------------------------------------------------------------------------- */

/* A message's header, netfilter's behind it. Returns where it begins. */
static struct nlmsghdr *begin(uint8_t *at, uint16_t type, uint8_t family, uint16_t flags, uint16_t resource)
{
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
    struct nfgenmsg *message = mnl_nlmsg_put_extra_header(nlh, sizeof *message);

    nlh->nlmsg_type = type;
    nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    message->nfgen_family = family;
    message->version = NFNETLINK_V0;
    message->res_id = htons(resource);
    return nlh;
}

static uint16_t nft_type(uint16_t type)
{
    return (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
}

bool ps_batch_init(struct ps_batch *batch)
{
    *batch = (struct ps_batch){.size = 2 * PS_BATCH_ROOM};
    batch->data = malloc(batch->size);
    if (batch->data == NULL)
        return false;
    batch->len = begin(batch->data, NFNL_MSG_BATCH_BEGIN, AF_UNSPEC, 0, NFNL_SUBSYS_NFTABLES)->nlmsg_len;
    return true;
}

void ps_batch_fini(struct ps_batch *batch)
{
    free(batch->data);
    free(batch->whats);
    *batch = (struct ps_batch){0};
}

/* Octets that a message takes: libmnl's macro for that mixes signs. */
static size_t taken(const struct nlmsghdr *nlh)
{
    return (nlh->nlmsg_len + (size_t)NLMSG_ALIGNTO - 1) & ~((size_t)NLMSG_ALIGNTO - 1);
}

static struct nlmsghdr *last_of(const struct ps_batch *batch)
{
    return (void *)(batch->data + batch->len);
}

/* The last message has got its attributes. */
static void end_last(struct ps_batch *batch)
{
    if (batch->n > 0)
        batch->len += taken(last_of(batch));
}

static bool grow(struct ps_batch *batch)
{
    if (batch->len + 2 * PS_BATCH_ROOM > batch->size) {
        size_t size = 2 * batch->size;
        uint8_t *data = realloc(batch->data, size);

        if (data == NULL)
            return false;
        batch->data = data;
        batch->size = size;
    }
    if (batch->n == batch->n_whats) {
        uint32_t n = batch->n_whats > 0 ? 2 * batch->n_whats : 64;
        const char **whats = realloc(batch->whats, n * sizeof *whats);

        if (whats == NULL)
            return false;
        batch->whats = whats;
        batch->n_whats = n;
    }
    return true;
}

struct nlmsghdr *ps_batch_add(struct ps_batch *batch, uint16_t type, uint8_t family, uint16_t flags, const char *what)
{
    if (!batch->failed) {
        end_last(batch);
        batch->failed = !grow(batch);
    }
    if (batch->failed) {
        batch->len = batch->n = 0; /* from the start again: nothing of it will be sent */
        return begin(batch->data, nft_type(type), family, flags, 0);
    }
    batch->whats[batch->n++] = what;
    return begin(batch->data + batch->len, nft_type(type), family, flags, 0);
}

int ps_batch_each(const struct ps_batch *batch, mnl_cb_t each, void *ctx)
{
    const uint8_t *at = batch->data;
    int said = MNL_CB_OK;

    for (uint32_t i = 0; i < batch->n && said == MNL_CB_OK; i++) {
        at += taken((const void *)at); /* in front of the first: BATCH_BEGIN */
        said = each((const void *)at, ctx);
    }
    return said;
}

/* ---- sending ----------------------------------------------------------------------------------------------------- */

/* A socket takes so many octets in one datagram; with CAP_NET_ADMIN as many as one likes. */
static void make_room(struct ps_nft *nft, size_t len)
{
    int room = len < INT32_MAX / 2 ? (int)len : INT32_MAX / 2;
    int fd = mnl_socket_get_fd(nft->socket);

    if (len <= nft->send_room)
        return;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) == 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0)
        nft->send_room = len;
}

/* Numbers the messages and asks for a word about the last: it says that all is done. Returns the length of all. */
static size_t number(struct ps_nft *nft, const struct ps_batch *batch)
{
    struct nlmsghdr *last = last_of(batch), *end;
    uint8_t *at = batch->data;

    last->nlmsg_flags |= NLM_F_ACK;
    while (at <= (uint8_t *)last) {
        struct nlmsghdr *nlh = (void *)at;

        nlh->nlmsg_seq = ++nft->seq;
        at += taken(nlh);
    }
    end = begin(at, NFNL_MSG_BATCH_END, AF_UNSPEC, 0, NFNL_SUBSYS_NFTABLES);
    end->nlmsg_seq = ++nft->seq;
    return (size_t)(at - batch->data) + end->nlmsg_len;
}

static struct ps_nft_fault *add_fault(struct ps_nft_faults *faults, const struct ps_batch *batch, uint32_t message, int code)
{
    static struct ps_nft_fault nobody;
    struct ps_nft_fault *fault = faults->n < PS_NFT_FAULTS_MAX ? &faults->items[faults->n] : &nobody;

    faults->n++;
    *fault = (struct ps_nft_fault){.message = UINT32_MAX, .what = "the transaction", .code = code};
    if (message < batch->n) {
        fault->message = message;
        fault->what = batch->whats[message];
    }
    return fault;
}

static int read_extra(const struct nlattr *attr, void *ctx)
{
    struct ps_nft_fault *fault = ctx;

    if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
        snprintf(fault->text, sizeof fault->text, "%s", mnl_attr_get_str(attr));
    else if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS && mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
        fault->offset = mnl_attr_get_u32(attr);
    return MNL_CB_OK;
}

/* One word of the kernel about a message. True: it was the one about the last, and good. */
static bool take_word(const struct nlmsghdr *nlh, const struct ps_batch *batch, uint32_t first,
                      struct ps_nft_faults *faults)
{
    const struct nlmsgerr *word = mnl_nlmsg_get_payload(nlh);
    uint32_t message = nlh->nlmsg_seq - first;
    struct ps_nft_fault *fault;
    size_t extra = sizeof *word;

    if (nlh->nlmsg_type != NLMSG_ERROR || nlh->nlmsg_len < mnl_nlmsg_size(sizeof *word))
        return false;
    if (word->error == 0)
        return message == batch->n - 1;
    fault = add_fault(faults, batch, message, -word->error);
    if ((nlh->nlmsg_flags & NLM_F_CAPPED) == 0)
        extra += word->msg.nlmsg_len - sizeof word->msg;
    if ((nlh->nlmsg_flags & NLM_F_ACK_TLVS) != 0 && nlh->nlmsg_len > mnl_nlmsg_size(extra))
        (void)mnl_attr_parse(nlh, (unsigned)extra, read_extra, fault);
    return false;
}

/* What the kernel has to say has been said when sending returns. */
static bool take_words(struct ps_nft *nft, const struct ps_batch *batch, uint32_t first, struct ps_nft_faults *faults)
{
    bool done = false;
    ssize_t n;

    while ((n = recv(mnl_socket_get_fd(nft->socket), nft->answer, sizeof nft->answer, MSG_DONTWAIT)) > 0) {
        const struct nlmsghdr *nlh = (const void *)nft->answer;

        for (int left = (int)n; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
            done = take_word(nlh, batch, first, faults) || done;
    }
    if (n < 0 && errno != EAGAIN)
        add_fault(faults, batch, UINT32_MAX, errno);
    else if (!done && faults->n == 0)
        add_fault(faults, batch, UINT32_MAX, ENOMSG);
    return done && faults->n == 0;
}

bool ps_batch_send(struct ps_nft *nft, struct ps_batch *batch, struct ps_nft_faults *faults)
{
    size_t len;

    *faults = (struct ps_nft_faults){0};
    if (batch->failed || batch->n == 0) {
        add_fault(faults, batch, UINT32_MAX, batch->failed ? ENOMEM : ENODATA);
        return false;
    }
    uint32_t first = nft->seq + 2; /* behind BATCH_BEGIN */
    len = number(nft, batch);
    make_room(nft, len);
    if (mnl_socket_sendto(nft->socket, batch->data, len) < 0) {
        add_fault(faults, batch, UINT32_MAX, errno);
        return false;
    }
    return take_words(nft, batch, first, faults);
}

void ps_nft_faults_text(const struct ps_nft_faults *faults, char *text, size_t text_size)
{
    const struct ps_nft_fault *first = &faults->items[0];
    char more[32] = "";

    if (faults->n == 0) {
        snprintf(text, text_size, "nothing is wrong");
        return;
    }
    if (faults->n > 1)
        snprintf(more, sizeof more, " (and %u more)", faults->n - 1);
    snprintf(text, text_size, "%s: %s%s%s%s", first->what, strerror(first->code), first->text[0] ? ": " : "",
             first->text, more);
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

struct nlmsghdr *ps_nft_question(struct ps_nft *nft, uint16_t type, uint8_t family, uint16_t flags)
{
    struct nlmsghdr *nlh = begin(nft->question, nft_type(type), family, flags, 0);

    if ((flags & NLM_F_DUMP) != NLM_F_DUMP)
        nlh->nlmsg_flags |= NLM_F_ACK; /* else nobody says when the answer is whole */
    return nlh;
}

int ps_nft_ask(struct ps_nft *nft, mnl_cb_t each, void *ctx)
{
    struct nlmsghdr *nlh = (void *)nft->question;
    int fd = mnl_socket_get_fd(nft->socket), more = MNL_CB_OK;

    /* what a question that was given up has left behind */
    while (recv(fd, nft->answer, sizeof nft->answer, MSG_DONTWAIT) > 0)
        ;
    nlh->nlmsg_seq = ++nft->seq;
    if (mnl_socket_sendto(nft->socket, nlh, nlh->nlmsg_len) < 0)
        return errno;
    while (more == MNL_CB_OK) {
        ssize_t n = mnl_socket_recvfrom(nft->socket, nft->answer, sizeof nft->answer);

        if (n < 0)
            return errno;
        more = mnl_cb_run(nft->answer, (size_t)n, nlh->nlmsg_seq, mnl_socket_get_portid(nft->socket), each, ctx);
    }
    return more == MNL_CB_ERROR ? errno : 0;
}

static int read_gen_id(const struct nlattr *attr, void *ctx)
{
    if (mnl_attr_get_type(attr) == NFTA_GEN_ID && mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
        *(uint32_t *)ctx = ntohl(mnl_attr_get_u32(attr));
    return MNL_CB_OK;
}

static int read_generation(const struct nlmsghdr *nlh, void *ctx)
{
    return mnl_attr_parse(nlh, sizeof(struct nfgenmsg), read_gen_id, ctx);
}

int ps_nft_generation(struct ps_nft *nft, uint32_t *generation)
{
    *generation = 0;
    ps_nft_question(nft, NFT_MSG_GETGEN, AF_UNSPEC, 0);
    return ps_nft_ask(nft, read_generation, generation);
}
