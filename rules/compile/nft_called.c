/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_called.c - which station a connection of S7comm calls. It says so once, in the connect request, so the kernel
 * remembers it, per conduit in dynamic sets of connections (client, server, client's port, server's port):
 *
 *     opening/...      answered with SYN and ACK, and nothing said yet
 *     called/.../LIST  connections that call a station of this list: one set for each list that rules have
 *
 *     reply4/CONDUIT -> opens4/CONDUIT             SYN and ACK: it calls nothing any more, and is opening
 *     ask4/CONDUIT   -> stations4/CONDUIT          what is said first ends the opening, whatever it is
 *                       -> connects4/CONDUIT       is it a connect request?
 *                          -> calls4/CONDUIT/AT    its TSAP stands at octet AT; passes where a rule grants it
 *                             -> opened4/CONDUIT/AT    and is remembered, granted or not
 *
 * Only a server's SYN and ACK begins an opening, and what is said first ends it. A connect request that is said later (once
 * more, since nobody had acknowledged it) passes when it is in the same lists as what is remembered, so that no rule makes a
 * difference between the two. So the sets say of a connection what its server has been told.
 *
 * Between looking a connection up and letting it live on, another CPU may have taken it out, for a new one with the same
 * ports. Then it is in again, and a connect request finds it there: nothing is remembered, the request passes if it is in
 * the same lists.
 *
 * Sets that packets have filled stay when other rules take the place of these, if those have sets of the same name. The
 * name has all that its meaning depends on: the conduit, the stations, and as a number whose addresses the conduit joins,
 * its mode and its fallback. While a conduit has such sets every segment between its zones comes by here.
 */
#include <stdlib.h>
#include <string.h>

#include "nft_build.h"
#include "vocab.h"

enum { CONNECT_HEAD = 11, SIZE_LEN = 3, TSAP_LEN = 4, CODE_MAX = 0xffff };
enum { LIST_MAX = 16 }; /* ranges of stations in the name of a set */
enum { OPENING_S = 60, CALLED_S = 900 }; /* an idle connection sends keep-alives, which count */
enum { OPENING_MAX = 16384, CALLED_MAX = 32768 };
enum { FLAGS_ACK = 0x10, FLAGS_SYN_ACK = 0x12, FLAGS_ALL = 0x17, FLAGS_DATA = 0x36 };

/* ---- lists of stations ------------------------------------------------------------------------------------------ */

/* Ranges of codes that a TSAP of two octets can be; "unknown" is none of them. */
static uint32_t codes_of(const struct ps_rule_view *view, struct ps_range codes[LIST_MAX])
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < view->n_stations && view->stations[i].first <= CODE_MAX; i++, n++)
        if (n < LIST_MAX)
            codes[n] = (struct ps_range){view->stations[i].first,
                                         view->stations[i].last < CODE_MAX ? view->stations[i].last : CODE_MAX};
    return n;
}

static bool names_stations(const struct ps_rule_view *view)
{
    return view->protocol == PS_PROTOCOL_S7COMM && view->n_stations > 0;
}

const char *ps_nft_called_refuses(const struct ps_rule_view *view)
{
    struct ps_range codes[LIST_MAX];
    uint32_t n = codes_of(view, codes);

    if (!names_stations(view))
        return NULL;
    if (n == 0)
        return "the kernel refuses connections whose start it has not seen";
    return n > LIST_MAX ? "its stations are too many ranges" : NULL;
}

bool ps_nft_called_misses(const struct ps_rule_view *view)
{
    return names_stations(view) && view->stations[view->n_stations - 1].last > CODE_MAX;
}

bool ps_nft_called_exists(const struct ps_nft_build *b)
{
    uint32_t first = ps_image_conduit_first_rule(b->image, b->conduit);
    bool exists = false;

    for (uint32_t i = 0; i < ps_image_conduit_n_rules(b->image, b->conduit) && !exists; i++) {
        struct ps_rule_view view;
        ps_image_rule_view(b->image, first + i, &view);
        exists = names_stations(&view) && !ps_nft_called_refuses(&view);
    }
    return exists;
}

