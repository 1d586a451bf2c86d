/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port_nfq_verdict.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h> /* before the library's copy of it, which is older */
#include <libnetfilter_queue/libnetfilter_queue.h>

static struct nlmsghdr *begin(struct ps_nfq_verdicts *v, int type, uint32_t id, int verdict)
{
    struct nlmsghdr *nlh = nfq_nlmsg_put((char *)v->data + v->len, type, v->queue);
    nfq_nlmsg_verdict_put(nlh, (int)id, verdict);
    if (v->mark != 0 && verdict == NF_ACCEPT)
        nfq_nlmsg_verdict_put_mark(nlh, v->mark);
    return nlh;
}

static void end(struct ps_nfq_verdicts *v, const struct nlmsghdr *nlh)
{
    v->len += (nlh->nlmsg_len + 3u) & ~3u;
}

static void say(struct ps_nfq_verdicts *v, int type, uint32_t id, int verdict)
{
    end(v, begin(v, type, id, verdict));
}

void ps_nfq_verdicts_begin(struct ps_nfq_verdicts *v)
{
    v->n = v->n_said = v->n_passing = 0;
}

/* What came before this one and could not be read must not be in a row that passes. */
static void see(struct ps_nfq_verdicts *v, uint32_t id)
{
    if (v->blind)
        say(v, NFQNL_MSG_VERDICT_BATCH, id - 1, NF_DROP);
    v->blind = false;
    v->last_id = id;
}

void ps_nfq_verdicts_add(struct ps_nfq_verdicts *v, uint32_t id)
{
    see(v, id);
    v->ids[v->n++] = id;
}

void ps_nfq_verdicts_refuse(struct ps_nfq_verdicts *v, uint32_t id)
{
    see(v, id);
    say(v, NFQNL_MSG_VERDICT, id, NF_DROP);
}

void ps_nfq_verdicts_settle(struct ps_nfq_verdicts *v)
{
    if (v->n_passing > 0)
        say(v, v->n_passing > 1 ? NFQNL_MSG_VERDICT_BATCH : NFQNL_MSG_VERDICT, v->ids[v->n_said - 1], NF_ACCEPT);
    v->n_passing = 0;
}

static void drop_until(struct ps_nfq_verdicts *v, uint32_t i)
{
    if (v->n_said >= i)
        return;
    ps_nfq_verdicts_settle(v);
    say(v, i - v->n_said > 1 ? NFQNL_MSG_VERDICT_BATCH : NFQNL_MSG_VERDICT, v->ids[i - 1], NF_DROP);
    v->n_said = i;
}

void ps_nfq_verdicts_pass(struct ps_nfq_verdicts *v, uint32_t i)
{
    drop_until(v, i);
    v->n_said = i + 1;
    v->n_passing++;
}

void ps_nfq_verdicts_pass_marked(struct ps_nfq_verdicts *v, uint32_t i, uint32_t mark)
{
    drop_until(v, i);
    ps_nfq_verdicts_settle(v);
    struct nlmsghdr *nlh = begin(v, NFQNL_MSG_VERDICT, v->ids[i], NF_ACCEPT);
    nfq_nlmsg_verdict_put_mark(nlh, mark);
    end(v, nlh);
    v->n_said = i + 1;
}

void ps_nfq_verdicts_replace(struct ps_nfq_verdicts *v, uint32_t i, const uint8_t *data, uint32_t len)
{
    drop_until(v, i);
    ps_nfq_verdicts_settle(v);
    struct nlmsghdr *nlh = begin(v, NFQNL_MSG_VERDICT, v->ids[i], NF_ACCEPT);
    nfq_nlmsg_verdict_put_pkt(nlh, data, len);
    end(v, nlh);
    v->n_said = i + 1;
}

void ps_nfq_verdicts_end(struct ps_nfq_verdicts *v)
{
    drop_until(v, v->n);
    ps_nfq_verdicts_settle(v);
    ps_nfq_verdicts_begin(v);
}

void ps_nfq_verdicts_give_up(struct ps_nfq_verdicts *v)
{
    v->len = 0;
    say(v, NFQNL_MSG_VERDICT_BATCH, v->last_id, NF_DROP);
}
