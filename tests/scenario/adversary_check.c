/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_check.c - what must hold whatever anybody sends.
 *
 * Of the receivers: what an application got is a prefix of what was judged to be allowed, and every PDU in it is one that
 * the policy grants. Of the wire behind the gateway: no octet before its verdict, none that differs from it, none behind a
 * gap, none beyond the window, nothing that stacks read differently. Of honest hosts: they come to an end.
 */
#include "adversary.h"

#include <string.h>

void adv_judged(struct adv_world *world, unsigned sender, const uint8_t *pdu, uint32_t len, bool allowed)
{
    struct adv_stream *stream = &world->stream[sender];
    struct adv_life *life = &stream->life[stream->current];

    if (!allowed) {
        stream->n_refused++;
        return;
    }
    stream->n_allowed++;
    if (sender == 0 && !world->protocol->allowed(pdu, len))
        adv_violate(world, ADV_V_DENIED, "the gateway allows a request that the policy does not grant");
    if (len > ADV_STREAM_MAX - life->allowed_len)
        len = ADV_STREAM_MAX - life->allowed_len;
    memcpy(life->allowed + life->allowed_len, pdu, len);
    life->allowed_len += len;
}

/* The answer goes behind what the server was allowed to say so far. There may be several of the same length. */
void adv_answered(struct adv_world *world, const uint8_t *pdu, uint32_t len)
{
    struct adv_stream *stream = &world->stream[1];
    struct adv_life *life = &stream->life[stream->current];
    uint8_t refusal[ADV_REFUSAL_MAX];
    uint32_t n = world->protocol->refusal(refusal, 0, pdu, len);

    if (n == 0 || life->allowed_len + n > ADV_STREAM_MAX)
        return;
    for (unsigned nth = 1; nth < 4 && life->n_choices < ADV_CHOICES_MAX; nth++) {
        struct adv_choice *choice = &life->choice[life->n_choices];
        choice->at = life->allowed_len;
        choice->len = world->protocol->refusal(choice->octets, nth, pdu, len);
        life->n_choices += choice->len == n;
    }
    memcpy(life->allowed + life->allowed_len, refusal, n);
    life->allowed_len += n;
}

static struct adv_life *find_life(struct adv_stream *stream, uint32_t irs)
{
    for (uint32_t i = 0; i < stream->n_lives; i++)
        if (stream->life[i].irs == irs)
            return &stream->life[i];
    return NULL;
}

/* So long after the last segment of a handshake nobody knows of it any more, and a SYN opens another one. */
#define OPENING (5000 * ADV_MS)

/* A SYN leaves. With a number that was not seen yet what is judged from now on belongs to a new connection; an answer to
 * a SYN says which of several was meant. */
static void begin_life(struct adv_world *world, unsigned to, const struct adv_segment *syn)
{
    struct adv_stream *stream = &world->stream[!to], *back = &world->stream[to];
    struct adv_life *life = find_life(stream, syn->seq), *meant = find_life(back, syn->ack - 1);

    if (!(syn->flags & ADV_ACK) && world->now - world->opening >= OPENING)
        back->over = true;
    if ((syn->flags & ADV_ACK) && back->opened && !meant && (!stream->opened || !life))
        adv_violate(world, ADV_V_FRAME, "a SYN-ACK to host %u that answers no SYN of its", to);
    world->opening = world->now;
    if (!stream->opened) {
        life = &stream->life[0];
    } else if (!life) {
        if ((syn->flags & ADV_ACK) && !stream->over && stream->life[stream->current].answers == back->life[back->current].irs)
            adv_violate(world, ADV_V_FRAME, "a second SYN-ACK to host %u, with another number", to);
        life = &stream->life[stream->n_lives < ADV_LIVES ? stream->n_lives++ : (stream->current + 1) % ADV_LIVES];
        life->sent = life->allowed_len = life->n_choices = 0;
        stream->has_edge = false;
    }
    life->irs = syn->seq;
    life->answers = back->life[back->current].irs;
    stream->current = (uint32_t)(life - stream->life);
    stream->opened = true;
    stream->over = false;
    if ((syn->flags & ADV_ACK) && back->opened && meant)
        back->current = (uint32_t)(meant - back->life);
}