static bool same_codes(const struct ps_rule_view *a, const struct ps_rule_view *b)
{
    struct ps_range of_a[LIST_MAX], of_b[LIST_MAX];
    uint32_t n = codes_of(a, of_a);

    return codes_of(b, of_b) == n && memcmp(of_a, of_b, n * sizeof of_a[0]) == 0;
}

/* "0202", "0200-02ff.0301": codes as station.c has them. */
static void write_codes(const struct ps_rule_view *view, char *out, size_t size)
{
    struct ps_range codes[LIST_MAX];
    uint32_t n = codes_of(view, codes);
    size_t at = 0;

    for (uint32_t i = 0; i < n && at < size; i++) {
        at += (size_t)snprintf(out + at, size - at, "%s%04x", i > 0 ? "." : "", codes[i].first);
        if (codes[i].last > codes[i].first && at < size)
            at += (size_t)snprintf(out + at, size - at, "-%04x", codes[i].last);
    }
}

/* The set of connections that call a station of b->rule; PS_NFT_NONE: there is none. */
static uint32_t set_of(const struct ps_nft_build *b)
{
    for (uint32_t i = 0; i < b->called.n; i++) {
        struct ps_rule_view view;
        ps_image_rule_view(b->image, b->called.lists[i].rule, &view);
        if (same_codes(&view, &b->view))
            return b->called.lists[i].set;
    }
    return PS_NFT_NONE;
}

bool ps_nft_called_is_known(const struct ps_nft_build *b)
{
    return !names_stations(&b->view) || set_of(b) != PS_NFT_NONE;
}

/* ---- what rules put --------------------------------------------------------------------------------------------- */

/* Client, server and their ports, out of what the client sends, or of a reply. */
static void put_connection(struct ps_nft_build *b, enum ps_nft_expr_kind how, uint32_t set, bool reply)
{
    const struct ps_nft_key keys[] = {reply ? ps_nft_daddr(b) : ps_nft_saddr(b), reply ? ps_nft_saddr(b) : ps_nft_daddr(b),
                                      ps_nft_key(reply ? PS_NFT_TH_DPORT : PS_NFT_TH_SPORT),
                                      ps_nft_key(reply ? PS_NFT_TH_SPORT : PS_NFT_TH_DPORT)};

    ps_nft_put_set(b->r, how, keys, 4, set);
}

/* Puts "the TSAP at this octet is one that b->rule lists", or is not: kind of connection, then rack and slot. */
static void put_tsap(struct ps_nft_build *b, uint32_t at, bool invert)
{
    const struct ps_nft_key keys[] = {ps_nft_payload(at, 1), ps_nft_payload(at + 1, 1)};
    struct ps_nft_element element = {0};
    struct ps_range codes[LIST_MAX];
    uint32_t n = codes_of(&b->view, codes), set = ps_nft_shared_add(b, keys, 2, "tsaps");

    for (uint32_t i = 0; i < n; i++)
        for (uint32_t slot = codes[i].first >> 8; slot <= codes[i].last >> 8; slot++) {
            uint32_t first = slot == codes[i].first >> 8 ? codes[i].first & 0xff : 0;
            uint32_t last = slot == codes[i].last >> 8 ? codes[i].last & 0xff : 0xff;
            ps_nft_element_numbers(&element, keys[0], 0, first, last);
            ps_nft_element_numbers(&element, keys[1], 1, slot, slot);
            ps_nft_set_put(b->r, set, &element, NULL);
        }
    ps_nft_put_members(b, set, invert);
}

void ps_nft_put_called(struct ps_nft_build *b)
{
    uint32_t set = names_stations(&b->view) ? set_of(b) : PS_NFT_NONE;

    if (set == PS_NFT_NONE)
        return;
    put_connection(b, PS_NFT_LOOKUP, set, false);
    put_connection(b, PS_NFT_UPDATE, set, false);
}

static void put_forget(struct ps_nft_build *b, bool reply)
{
    for (uint32_t i = 0; i < b->called.n; i++)
        put_connection(b, PS_NFT_DELETE, b->called.lists[i].set, reply);
}

void ps_nft_put_uncalled(struct ps_nft_build *b)
{
    put_forget(b, false);
}

