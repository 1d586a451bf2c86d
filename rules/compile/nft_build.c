/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_build.c - the order of the passes, and what they share.
 */
#include "nft_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INLINE_ELEMENTS 8u /* of sets that are written where they are used */
#define LOGS_PER_SECOND 100u
#define RESETS_PER_SECOND 1000u /* logged, since what is not is not reset at the other end */
#define PREFIX_MAX 127

void *ps_nft_calloc(size_t n, size_t size)
{
    void *memory = calloc(n > 0 ? n : 1, size);

    if (!memory) {
        fprintf(stderr, "penstock: out of memory: %zu times %zu octets for the nftables ruleset\n", n, size);
        abort();
    }
    return memory;
}

/* ---- sets ------------------------------------------------------------------------------------------------------ */

uint32_t ps_nft_shared_add(struct ps_nft_build *b, const struct ps_nft_key *keys, unsigned n_keys, const char *what)
{
    return ps_nft_set_add(b->r, keys, n_keys, "%s/%u", what, ++b->n_shared);
}

/* The only element of a set as a comparison for each key. */
static void put_values(struct ps_nft_build *b, const struct ps_nft_set *set, const struct ps_nft_key *keys, bool invert)
{
    const struct ps_nft_set copy = *set;
    uint8_t octets[PS_NFT_KEYS_MAX * PS_NFT_OCTETS_MAX];
    uint32_t at = 0;

    memcpy(octets, set->octets, set->stride / 2);
    ps_nft_set_pop(b->r);
    b->n_shared--;
    for (unsigned i = 0; i < copy.n_keys; i++) {
        ps_nft_put_match(b->r, keys[i], 0, invert);
        memcpy(b->r->exprs[b->r->n_exprs - 1].value, octets + at, ps_nft_key_len(copy.keys[i]));
        at += ps_nft_key_len(copy.keys[i]);
    }
}

/* The kernel looks sets up by name one after the other: the fewer, the sooner a large plant is loaded. */
void ps_nft_put_members_by(struct ps_nft_build *b, const struct ps_nft_key *keys, uint32_t index, bool invert)
{
    ps_nft_set_close(b->r, index);
    struct ps_nft_set *set = &b->r->sets[index];
    unsigned n_keys = set->n_keys;
    if (set->n == 1 && !set->interval && (n_keys == 1 || !invert)) {
        put_values(b, set, keys, invert);
        return;
    }
    set->local = set->n <= INLINE_ELEMENTS && set->n_keys == 1;
    uint32_t shared = ps_nft_set_share(b->r, index);
    b->n_shared -= shared != index;
    ps_nft_put_lookup_by(b->r, keys, n_keys, shared);
    b->r->exprs[b->r->n_exprs - 1].invert = invert;
}

void ps_nft_put_members(struct ps_nft_build *b, uint32_t index, bool invert)
{
    struct ps_nft_key keys[PS_NFT_KEYS_MAX];

    memcpy(keys, b->r->sets[index].keys, sizeof keys);
    ps_nft_put_members_by(b, keys, index, invert);
}

void ps_nft_put_ranges(struct ps_nft_build *b, struct ps_nft_key key, const struct ps_range *ranges, uint32_t n)
{
    struct ps_nft_element element = {0};

    if (n == 0)
        return;
    uint32_t set = ps_nft_shared_add(b, &key, 1, "numbers");
    for (uint32_t i = 0; i < n; i++) {
        ps_nft_element_numbers(&element, key, 0, ranges[i].first, ranges[i].last);
        ps_nft_set_put(b->r, set, &element, NULL);
    }
    ps_nft_put_members(b, set, false);
}

/* ---- refusals -------------------------------------------------------------------------------------------------- */

/* "penstock CONDUIT REASON WHAT ": the daemon reads it, and people who look at nflog. WHAT becomes of the packet. */
static void put_log(struct ps_nft_build *b, const char *conduit, enum ps_reason reason, const char *what)
{
    char prefix[PREFIX_MAX + 1];

    snprintf(prefix, sizeof prefix, "penstock %s %s %s ", conduit, ps_reason_info(reason)->name, what);
    ps_nft_put_limit(b->r, strcmp(what, "reset") == 0 ? RESETS_PER_SECOND : LOGS_PER_SECOND);
    ps_nft_put_log(b->r, prefix);
}

/* What connection tracking takes for no part of the connection, damaged or overtaken, its receiver does not take either:
 * the connection must not end because of it. */
static void put_stray(struct ps_nft_build *b, uint32_t chain)
{
    uint32_t stray = ps_nft_drop(b, PS_REASON_OUT_OF_WINDOW);

    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, ps_nft_key(PS_NFT_L4PROTO), 6, false);
    ps_nft_put_masked(b->r, ps_nft_key(PS_NFT_CT_STATE), 1, 0, true); /* invalid */
    ps_nft_put_verdict(b->r, PS_NFT_GOTO, stray);
}