/* The receiver's, or the last one when it has none. */
static struct adv_life *life_of(struct adv_world *world, unsigned receiver)
{
    struct adv_stream *stream = &world->stream[!receiver];
    const struct adv_host *host = &world->host[receiver];
    struct adv_life *life = host->state >= ADV_SYN_GOT ? find_life(stream, host->irs) : NULL;

    return life ? life : &stream->life[stream->current];
}

/* ---- wire ------------------------------------------------------------------------------------------------------ */

/* The receiver's window as the gateway was told: it may go as far as the highest edge. */
void adv_check_entering(struct adv_world *world, unsigned port, const uint8_t *frame, uint32_t len)
{
    struct adv_segment segment;
    struct adv_stream *stream = &world->stream[!port];

    bool readable = adv_parse(&world->net, frame, len, !port, &segment);
    world->astray |= readable && segment.astray;
    if (!readable || !segment.sound || (segment.flags & ADV_RST) ||
        !(segment.flags & ADV_ACK) || segment.foreign)
        return;
    const struct adv_life *life = &stream->life[stream->current];
    uint32_t edge = segment.ack + segment.window;
    if (stream->opened && segment.ack - life->irs - 1 > life->sent + 1)
        return; /* of what has not left */
    if (!stream->has_edge || (int32_t)(edge - stream->edge) > 0)
        stream->edge = edge;
    stream->has_edge = true;
}

/* Of the options of a SYN only two are left, with values that stacks agree about; the others stand for nothing (1). */
static bool is_syn_sane(const struct adv_segment *s)
{
    const uint8_t *p = s->data - s->options_len;

    for (uint32_t at = 0; at < s->options_len && p[at] != 0;) {
        uint32_t left = s->options_len - at;
        bool mss = p[at] == 2 && left >= 4 && p[at + 1] == 4 && (p[at + 2] << 8 | p[at + 3]) >= 64;
        bool scale = p[at] == 3 && left >= 3 && p[at + 1] == 3 && p[at + 2] <= 14;
        if (!mss && !scale && p[at] != 1)
            return false;
        at += mss ? 4 : scale ? 3 : 1;
    }
    return true;
}

static bool check_form(struct adv_world *world, unsigned to, const struct adv_segment *s)
{
    static const uint8_t sane[] = {ADV_SYN, ADV_SYN | ADV_ACK, ADV_ACK, ADV_ACK | ADV_PSH, ADV_ACK | ADV_FIN,
                                   ADV_ACK | ADV_PSH | ADV_FIN, ADV_RST, ADV_RST | ADV_ACK};

    if (!s->sound)
        adv_violate(world, ADV_V_FRAME, "a segment to host %u with a wrong checksum or length", to);
    else if (!memchr(sane, s->flags, sizeof sane))
        adv_violate(world, ADV_V_FRAME, "a segment to host %u with flags 0x%02x", to, s->flags);
    else if ((s->flags & (ADV_SYN | ADV_RST)) && s->len > 0)
        adv_violate(world, ADV_V_FRAME, "SYN or RST with data to host %u", to);
    else if (!(s->flags & ADV_SYN) && s->options_len > 0)
        adv_violate(world, ADV_V_FRAME, "%u octets of options in a segment to host %u that is no SYN", s->options_len, to);
    else if ((s->flags & ADV_SYN) && !is_syn_sane(s))
        adv_violate(world, ADV_V_FRAME, "a SYN with options to host %u that are not followed", to);
    else if (s->surplus > 0)
        adv_violate(world, ADV_V_FRAME, "%u octets behind the packet to host %u", s->surplus, to);
    else if (s->foreign && (s->len > 0 || !(s->flags & (ADV_SYN | ADV_RST))))
        adv_violate(world, ADV_V_FRAME, "a segment of another VLAN to host %u", to);
    else
        return true;
    return false;
}