/* ---- what there is in a conduit --------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t number)
{
    for (unsigned i = 0; i < 64; i += 8)
        hash = (hash ^ (number >> i & 0xff)) * UINT64_C(0x100000001b3); /* FNV-1a */
    return hash;
}

static uint64_t mix_zone(const struct ps_nft_build *b, uint64_t hash, uint32_t index)
{
    const struct ps_nft_zone *zone = &b->zones[index];
    uint32_t n = zone->n_spans[PS_NFT_V4] + zone->n_spans[PS_NFT_V6];

    hash = mix(hash, n);
    for (uint32_t i = 0; i < n; i++) {
        hash = mix(mix(hash, zone->spans[i].first.hi), zone->spans[i].first.lo);
        hash = mix(mix(hash, zone->spans[i].last.hi), zone->spans[i].last.lo);
    }
    return hash;
}

/* Stands for what the sets mean beside the names of the conduit and of the stations. */
static uint32_t tag_of(const struct ps_nft_build *b)
{
    uint64_t hash = mix_zone(b, UINT64_C(0xcbf29ce484222325), ps_image_conduit_from(b->image, b->conduit));

    hash = mix_zone(b, hash, ps_image_conduit_to(b->image, b->conduit));
    hash = mix(hash, ps_nft_is_monitored(b, b->conduit));
    hash = mix(hash, ps_image_conduit_fallback(b->image, b->conduit));
    return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t add_set(struct ps_nft_build *b, const char *what, const char *list, uint32_t timeout_s, uint32_t most)
{
    const struct ps_nft_key keys[] = {ps_nft_saddr(b), ps_nft_daddr(b), ps_nft_key(PS_NFT_TH_SPORT), ps_nft_key(PS_NFT_TH_DPORT)};
    char name[256];

    snprintf(name, sizeof name, "%s%c/%s/%08x%s%s", what, ps_nft_digit(b), ps_image_conduit_name(b->image, b->conduit), tag_of(b),
             list[0] ? "/" : "", list);
    uint32_t set = ps_nft_memory_add(b, keys, 4, name);
    b->r->sets[set].timeout_s = timeout_s;
    b->r->sets[set].max_elements = most;
    return set;
}

static bool load_s7(struct ps_nft_build *b, uint32_t i)
{
    ps_nft_rule_load(b, ps_image_conduit_first_rule(b->image, b->conduit) + i);
    b->counter = b->first_counter + i;
    return b->view.protocol == PS_PROTOCOL_S7COMM && !ps_nft_called_refuses(&b->view) && ps_nft_flow_exists(b);
}

/* Calls a function for each rule of S7comm. */
static void each_s7(struct ps_nft_build *b, void (*function)(struct ps_nft_build *b, uint32_t at), uint32_t at)
{
    for (uint32_t i = 0; i < ps_image_conduit_n_rules(b->image, b->conduit); i++)
        if (load_s7(b, i))
            function(b, at);
}

static void add_list(struct ps_nft_build *b, uint32_t unused)
{
    char list[LIST_MAX * sizeof "0000-0000."];

    (void)unused;
    if (!names_stations(&b->view) || set_of(b) != PS_NFT_NONE)
        return;
    write_codes(&b->view, list, sizeof list);
    b->called.lists[b->called.n].rule = b->rule;
    b->called.lists[b->called.n++].set = add_set(b, "called", list, CALLED_S, CALLED_MAX);
}

/* ---- what is said first ----------------------------------------------------------------------------------------- */

/* Adds a rule: "it is in a list, and not remembered so", or the other way round. */
static void add_contradiction(struct ps_nft_build *b, uint32_t chain, const struct ps_nft_called_list *list, uint32_t at,
                              bool remembered)
{
    ps_nft_rule_load(b, list->rule);
    ps_nft_rule_add(b->r, chain);
    put_tsap(b, at, remembered);
    put_connection(b, PS_NFT_LOOKUP, list->set, false);
    b->r->exprs[b->r->n_exprs - 1].invert = !remembered;
    ps_nft_put_verdict(b->r, PS_NFT_RETURN, 0);
}

/* Of a connect request whose TSAP stands at an octet: remembers it. */
static uint32_t add_opened(struct ps_nft_build *b, uint32_t at)
{
    uint32_t chain = ps_nft_chain_add(b->r, "opened%c/%s/%u", ps_nft_digit(b), ps_image_conduit_name(b->image, b->conduit), at);

    ps_nft_rule_add(b->r, chain);
    put_connection(b, PS_NFT_DELETE, b->called.opening, false);
    for (uint32_t i = 0; i < b->called.n; i++) {
        ps_nft_rule_add(b->r, chain);
        put_connection(b, PS_NFT_LOOKUP, b->called.lists[i].set, false);
        ps_nft_put_verdict(b->r, PS_NFT_RETURN, 0);
    }
    for (uint32_t i = 0; i < b->called.n; i++) {
        ps_nft_rule_load(b, b->called.lists[i].rule);
        ps_nft_rule_add(b->r, chain);
        put_tsap(b, at, false);
        put_connection(b, PS_NFT_UPDATE, b->called.lists[i].set, false);
    }
    return chain;
}

static void pass_call(struct ps_nft_build *b, uint32_t at)
{
    ps_nft_rule_add(b->r, b->chain);
    if (names_stations(&b->view))
        put_tsap(b, at, false);
    ps_nft_put_flow(b, false);
    ps_nft_put_direction(b, false);
    ps_nft_put_pass(b);
}

static uint32_t add_calls(struct ps_nft_build *b, uint32_t at)
{
    uint32_t opened = add_opened(b, at);
    uint32_t chain = ps_nft_chain_add(b->r, "calls%c/%s/%u", ps_nft_digit(b), ps_image_conduit_name(b->image, b->conduit), at);

    ps_nft_rule_add(b->r, chain);
    put_connection(b, PS_NFT_LOOKUP, b->called.opening, false);
    ps_nft_put_verdict(b->r, PS_NFT_JUMP, opened);
    for (uint32_t i = 0; i < b->called.n; i++) {
        add_contradiction(b, chain, &b->called.lists[i], at, false);
        add_contradiction(b, chain, &b->called.lists[i], at, true);
    }
    b->chain = chain;
    each_s7(b, pass_call, at);
    return chain;
}

static void put_parameter(struct ps_nft_build *b, uint32_t at, uint32_t code, uint32_t len)
{
    ps_nft_put_match(b->r, ps_nft_payload(at, 2), code << 8 | len, false);
}

/* ISO 8073, 13.3: head, then TPDU size (c0), calling TSAP (c1) and called TSAP (c2). Both TSAPs are there, in either order;
 * the size stands before them, behind them, or is not named. Others have not been seen of S7comm. */
static void add_form(struct ps_nft_build *b, uint32_t connects, bool called_first, int size)
{
    static const struct ps_range sizes[] = {{7, 13}};
    uint32_t len = CONNECT_HEAD + 2 * TSAP_LEN + (size ? SIZE_LEN : 0), at = CONNECT_HEAD + (size < 0 ? SIZE_LEN : 0);
    uint32_t calling = at + (called_first ? TSAP_LEN : 0), called = at + (called_first ? 0 : TSAP_LEN);
    uint32_t size_at = size < 0 ? CONNECT_HEAD : at + 2 * TSAP_LEN, target = b->called.calls[called_first + 2 * (size < 0)];

    b->chain = connects;
    ps_nft_rule_tpkt(b, (struct ps_range){len, len});
    ps_nft_put_match(b->r, ps_nft_payload(4, 4), (len - 5) << 24 | 0xe00000, false);
    ps_nft_put_match(b->r, ps_nft_payload(10, 1), 0, false);
    put_parameter(b, calling, 0xc1, 2);
    put_parameter(b, called, 0xc2, 2);
    if (size) {
        put_parameter(b, size_at, 0xc0, 1);
        ps_nft_put_ranges(b, ps_nft_payload(size_at + 2, 1), sizes, 1);
    }
    ps_nft_put_verdict(b->r, PS_NFT_GOTO, target);
}

static uint32_t add_connects(struct ps_nft_build *b)
{
    for (unsigned i = 0; i < 4; i++)
        b->called.calls[i] = add_calls(b, CONNECT_HEAD + 2u + (i & 1 ? 0u : TSAP_LEN) + (i & 2 ? SIZE_LEN : 0u));
    uint32_t connects = ps_nft_chain_add(b->r, "connects%c/%s", ps_nft_digit(b), ps_image_conduit_name(b->image, b->conduit));
    for (int size = -1; size <= 1; size++) {
        add_form(b, connects, false, size);
        add_form(b, connects, true, size);
    }
    return connects;
}

void ps_nft_called_begin(struct ps_nft_build *b)
{
    uint32_t n_rules = ps_image_conduit_n_rules(b->image, b->conduit);

    b->called = (struct ps_nft_called){.lists = ps_nft_calloc(n_rules, sizeof *b->called.lists)};
    if (b->conduits[b->conduit].queues)
        return;
    each_s7(b, add_list, 0);
    if (b->called.n == 0)
        return;
    b->called.opening = add_set(b, "opening", "", OPENING_S, OPENING_MAX);
}

void ps_nft_called_end(struct ps_nft_build *b)
{
    free(b->called.lists);
    b->called = (struct ps_nft_called){0};
}

void ps_nft_called_ask(struct ps_nft_build *b, uint32_t ask)
{
    if (b->called.n == 0)
        return;
    ps_nft_rule_load(b, b->called.lists[0].rule);
    uint32_t connects = add_connects(b), empty = ps_nft_empty_segments(b);
    uint32_t chain = ps_nft_chain_add(b->r, "stations%c/%s", ps_nft_digit(b), ps_image_conduit_name(b->image, b->conduit));
    const struct ps_nft_key flags = ps_nft_raw(PS_NFT_RAW_TH, 13, 1);

    ps_nft_rule_add(b->r, chain);
    ps_nft_put_lookup(b->r, empty, true);
    ps_nft_put_match(b->r, ps_nft_payload(5, 1), 0xe0, false);
    ps_nft_put_masked(b->r, flags, FLAGS_DATA, FLAGS_ACK, false);
    ps_nft_put_verdict(b->r, PS_NFT_JUMP, connects);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_lookup(b->r, empty, true);
    put_connection(b, PS_NFT_DELETE, b->called.opening, false);
    for (uint32_t i = 0; i < b->called.n; i++) {
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_lookup(b->r, empty, false);
        ps_nft_put_masked(b->r, flags, FLAGS_ALL, FLAGS_ACK, false);
        put_connection(b, PS_NFT_LOOKUP, b->called.lists[i].set, false);
        put_connection(b, PS_NFT_UPDATE, b->called.lists[i].set, false);
    }
    ps_nft_rule_add(b->r, ask);
    ps_nft_put_match(b->r, ps_nft_protocol(b), 6, false);
    ps_nft_put_direction(b, false);
    ps_nft_put_verdict(b->r, PS_NFT_JUMP, chain);
}

/* ---- what begins an opening ------------------------------------------------------------------------------------- */

static void open_flow(struct ps_nft_build *b, uint32_t chain)
{
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_flow(b, true);
    put_connection(b, PS_NFT_UPDATE, b->called.opening, true);
}

void ps_nft_called_reply(struct ps_nft_build *b, uint32_t reply)
{
    if (b->called.n == 0)
        return;
    uint32_t chain = ps_nft_chain_add(b->r, "opens%c/%s", ps_nft_digit(b), ps_image_conduit_name(b->image, b->conduit));
    ps_nft_rule_add(b->r, chain);
    put_forget(b, true);
    each_s7(b, open_flow, chain);
    ps_nft_rule_add(b->r, reply);
    ps_nft_put_match(b->r, ps_nft_protocol(b), 6, false);
    ps_nft_put_masked(b->r, ps_nft_raw(PS_NFT_RAW_TH, 13, 1), FLAGS_SYN_ACK, FLAGS_SYN_ACK, false);
    ps_nft_put_direction(b, true);
    ps_nft_put_verdict(b->r, PS_NFT_JUMP, chain);
}
