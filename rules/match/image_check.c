/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * image_check.c - the trust boundary: after ps_image_open() no look-up can leave the image, and every search finds what
 * is there. Lists are taken one after the other in the order of their owners, so that each element has one owner.
 */
#include <string.h>

#include "image.h"

#include "image_layout.h"
#include "where.h"

static const uint32_t element_lens[PS_N_SECTIONS] = {
#define PS_SECTION(id, type) [PS_SECTION_##id] = sizeof(type),
    PS_IMAGE_SECTIONS
#undef PS_SECTION
};

uint32_t ps_image_element_len(unsigned section)
{
    return element_lens[section];
}

/* ---- checksum -------------------------------------------------------------------------------------------------- */

#define LANES 4

static uint64_t word_at(const uint8_t *data, uint64_t offset)
{
    uint64_t word = 0;
    if (offset != offsetof(struct ps_image_header, checksum))
        memcpy(&word, data + offset, sizeof word);
    return word;
}

uint64_t ps_image_checksum(const uint8_t *data, uint64_t len)
{
    uint64_t lanes[LANES] = {1, 2, 3, 4};
    for (uint64_t offset = 0; offset < len; offset += 8 * LANES)
        for (unsigned i = 0; i < LANES; i++) {
            lanes[i] = (lanes[i] ^ word_at(data, offset + 8 * i)) * UINT64_C(0x9e3779b97f4a7c15);
            lanes[i] ^= lanes[i] >> 29;
        }
    uint64_t sum = len;
    for (unsigned i = 0; i < LANES; i++) {
        sum = (sum ^ lanes[i]) * UINT64_C(0xd6e8feb86659fd93);
        sum ^= sum >> 32;
    }
    return sum;
}

/* ---- header and sections --------------------------------------------------------------------------------------- */

static uint64_t aligned(uint64_t len)
{
    return (len + PS_IMAGE_ALIGNMENT - 1) / PS_IMAGE_ALIGNMENT * PS_IMAGE_ALIGNMENT;
}

static const char *check_sections(const struct ps_image *image)
{
    uint64_t end = aligned(sizeof(struct ps_image_header));
    for (unsigned i = 0; i < PS_N_SECTIONS; i++) {
        struct ps_image_extent extent = image->header->sections[i];
        if (extent.offset != end || end > image->len)
            return "a section of the policy image is not where it belongs";
        if (extent.n >= PS_NONE || extent.n > (image->len - end) / element_lens[i])
            return "a section of the policy image is longer than the image";
        end = aligned(end + extent.n * element_lens[i]);
    }
    if (end != image->len)
        return "the sections of the policy image do not fill it";
    return NULL;
}

static const char *check_header(const struct ps_image *image)
{
    const struct ps_image_header *header = image->header;
    if (memcmp(header->magic, PS_IMAGE_MAGIC, sizeof header->magic) != 0)
        return "this is no policy image";
    if (header->byte_order != PS_IMAGE_BYTE_ORDER)
        return "the policy image was compiled on a machine with another byte order; compile it here";
    if (header->version != PS_IMAGE_VERSION)
        return "the policy image was compiled by another version of penstock; compile it again";
    if (header->len != image->len)
        return "the policy image is cut short or has something behind it";
    if (header->checksum != ps_image_checksum(image->data, image->len))
        return "the policy image is damaged: its checksum is wrong";
    return check_sections(image);
}

/* ---- what stands in the sections ------------------------------------------------------------------------------- */

/* Takes the next n elements of a section that has total; false when the list does not start there or is too long. */
static bool take(uint32_t *next, uint32_t total, uint32_t first, uint32_t n)
{
    if (first != *next || n > total - first)
        return false;
    *next += n;
    return true;
}

static bool is_string(const struct ps_image *image, uint32_t at)
{
    return at < ps_image_n(image, PS_SECTION_STRINGS);
}

static bool is_index(uint32_t index, uint32_t n)
{
    return index < n;
}

static bool ids_rise(const uint32_t *ids, uint32_t n, uint32_t limit)
{
    for (uint32_t i = 0; i < n; i++)
        if (ids[i] >= limit || (i > 0 && ids[i] <= ids[i - 1]))
            return false;
    return true;
}