void ps_nft_put_refusal(struct ps_nft_build *b, uint32_t chain, uint32_t conduit, enum ps_reason reason)
{
    bool none = conduit == PS_NONE;
    bool monitor = !none && ps_nft_is_monitored(b, conduit);
    bool drop = none || ps_image_conduit_on_deny(b->image, conduit) == PS_ON_DENY_DROP;
    uint32_t counter =
        none ? ps_nft_counter_add(b->r, "drop/%s", ps_reason_info(reason)->name)
             : ps_nft_counter_add(b->r, "refuse/%s/%s", ps_image_conduit_name(b->image, conduit), ps_reason_info(reason)->name);

    b->r->counters[counter].counts = PS_NFT_REFUSED;
    b->r->counters[counter].conduit = conduit;
    b->r->counters[counter].reason = (uint8_t)reason;
    if (!none && !monitor && ps_nft_has_conntrack(b))
        put_stray(b, chain);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_count(b->r, counter);
    put_log(b, ps_image_conduit_name(b->image, conduit), reason, monitor ? "pass" : drop ? "drop" : "reset");
    if (!monitor && !drop && b->options->shape != PS_NFT_BRIDGED) {
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_match(b->r, ps_nft_key(PS_NFT_L4PROTO), 6, false);
        ps_nft_put_reject(b->r);
    }
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_verdict(b->r, monitor ? PS_NFT_GOTO : PS_NFT_DROP, monitor ? b->pass : 0);
}

uint32_t ps_nft_drop(struct ps_nft_build *b, enum ps_reason reason)
{
    if (b->drops[reason] == PS_NFT_NONE) {
        b->drops[reason] = ps_nft_chain_add(b->r, "drop/%s", ps_reason_info(reason)->name);
        ps_nft_put_refusal(b, b->drops[reason], PS_NONE, reason);
    }
    return b->drops[reason];
}

void ps_nft_rule_drop(struct ps_nft_build *b, uint32_t chain, enum ps_reason reason)
{
    uint32_t target = ps_nft_drop(b, reason); /* first: it has rules of its own */

    ps_nft_rule_add(b->r, chain);
    ps_nft_put_verdict(b->r, PS_NFT_GOTO, target);
}

/* ---- notes ----------------------------------------------------------------------------------------------------- */

void ps_nft_note(struct ps_nft_build *b, enum ps_nft_note_kind kind, const char *format, ...)
{
    struct ps_nft *nft = b->nft;
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (nft->n_notes == nft->notes_capacity) {
        struct ps_nft_note *more = ps_nft_calloc(2 * nft->notes_capacity + 8, sizeof *more);
        if (nft->n_notes > 0)
            memcpy(more, nft->notes, nft->n_notes * sizeof *more);
        free(nft->notes);
        nft->notes = more;
        nft->notes_capacity = 2 * nft->notes_capacity + 8;
    }
    char *copied = ps_nft_calloc(strlen(text) + 1, 1);
    strcpy(copied, text);
    nft->notes[nft->n_notes++] =
        (struct ps_nft_note){.kind = (uint8_t)kind, .conduit = b->conduit, .rule = b->rule, .text = copied};
}

const char *ps_nft_note_name(unsigned kind)
{
    static const char *const names[] = {[PS_NFT_EXACT] = "exact",   [PS_NFT_OCTETS] = "octets",
                                        [PS_NFT_REFUSES] = "refuses", [PS_NFT_OPENS] = "opens",
                                        [PS_NFT_QUEUES] = "queues", [PS_NFT_UNSEEN] = "unseen"};

    return kind < sizeof names / sizeof names[0] ? names[kind] : "-";
}

/* ---- shapes ---------------------------------------------------------------------------------------------------- */

static const char *const shapes[PS_NFT_N_SHAPES] = {
    [PS_NFT_BUMP] = "bump", [PS_NFT_ROUTED] = "routed", [PS_NFT_BRIDGED] = "bridge"};

const char *ps_nft_shape_name(unsigned shape)
{
    return shape < PS_NFT_N_SHAPES ? shapes[shape] : "-";
}

unsigned ps_nft_shape_by_name(const char *name)
{
    unsigned shape = 0;

    while (shape < PS_NFT_N_SHAPES && strcmp(shapes[shape], name) != 0)
        shape++;
    return shape;
}

const char *ps_nft_shape_refuses(const struct ps_image *image, uint32_t gateway, unsigned shape)
{
    if (shape == PS_NFT_BUMP && ps_image_gateway_n_ports(image, gateway) != 2)
        return "a bump in the wire joins two ports, and this gateway has another number of them; "
               "give --shape routed or bridge";
    return NULL;
}

/* ---- compiling ------------------------------------------------------------------------------------------------- */