/* Which of several answers it is shows at the first octet that differs; from then on it is that one. */
static bool is_other_answer(struct adv_life *life, uint32_t at, uint8_t octet)
{
    for (uint32_t i = 0; i < life->n_choices; i++) {
        struct adv_choice c = life->choice[i];
        if (at < c.at || at >= c.at + c.len || c.octets[at - c.at] != octet || memcmp(life->allowed + c.at, c.octets, at - c.at) != 0)
            continue;
        memcpy(life->allowed + c.at, c.octets, c.len);
        for (uint32_t k = 0; k < life->n_choices;)
            if (life->choice[k].at == c.at)
                life->choice[k] = life->choice[--life->n_choices];
            else
                k++;
        return true;
    }
    return false;
}

static void check_octets(struct adv_world *world, unsigned to, const struct adv_segment *s)
{
    struct adv_stream *stream = &world->stream[!to];
    struct adv_life *life = &stream->life[stream->current];
    uint32_t off = s->seq - life->irs - 1;

    if (!stream->opened) {
        adv_violate(world, ADV_V_UNJUDGED, "data to host %u before any SYN", to);
        return;
    }
    for (uint32_t i = 0; i < s->len; i++) {
        uint32_t at = off + i;
        if (at == UINT32_MAX)
            continue; /* the SYN's own number: a keep-alive */
        if (at >= life->allowed_len)
            adv_violate(world, ADV_V_UNJUDGED, "octet %u to host %u leaves, %u are judged", at, to, life->allowed_len);
        else if (s->data[i] != life->allowed[at] && !is_other_answer(life, at, s->data[i]))
            adv_violate(world, ADV_V_UNJUDGED, "octet %u to host %u is 0x%02x, judged was 0x%02x", at, to, s->data[i],
                        life->allowed[at]);
        else
            continue;
        return;
    }
    if ((int32_t)(off - life->sent) > 0)
        adv_violate(world, ADV_V_ORDER, "octet %u to host %u leaves, %u is next", off, to, life->sent);
    if ((int32_t)(off + s->len - life->sent) > 0)
        life->sent = off + s->len;
    if (stream->has_edge && !world->host[to].hostile && (int32_t)(s->seq + s->len - stream->edge) > 0)
        adv_violate(world, ADV_V_WINDOW, "octets up to %u leave to host %u, its window ends %d before", off + s->len, to,
                    (int)(s->seq + s->len - stream->edge));
}

/* An error about a number that an honest host has never sent, or about a link that carries less than every link does. */
static void check_error(struct adv_world *world, unsigned to, const struct adv_icmp *icmp)
{
    const struct adv_host *host = &world->host[to];
    bool sent = (int32_t)(icmp->seq - host->iss) >= 0 && (int32_t)(icmp->seq - host->max) <= 0;

    if (icmp->too_big && icmp->mtu < (world->net.v6 ? 1280u : 576u))
        adv_violate(world, ADV_V_FRAME, "an error to host %u about a link of %u octets", to, icmp->mtu);
    else if (!sent && !host->hostile && host->lives == 0)
        adv_violate(world, ADV_V_FRAME, "an error to host %u about number %u, which it has not sent", to, icmp->seq);
}

void adv_check_leaving(struct adv_world *world, unsigned port, const uint8_t *frame, uint32_t len)
{
    struct adv_segment segment;
    struct adv_stream *stream = &world->stream[!port];
    struct adv_icmp icmp;

    if (adv_icmp_parse(&world->net, frame, len, port, &icmp)) {
        check_error(world, port, &icmp);
        return;
    }
    if (!adv_parse(&world->net, frame, len, port, &segment)) {
        adv_violate(world, ADV_V_FRAME, "a frame to host %u that is no segment", port);
        return;
    }
    if (!check_form(world, port, &segment) || segment.foreign)
        return;
    stream->over |= (segment.flags & ADV_RST) != 0;
    if (segment.flags & ADV_SYN)
        begin_life(world, port, &segment);
    if (segment.len > 0)
        check_octets(world, port, &segment);
    if ((segment.flags & ADV_FIN) && stream->opened) {
        const struct adv_life *life = &stream->life[stream->current];
        uint32_t off = segment.seq - life->irs - 1 + segment.len;
        if (off != life->sent)
            adv_violate(world, ADV_V_ORDER, "a FIN behind octet %u leaves to host %u, %u is next", off, port, life->sent);
    }
}