static bool spans_rise(const struct ps_range *spans, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (spans[i].first > spans[i].last || (i > 0 && spans[i].first <= spans[i - 1].last))
            return false;
    return true;
}

static const char *check_strings(const struct ps_image *image)
{
    uint32_t n = ps_image_n(image, PS_SECTION_STRINGS);
    if (n == 0 || ps_image_at_STRINGS(image)[n - 1] != '\0' || !is_string(image, image->header->site))
        return "a text of the policy image has no end";
    return NULL;
}

static const char *check_sources(const struct ps_image *image)
{
    uint32_t n = ps_image_n(image, PS_SECTION_FILES);
    const struct ps_image_source *sources = ps_image_at_SOURCES(image);
    if (n == 0 || ps_image_at_FILES(image)[n - 1] != '\0')
        return "a file name of the policy image has no end";
    uint64_t n_sources = (uint64_t)ps_image_n_conduits(image) + ps_image_n_rules(image);
    if (ps_image_n(image, PS_SECTION_SOURCES) != n_sources)
        return "the policy image does not say of everything where it stands in the plant file";
    for (uint64_t i = 0; i < n_sources; i++)
        if (!is_index(sources[i].file, n))
            return "a file name of the policy image is not there";
    return NULL;
}

static const char *check_zones(const struct ps_image *image)
{
    const struct ps_image_zone *zones = ps_image_at_ZONES(image);
    const uint32_t *vlans = ps_image_at_VLANS(image);
    uint32_t next = 0, n_vlans = ps_image_n(image, PS_SECTION_VLANS);
    for (uint32_t i = 0; i < ps_image_n_zones(image); i++) {
        const struct ps_image_zone *z = &zones[i];
        if (!is_string(image, z->name) || z->intra_allow > 1 || !take(&next, n_vlans, z->first_vlan, z->n_vlans) ||
            !ids_rise(vlans + z->first_vlan, z->n_vlans, 4095))
            return "a zone of the policy image is not sound";
    }
    return next == n_vlans ? NULL : "the policy image has VLANs of no zone";
}

static const char *check_assets(const struct ps_image *image)
{
    const struct ps_image_asset *assets = ps_image_at_ASSETS(image);
    uint32_t next = 0, n_addresses = ps_image_n(image, PS_SECTION_ADDRESSES);
    for (uint32_t i = 0; i < ps_image_n_assets(image); i++) {
        const struct ps_image_asset *a = &assets[i];
        if (!is_string(image, a->name) || !is_index(a->zone, ps_image_n_zones(image)) ||
            !take(&next, n_addresses, a->first_address, a->n_addresses))
            return "an asset of the policy image is not sound";
    }
    return next == n_addresses ? NULL : "the policy image has addresses of no asset";
}

static bool is_owner(const struct ps_image *image, struct ps_image_owner owner)
{
    if (owner.zone == PS_NONE)
        return owner.asset == PS_NONE;
    if (!is_index(owner.zone, ps_image_n_zones(image)))
        return false;
    if (owner.asset == PS_NONE)
        return true;
    return is_index(owner.asset, ps_image_n_assets(image)) && ps_image_asset_zone(image, owner.asset) == owner.zone;
}

static const char *check_intervals(const struct ps_image *image)
{
    static const struct ps_addr lowest = {0, 0};
    const struct ps_addr *starts = ps_image_at_STARTS(image);
    uint32_t n = ps_image_n(image, PS_SECTION_STARTS);
    if (n == 0 || n != ps_image_n(image, PS_SECTION_OWNERS) || !ps_addr_equal(starts[0], lowest))
        return "the addresses of the policy image have no beginning";
    for (uint32_t i = 0; i < n; i++)
        if (!is_owner(image, ps_image_at_OWNERS(image)[i]) || (i > 0 && ps_addr_compare(starts[i - 1], starts[i]) >= 0))
            return "the addresses of the policy image are not in order";
    return NULL;
}