uint32_t ps_nft_memory_add(struct ps_nft_build *b, const struct ps_nft_key *keys, unsigned n_keys, const char *what)
{
    uint32_t set = ps_nft_set_add(b->r, keys, n_keys, "%s", what);

    b->r->sets[set].dynamic = true;
    b->r->sets[set].timeout_s = 180; /* as long as the engine waits */
    b->r->sets[set].max_elements = 65536;
    return set;
}

/* What stands in for conntrack: who has asked whom. */
static void add_memories(struct ps_nft_build *b)
{
    static const char *const names[PS_NFT_N_FAMILIES][3] = {{"asked4", "echoes4", "carried4"},
                                                            {"asked6", "echoes6", "carried6"}};

    for (b->family = 0; b->family < PS_NFT_N_FAMILIES; b->family++) {
        const struct ps_nft_key ports[] = {ps_nft_saddr(b), ps_nft_daddr(b), ps_nft_key(PS_NFT_TH_SPORT),
                                           ps_nft_key(PS_NFT_TH_DPORT)};
        const struct ps_nft_key echo[] = {ps_nft_saddr(b), ps_nft_daddr(b), ps_nft_raw(PS_NFT_RAW_TH, 4, 2)};
        const struct ps_nft_key other[] = {ps_nft_saddr(b), ps_nft_daddr(b), ps_nft_protocol(b)};
        b->asked[b->family] = ps_nft_memory_add(b, ports, 4, names[b->family][0]);
        b->echoes[b->family] = ps_nft_memory_add(b, echo, 3, names[b->family][1]);
        b->carried[b->family] = ps_nft_memory_add(b, other, 3, names[b->family][2]);
    }
}

static void init(struct ps_nft_build *b)
{
    memset(b->drops, 0xff, sizeof b->drops);
    b->conduit = b->rule = b->graded = PS_NONE;
    b->frames = b->alive = PS_NFT_NONE;
    for (unsigned i = 0; i < PS_NFT_N_FAMILIES; i++)
        b->empty[i] = b->asked[i] = b->echoes[i] = b->carried[i] = PS_NFT_NONE;
    if (!ps_nft_has_conntrack(b))
        add_memories(b);
}

static void fini(struct ps_nft_build *b)
{
    free(b->zones);
    free(b->spans);
    free(b->conduits);
}

unsigned ps_nft_shape_family(unsigned shape)
{
    static const uint8_t families[PS_NFT_N_SHAPES] = {
        [PS_NFT_BUMP] = PS_NFT_NETDEV, [PS_NFT_ROUTED] = PS_NFT_INET, [PS_NFT_BRIDGED] = PS_NFT_BRIDGE};

    return families[shape];
}

static struct ps_nft empty(const struct ps_nft_options *options)
{
    return (struct ps_nft){.ruleset = {.family = (uint8_t)ps_nft_shape_family(options->shape), .table = PS_NFT_TABLE,
                                       .log_group = options->log_group}};
}

void ps_nft_compile(const struct ps_image *image, const struct ps_nft_options *options, struct ps_nft *out)
{
    struct ps_nft_build build = {.image = image, .options = options, .nft = out, .r = &out->ruleset};

    *out = empty(options);
    init(&build);
    ps_nft_build_spans(&build);
    ps_nft_build_ports(&build);
    ps_nft_build_conduits(&build);
    ps_nft_build_zones(&build);
    fini(&build);
}

void ps_nft_deny(const struct ps_nft_options *options, uint32_t n_devices, struct ps_nft *out)
{
    const char *reason = ps_reason_info(PS_REASON_NO_POLICY)->name;
    bool bump = options->shape == PS_NFT_BUMP;
    struct ps_nft_ruleset *r = &out->ruleset;

    *out = empty(options);
    uint32_t counter = ps_nft_counter_add(r, "drop/%s", reason);
    r->counters[counter].counts = PS_NFT_REFUSED;
    r->counters[counter].conduit = PS_NONE;
    r->counters[counter].reason = PS_REASON_NO_POLICY;
    for (uint32_t i = 0; i < (bump ? n_devices : 1); i++) {
        char name[32];
        snprintf(name, sizeof name, bump ? "in/%u" : "hook/%u", i);
        uint32_t chain = bump ? ps_nft_hook_add(r, name, PS_NFT_INGRESS, 0, options->devices[i])
                              : ps_nft_hook_add(r, name, PS_NFT_FORWARD, 0, NULL);
        ps_nft_rule_add(r, chain);
        ps_nft_put_count(r, counter);
    }
}

void ps_nft_fini(struct ps_nft *nft)
{
    for (uint32_t i = 0; i < nft->n_notes; i++)
        free(nft->notes[i].text);
    free(nft->notes);
    ps_nft_ruleset_fini(&nft->ruleset);
    *nft = (struct ps_nft){0};
}