/* ---- applications ---------------------------------------------------------------------------------------------- */

static void check_requests(struct adv_world *world, const struct adv_receiver *in)
{
    for (uint32_t at = 0, len; at < in->app_len; at += len) {
        len = world->protocol->pdu_len(in->app + at, in->app_len - at);
        if (len == 0 || at + len > in->app_len)
            break;
        if (!world->protocol->allowed(in->app + at, len)) {
            adv_violate(world, ADV_V_DENIED, "the request at octet %u reached the server's application", at);
            return;
        }
    }
}

/* A read that ends inside a PDU, to a device that takes every read for one. Excused where what the other end says does not
 * fit one segment and the window. */
static void check_reads(struct adv_world *world, const struct adv_host *host)
{
    const struct adv_receiver *in = &host->in;

    uint32_t said = world->plan.len[!host->index];

    if (adv_setup(world, ADV_POLICY, host->index) != ADV_DEVICE || host->buffer < said || host->mss < said || in->n_reads == 0)
        return;
    for (uint32_t at = 0, len, end = in->reads[in->n_reads - 1]; at < end; at += len) {
        len = world->protocol->pdu_len(in->app + at, end - at);
        if (len == 0 || at + len > end) {
            adv_violate(world, ADV_V_PARTIAL, "host %u reads %u octets of a PDU of %u", host->index, end - at, len);
            return;
        }
    }
}