static const char *check_macs(const struct ps_image *image)
{
    const struct ps_image_mac *macs = ps_image_at_MACS(image);
    for (uint32_t i = 0; i < ps_image_n(image, PS_SECTION_MACS); i++)
        if (!is_index(macs[i].asset, ps_image_n_assets(image)) || (i > 0 && macs[i - 1].mac >= macs[i].mac) ||
            ps_image_at_ASSETS(image)[macs[i].asset].mac != macs[i].mac)
            return "the MACs of the policy image are not in order";
    return NULL;
}

/* ---- conduits -------------------------------------------------------------------------------------------------- */

/* How far the lists of conduits have been taken. */
struct taken {
    uint32_t rules, groups, picks;
};

static bool picks_rise(const struct ps_image *image, const struct ps_image_conduit *c, uint32_t first, uint32_t n)
{
    const struct ps_image_pick *picks = ps_image_at_PICKS(image) + first;
    for (uint32_t i = 0; i < n; i++) {
        if (picks[i].rule < c->first_rule || picks[i].rule - c->first_rule >= c->n_rules)
            return false;
        if (picks[i].client != PS_NONE && !is_index(picks[i].client, ps_image_n_assets(image)))
            return false;
        if (i > 0 && picks[i].rule <= picks[i - 1].rule)
            return false;
    }
    return true;
}

static bool take_picks(const struct ps_image *image, const struct ps_image_conduit *c, struct taken *taken,
                       struct ps_image_group group)
{
    return take(&taken->picks, ps_image_n(image, PS_SECTION_PICKS), group.first_pick, group.n_picks) &&
           picks_rise(image, c, group.first_pick, group.n_picks);
}

static bool is_handling(const struct ps_image_conduit *c)
{
    return c->mode <= PS_MODE_MONITOR && c->on_deny <= PS_ON_DENY_ANSWER && c->fragments <= PS_FRAGMENTS_REASSEMBLE &&
           c->segments <= PS_SEGMENTS_WHOLE && c->midstream <= PS_MIDSTREAM_RESUME && c->fallback <= PS_FALLBACK_QUEUE &&
           c->hold_ms > 0 && c->hold_ms <= UINT16_MAX && c->max_half_open > 0 && c->max_new_flows > 0;
}

static bool is_conduit(const struct ps_image *image, const struct ps_image_conduit *c, struct taken *taken)
{
    const struct ps_image_group *groups = ps_image_at_GROUPS(image);
    uint32_t n_zones = ps_image_n_zones(image), n_assets = ps_image_n_assets(image);
    if (!is_string(image, c->name) || !is_index(c->from, n_zones) || !is_index(c->to, n_zones) ||
        !is_handling(c) ||
        !take(&taken->rules, ps_image_n_rules(image), c->first_rule, c->n_rules) ||
        !take(&taken->groups, ps_image_n(image, PS_SECTION_GROUPS), c->first_group, c->n_groups))
        return false;
    if (!take_picks(image, c, taken, (struct ps_image_group){PS_NONE, c->first_pick, c->n_picks}))
        return false;
    for (uint32_t i = 0; i < c->n_groups; i++) {
        struct ps_image_group group = groups[c->first_group + i];
        bool is_above = i == 0 || groups[c->first_group + i - 1].server < group.server;
        if (!is_above || !is_index(group.server, n_assets) || !take_picks(image, c, taken, group))
            return false;
    }
    return true;
}

static const char *check_conduits(const struct ps_image *image)
{
    struct taken taken = {0};
    for (uint32_t i = 0; i < ps_image_n_conduits(image); i++)
        if (!is_conduit(image, &ps_image_at_CONDUITS(image)[i], &taken))
            return "a conduit of the policy image is not sound";
    if (taken.rules != ps_image_n_rules(image) || taken.groups != ps_image_n(image, PS_SECTION_GROUPS) ||
        taken.picks != ps_image_n(image, PS_SECTION_PICKS))
        return "the policy image has rules of no conduit";
    return NULL;
}

static const char *check_pairs(const struct ps_image *image)
{
    static const char unsound[] = "the table of zone pairs in the policy image is not sound";
    const struct ps_image_pair *pairs = ps_image_at_PAIRS(image);
    uint32_t n = ps_image_n(image, PS_SECTION_PAIRS), n_conduits = ps_image_n_conduits(image), n_used = 0;
    if (n < 2 || (n & (n - 1)) != 0 || n_conduits > n / 2)
        return unsound;
    for (uint32_t i = 0; i < n; i++) {
        if (pairs[i].conduit == PS_NONE)
            continue;
        n_used++;
        if (!is_index(pairs[i].conduit, n_conduits) ||
            pairs[i].from != ps_image_conduit_from(image, pairs[i].conduit) ||
            pairs[i].to != ps_image_conduit_to(image, pairs[i].conduit))
            return unsound;
    }
    if (n_used != n_conduits)
        return unsound;
    for (uint32_t i = 0; i < n_conduits; i++)
        if (ps_where_conduit(image, ps_image_conduit_from(image, i), ps_image_conduit_to(image, i)) != i)
            return unsound;
    return NULL;
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

/* The ranges stand beside the rule where they fit, else at the next free place of LISTS. */
static bool take_lists(const struct ps_image *image, uint32_t rule, uint32_t *next)
{
    const struct ps_image_rule *r = &ps_image_at_RULES(image)[rule];
    const struct ps_image_extent *lists = &image->header->sections[PS_SECTION_LISTS];
    uint64_t len = ps_image_lists_len(r);
    uint64_t place = (uint64_t)r->lists * 8;
    if (len <= sizeof r->room)
        return place == (uint64_t)((const uint8_t *)r->room - image->data);
    uint64_t first = *next;
    if (place != lists->offset + 8 * first || len / 8 > lists->n - first)
        return false;
    *next += (uint32_t)(len / 8);
    return true;
}

static bool objects_rise(const struct ps_object_range *objects, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (objects[i].space == 0 || objects[i].first > objects[i].last)
            return false;
        if (i == 0 || objects[i - 1].space < objects[i].space)
            continue;
        if (objects[i - 1].space > objects[i].space || objects[i].first <= objects[i - 1].last)
            return false;
    }
    return true;
}

static bool is_finite(double number)
{
    return number - number == 0;
}

static bool values_rise(const struct ps_value_range *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!is_finite(values[i].min) || !is_finite(values[i].max) || values[i].min > values[i].max ||
            (i > 0 && values[i].min <= values[i - 1].max))
            return false;
    return true;
}

/* What is no choice is in no list. */
static bool choices_rise(const struct ps_range *choices, uint32_t n)
{
    return spans_rise(choices, n) && (n == 0 || (choices[0].first > 0 && choices[n - 1].last <= UINT16_MAX));
}

/* Of rows that there are. */
static bool params_rise(const struct ps_object_range *params, uint32_t n)
{
    return objects_rise(params, n) && (n == 0 || params[n - 1].space <= PS_PARAMS_MAX);
}

static bool is_inspected(uint8_t protocol)
{
    return protocol > PS_PROTOCOL_NONE && protocol < PS_N_DISSECTORS;
}

static bool is_protocol(uint8_t protocol)
{
    return is_inspected(protocol) || (protocol >= PS_PROTOCOL_TCP && protocol <= PS_PROTOCOL_ETHERNET);
}

static bool is_rule(const struct ps_image *image, uint32_t rule, uint32_t *next)
{
    const struct ps_image_rule *r = &ps_image_at_RULES(image)[rule];
    return is_protocol(r->protocol) && take_lists(image, rule, next) &&
           spans_rise(ps_image_stations(image, r), r->n_stations) &&
           objects_rise(ps_image_objects(image, r), r->n_objects) &&
           values_rise(ps_image_values(image, r), r->n_values) &&
           choices_rise(ps_image_choices(image, r), r->n_choices) &&
           params_rise(ps_image_params(image, r), r->n_params) && (r->keys == 0 || is_inspected(r->protocol));
}

/* How far the lists of rules have been taken. */
struct reached {
    uint32_t ids, spans;
};

static bool take_ids(const struct ps_image *image, struct reached *reached, uint32_t first, uint32_t n, uint32_t limit)
{
    return take(&reached->ids, ps_image_n(image, PS_SECTION_IDS), first, n) &&
           ids_rise(ps_image_at_IDS(image) + first, n, limit);
}