void adv_check_apps(struct adv_world *world)
{
    for (unsigned h = 0; h < 2; h++) {
        const struct adv_receiver *in = &world->host[h].in;
        const struct adv_life *from = life_of(world, h);

        if (in->app_len > from->allowed_len)
            adv_violate(world, ADV_V_APP, "the application of host %u got %u octets, %u are judged", h, in->app_len,
                        from->allowed_len);
        else if (in->app_len > 0 && memcmp(in->app, from->allowed, in->app_len) != 0)
            adv_violate(world, ADV_V_DIFFERS, "the application of host %u got other octets than were judged", h);
        check_reads(world, &world->host[h]);
    }
    check_requests(world, &world->host[1].in);
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

/* What the applications got is what the others said, one after the other, without the n_refused requests. Where some were,
 * their answers stand between the replies. */
static void check_said(struct adv_world *world, uint32_t n, uint32_t n_refused)
{
    const struct adv_plan *plan = &world->plan;
    const struct adv_receiver *in = &world->host[1].in, *back = &world->host[0].in;
    uint32_t got = 0;

    for (uint32_t i = 0, from = 0; i < n; from = plan->end[i++]) {
        bool refused = plan->n_refused[i] > (i > 0 ? plan->n_refused[i - 1] : 0);
        uint32_t len = refused ? 0 : plan->end[i] - from;
        if (memcmp(in->app + got, plan->octets[0][ADV_PLAIN] + from, len) != 0)
            adv_violate(world, ADV_V_DIFFERS, "the server did not get request %u as it was said", i);
        got += len;
    }
    if (n_refused == 0 && memcmp(back->app, plan->octets[1][ADV_PLAIN], back->app_len) != 0)
        adv_violate(world, ADV_V_DIFFERS, "the client did not get the replies as they were said");
}

/* Who waits as long as this before it says something again is silent for longer than the hold limit when that is lost too; what
 * was held of a PDU before is refused. */
#define SILENCE (1600 * ADV_MS)

static bool is_given_up(const struct adv_world *world)
{
    bool silent = world->host[0].rto >= SILENCE || world->host[1].rto >= SILENCE;

    return silent && world->n_faults_met >= 2 && (world->host[0].reset_seen || world->host[1].reset_seen);
}

static void check_complete(struct adv_world *world)
{
    const struct adv_host *client = &world->host[0], *server = &world->host[1];
    const struct adv_plan *plan = &world->plan;
    uint32_t n = 0;

    while (n < plan->n_pdus && plan->end[n] <= client->written)
        n++;
    uint32_t refused = n > 0 ? plan->n_refused[n - 1] : 0, reached = n - refused;
    uint32_t requests = reached > 0 ? plan->got[reached - 1] : 0;
    uint32_t replies = (reached > 0 ? plan->replied[reached - 1] : 0) + (n > 0 ? plan->refusals[n - 1] : 0);
    for (unsigned h = 0; h < 2; h++) {
        if (world->host[h].reset_seen || world->host[h].state == ADV_DEAD)
            adv_violate(world, ADV_V_INCOMPLETE, "honest host %u was reset", h);
    }
    if (world->stream[0].n_refused + world->stream[1].n_refused > refused)
        adv_violate(world, ADV_V_INCOMPLETE, "a PDU of an honest exchange was refused");
    if (server->in.app_len != requests)
        adv_violate(world, ADV_V_INCOMPLETE, "the server got %u of %u octets", server->in.app_len, requests);
    if (client->in.app_len != replies)
        adv_violate(world, ADV_V_INCOMPLETE, "the client got %u of %u octets", client->in.app_len, replies);
    check_said(world, n, refused);
    if (client->fin_wanted && (!adv_host_closed(client) || !adv_host_closed(server)))
        adv_violate(world, ADV_V_INCOMPLETE, "the connection does not close");
}

/* An honest exchange with a refused request in it, or with one that is never finished: without loss both ends learn that
 * it is over. */
static void check_reset(struct adv_world *world, bool whole)
{
    bool refused = !whole || world->stream[0].n_refused + world->stream[1].n_refused > 0;

    if (refused && world->n_faults_met == 0 && (!world->host[0].reset_seen || !world->host[1].reset_seen))
        adv_violate(world, ADV_V_NOT_RESET, "a request was refused or not finished; reset seen: client %d, server %d",
                    world->host[0].reset_seen, world->host[1].reset_seen);
}

/* A PDU of the attacker's was refused, and nothing was lost: the victim is not left with a connection of which nothing
 * more will come. Unless the attacker gave away a link address of the victim that it does not have. */
static void check_victim(struct adv_world *world)
{
    unsigned hostile = (unsigned)world->schedule->setup[ADV_HOSTILE] - 1;
    const struct adv_host *victim = &world->host[!hostile];

    if (world->schedule->setup[ADV_DENY] == 0 && world->stream[hostile].n_refused > 0 && world->n_faults_met == 0 && world->n_overflow == 0 && victim->lives == 0 &&
        !world->astray && victim->state == ADV_ESTABLISHED && !adv_host_closed(victim))
        adv_violate(world, ADV_V_NOT_RESET, "a PDU was refused, host %u has seen no reset", !hostile);
}

/* Nothing was said that ends the connection. */
static bool is_granted(const struct adv_world *world)
{
    const struct adv_plan *plan = &world->plan;

    return world->schedule->setup[ADV_DENY] == ADV_DENY_ANSWER ||
           world->host[0].written <= (plan->n_allowed ? plan->got[plan->n_allowed - 1] : 0);
}

void adv_check_end(struct adv_world *world)
{
    adv_check_apps(world);
    if (world->schedule->setup[ADV_HOSTILE])
        check_victim(world);
    if (world->schedule->setup[ADV_HOSTILE] || world->violation != ADV_NO_VIOLATION || world->n_overflow > 0)
        return;
    if (world->host[0].state == ADV_CLOSED)
        return;
    bool granted = is_granted(world);
    /* What the application never finishes saying is refused after a while. */
    bool whole = world->host[0].written == 0;
    for (uint32_t i = 0; i < world->plan.n_pdus; i++)
        whole = whole || world->plan.end[i] == world->host[0].written;
    if (granted && whole && !is_given_up(world))
        check_complete(world);
    else if (granted || world->schedule->setup[ADV_DENY] == 0)
        check_reset(world, whole);
}