static bool take_spans(const struct ps_image *image, struct reached *reached, uint32_t first, uint32_t n)
{
    return take(&reached->spans, ps_image_n(image, PS_SECTION_SPANS), first, n) &&
           spans_rise(ps_image_at_SPANS(image) + first, n);
}

static bool is_reach(const struct ps_image *image, uint32_t rule, struct reached *reached)
{
    const struct ps_image_reach *reach = &ps_image_at_REACHES(image)[rule];
    uint32_t n_assets = ps_image_n_assets(image);
    if (!is_string(image, reach->name) || !is_index(reach->conduit, ps_image_n_conduits(image)) ||
        reach->max_outstanding > UINT16_MAX)
        return false;
    const struct ps_image_conduit *c = &ps_image_at_CONDUITS(image)[reach->conduit];
    return rule >= c->first_rule && rule - c->first_rule < c->n_rules &&
           take_ids(image, reached, reach->first_client, reach->n_clients, n_assets) &&
           take_ids(image, reached, reach->first_server, reach->n_servers, n_assets) &&
           take_spans(image, reached, reach->first_port, reach->n_ports) &&
           take_spans(image, reached, reach->first_code, reach->n_codes);
}

static const char *check_rules(const struct ps_image *image, struct reached *reached)
{
    uint32_t next = 0, n = ps_image_n_rules(image);
    if (n != ps_image_n(image, PS_SECTION_REACHES))
        return "the policy image has rules without a place";
    for (uint32_t i = 0; i < n; i++)
        if (!is_rule(image, i, &next) || !is_reach(image, i, reached))
            return "a rule of the policy image is not sound";
    if (next != ps_image_n(image, PS_SECTION_LISTS) || reached->spans != ps_image_n(image, PS_SECTION_SPANS))
        return "the policy image has ranges of no rule";
    return NULL;
}

/* ---- gateways -------------------------------------------------------------------------------------------------- */

static const char *check_gateways(const struct ps_image *image, struct reached *reached)
{
    static const char unsound[] = "a gateway of the policy image is not sound";
    const struct ps_image_gateway *gateways = ps_image_at_GATEWAYS(image);
    const struct ps_image_port *ports = ps_image_at_PORTS(image);
    uint32_t next = 0, n_ports = ps_image_n(image, PS_SECTION_PORTS);
    for (uint32_t i = 0; i < ps_image_n_gateways(image); i++)
        if (!is_string(image, gateways[i].name) || !take(&next, n_ports, gateways[i].first_port, gateways[i].n_ports))
            return unsound;
    for (uint32_t i = 0; i < n_ports; i++)
        if (!is_string(image, ports[i].name) ||
            !take_ids(image, reached, ports[i].first_zone, ports[i].n_zones, ps_image_n_zones(image)))
            return unsound;
    if (next != n_ports || reached->ids != ps_image_n(image, PS_SECTION_IDS))
        return "the policy image has lists of nobody";
    return NULL;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static const char *check_contents(const struct ps_image *image)
{
    static const char *(*const checks[])(const struct ps_image *) = {
        check_header, check_strings,  check_zones, check_assets,  check_intervals,
        check_macs,   check_conduits, check_pairs, check_sources,
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        const char *wrong = checks[i](image);
        if (wrong)
            return wrong;
    }
    struct reached reached = {0};
    const char *wrong = check_rules(image, &reached);
    return wrong ? wrong : check_gateways(image, &reached);
}

const char *ps_image_open(const void *data, uint64_t len, struct ps_image *image)
{
    *image = (struct ps_image){0};
    if (!data || (uintptr_t)data % PS_IMAGE_ALIGNMENT != 0)
        return "the policy image does not stand at a multiple of 64 octets";
    if (len < sizeof(struct ps_image_header) || len % PS_IMAGE_ALIGNMENT != 0)
        return "this is no policy image";
    struct ps_image candidate = {.data = data, .len = len, .header = data};
    const char *wrong = check_contents(&candidate);
    if (!wrong)
        *image = candidate;
    return wrong;
}
