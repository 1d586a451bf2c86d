/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../../fuzz/image_walk.h"
#include "image_layout.h"
#include "plant.h"

/* With the words of fake_words.c, which have all that a rule can hold. */
static const char text[] = HEAD
    "zones = ("
    "{ name = 'sup'; networks = ['10.1.0.0/24']; assets = ("
    "  { name = 'hmi'; addresses = ['10.1.0.10', 'fd00:1::10']; mac = '00:00:00:00:01:10'; },"
    "  { name = 'eng'; addresses = ['10.1.0.20']; } ); },"
    "{ name = 'ctl'; networks = ['10.2.0.0/24']; vlans = [20, 30]; assets = ("
    "  { name = 'plc'; addresses = ['10.2.0.10']; mac = '00:00:00:00:02:10'; },"
    "  { name = 'rtu'; addresses = ['10.2.0.20']; },"
    "  { name = 'drive'; mac = '00:00:00:00:02:99'; } ); } );"
    "conduits = ("
    "{ name = 'c'; from = 'sup'; to = 'ctl'; allow = ("
    "  { name = 'poll'; clients = ['hmi']; servers = ['plc', 'rtu']; protocol = 'modbus'; operations = ['read'];"
    "    stations = ['1-8', '20']; objects = ['point:0-9', 'point:20', 'point:31', 'point:35', 'point:49'];"
    "    values = ['0', '2', '4', '6']; },"
    "  { name = 'wide'; protocol = 'modbus'; operations = ['read', 'write']; objects = ['point:7-9'];"
    "    values = ['1..9']; },"
    "  { name = 'web'; servers = ['plc']; protocol = 'tcp'; ports = ['80', '443']; },"
    "  { name = 'ping'; protocol = 'icmp'; icmp_types = [8]; } ); },"
    "{ name = 'd'; from = 'ctl'; to = 'sup'; allow = ("
    "  { name = 'back'; protocol = 'udp'; ports = ['514']; } ); },"
    "{ name = 'e'; from = 'ctl'; to = 'ctl'; allow = ("
    "  { name = 'move'; protocol = 'modbus'; operations = ['operate']; controls = ['close', 'pulse'];"
    "    on_time = ['1', '3..9']; count = ['5']; broadcast = true; max_outstanding = 7; response_timeout = 2.0; } ); } );"
    "gateways = ( { name = 'gw'; ports = ( { name = 'p'; zones = ['sup', 'ctl']; }, { name = 'q'; zones = ['ctl']; }"
    " ); } );";

static void repair(uint8_t *image, size_t len)
{
    struct ps_image_header header;
    memcpy(&header, image, sizeof header);
    header.checksum = ps_image_checksum(image, len);
    memcpy(image, &header, sizeof header);
}

START_TEST(test_ps_image_open__whole_image__opened)
{
    struct plant plant;
    plant_open(&plant, text);
    ck_assert(ps_image_digest_verify(plant.data, plant.len));
    walk_image(&plant.image);
    plant_close(&plant);
}
END_TEST

static bool is_within(size_t i, size_t first, size_t len)
{
    return i >= first && i - first < len;
}

/* Octets that say how the image is stored or where the plant file says a thing, not what is enforced. */
static bool is_no_part_of_the_digest(const uint8_t *image, size_t i)
{
    struct ps_image_header header;
    size_t sources = offsetof(struct ps_image_header, sections) + PS_SECTION_SOURCES * sizeof header.sections[0];
    memcpy(&header, image, sizeof header);
    return is_within(i, offsetof(struct ps_image_header, len), sizeof header.len) ||
           is_within(i, offsetof(struct ps_image_header, checksum), sizeof header.checksum) ||
           is_within(i, sources + sizeof header.sections[0].offset,
                     2 * sizeof header.sections[0] - sizeof header.sections[0].offset) ||
           i >= header.sections[PS_SECTION_SOURCES].offset;
}

/* Without the checksum repaired no changed octet passes; the digest sees every one that is about what is enforced. */
START_TEST(test_ps_image_open__any_octet_changed__refused)
{
    struct plant plant;
    struct ps_image opened;
    plant_open(&plant, text);
    for (size_t i = 0; i < plant.len; i++) {
        bool is_free = is_no_part_of_the_digest(plant.data, i);
        plant.data[i] ^= 0x40;
        ck_assert_msg(ps_image_open(plant.data, plant.len, &opened) != NULL, "octet %zu", i);
        ck_assert_ptr_null(opened.data);
        ck_assert_msg(ps_image_digest_verify(plant.data, plant.len) == is_free, "octet %zu", i);
        plant.data[i] ^= 0x40;
    }
    plant_close(&plant);
}
END_TEST

/* With the checksum repaired: refused, or harmless. */
START_TEST(test_ps_image_open__any_octet_changed_and_repaired__never_read_outside)
{
    static const uint8_t flips[] = {0x01, 0x80, 0xff, 0x10};
    struct plant plant;
    struct ps_image opened;
    size_t n_opened = 0, n_refused = 0;
    plant_open(&plant, text);
    /* an exact heap block, so that the sanitizer sees the first octet behind it */
    for (size_t i = 0; i < plant.len; i++) {
        for (size_t k = 0; k < sizeof flips; k++) {
            plant.data[i] ^= flips[k];
            repair(plant.data, plant.len);
            bool is_open = ps_image_open(plant.data, plant.len, &opened) == NULL;
            n_opened += is_open;
            n_refused += !is_open;
            if (is_open)
                walk_image(&opened);
            plant.data[i] ^= flips[k];
        }
    }
    ck_assert_uint_gt(n_opened, 0);
    ck_assert_uint_gt(n_refused, n_opened / 4);
    repair(plant.data, plant.len);
    ck_assert_pstr_eq(ps_image_open(plant.data, plant.len, &opened), NULL);
    plant_close(&plant);
}
END_TEST

/* Numbers that a flipped bit does not reach. */
START_TEST(test_ps_image_open__any_word_replaced_and_repaired__never_read_outside)
{
    static const uint32_t words[] = {0, 1, 2, 0x7fffffff, 0x80000000, UINT32_MAX, UINT32_MAX - 1};
    struct plant plant;
    struct ps_image opened;
    plant_open(&plant, text);
    for (size_t i = 0; i < plant.len; i += 4) {
        uint32_t old;
        memcpy(&old, plant.data + i, 4);
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
            memcpy(plant.data + i, &words[k], 4);
            repair(plant.data, plant.len);
            if (ps_image_open(plant.data, plant.len, &opened) == NULL)
                walk_image(&opened);
        }
        memcpy(plant.data + i, &old, 4);
    }
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_image_open__cut_or_longer__refused)
{
    struct plant plant;
    struct ps_image opened;
    plant_open(&plant, text);
    for (size_t len = 0; len < plant.len; len++)
        ck_assert_ptr_nonnull(ps_image_open(plant.data, len, &opened));
    uint8_t *longer = aligned_alloc(64, plant.len + 64);
    memset(longer, 0, plant.len + 64);
    memcpy(longer, plant.data, plant.len);
    ck_assert_ptr_nonnull(ps_image_open(longer, plant.len + 64, &opened));
    repair(longer, plant.len + 64);
    ck_assert_ptr_nonnull(ps_image_open(longer, plant.len + 64, &opened));
    free(longer);
    plant_close(&plant);
}
END_TEST

START_TEST(test_ps_image_open__not_aligned_or_nothing__refused)
{
    struct plant plant;
    struct ps_image opened;
    plant_open(&plant, text);
    uint8_t *moved = aligned_alloc(64, plant.len + 64);
    memcpy(moved + 8, plant.data, plant.len);
    ck_assert_ptr_nonnull(ps_image_open(moved + 8, plant.len, &opened));
    ck_assert_ptr_nonnull(ps_image_open(NULL, plant.len, &opened));
    free(moved);
    plant_close(&plant);
}
END_TEST

/* One number of one element, set to what breaks one invariant. */
struct poke {
    enum ps_image_section section;
    uint32_t index, offset, len;
    uint64_t value;
};

#define POKE(section, index, type, field, value)                                                                       \
    {                                                                                                                  \
        PS_SECTION_##section, index, offsetof(struct type, field), sizeof(((struct type *)NULL)->field), value         \
    }
#define POKE_WORD(section, index, value)                                                                               \
    {                                                                                                                  \
        PS_SECTION_##section, index, 0, 4, value                                                                       \
    }

static const struct poke pokes[] = {
    POKE(SOURCES, 0, ps_image_source, file, 100000), /* of a conduit */
    POKE(SOURCES, 8, ps_image_source, file, 100000), /* of a rule */
    POKE(ZONES, 1, ps_image_zone, name, 100000),
    POKE(ZONES, 1, ps_image_zone, first_vlan, 1),
    POKE(ZONES, 1, ps_image_zone, n_vlans, 3),
    POKE(ZONES, 1, ps_image_zone, n_vlans, 1), /* one is nobody's */
    POKE(ZONES, 0, ps_image_zone, intra_allow, 2),
    POKE_WORD(VLANS, 1, 20),
    POKE_WORD(VLANS, 1, 4095),
    POKE(ASSETS, 0, ps_image_asset, name, 100000),
    POKE(ASSETS, 4, ps_image_asset, zone, 2),
    POKE(ASSETS, 0, ps_image_asset, first_address, 1),
    POKE(ASSETS, 0, ps_image_asset, n_addresses, UINT32_MAX),
    POKE(STARTS, 0, ps_addr, lo, 1),
    POKE(STARTS, 2, ps_addr, lo, 5), /* below the one before */
    POKE(OWNERS, 1, ps_image_owner, zone, 2),
    POKE(OWNERS, 0, ps_image_owner, asset, 0), /* of no zone */
    POKE(OWNERS, 1, ps_image_owner, asset, 5),
    POKE(OWNERS, 1, ps_image_owner, asset, 2), /* of another zone */
    POKE(MACS, 1, ps_image_mac, mac, 1),
    POKE(MACS, 0, ps_image_mac, asset, 5),
    POKE(MACS, 0, ps_image_mac, asset, 1),
    POKE(CONDUITS, 0, ps_image_conduit, name, 100000),
    POKE(CONDUITS, 0, ps_image_conduit, from, 2),
    POKE(CONDUITS, 0, ps_image_conduit, to, 2),
    POKE(CONDUITS, 0, ps_image_conduit, to, 0), /* not as in the table of pairs */
    POKE(CONDUITS, 1, ps_image_conduit, first_rule, 3),
    POKE(CONDUITS, 1, ps_image_conduit, n_rules, 2),
    POKE(CONDUITS, 1, ps_image_conduit, n_rules, 0),
    POKE(CONDUITS, 0, ps_image_conduit, n_groups, 1),
    POKE(CONDUITS, 0, ps_image_conduit, first_group, 1),
    POKE(CONDUITS, 0, ps_image_conduit, n_picks, 1),
    POKE(CONDUITS, 0, ps_image_conduit, mode, 2),
    POKE(CONDUITS, 0, ps_image_conduit, on_deny, 3),
    POKE(CONDUITS, 0, ps_image_conduit, fragments, 2),
    POKE(CONDUITS, 0, ps_image_conduit, segments, 2),
    POKE(CONDUITS, 0, ps_image_conduit, midstream, 2),
    POKE(CONDUITS, 0, ps_image_conduit, fallback, 3),
    POKE(CONDUITS, 0, ps_image_conduit, hold_ms, 0),
    POKE(CONDUITS, 0, ps_image_conduit, hold_ms, 65536),
    POKE(CONDUITS, 0, ps_image_conduit, max_half_open, 0),
    POKE(CONDUITS, 0, ps_image_conduit, max_new_flows, 0),
    POKE(GROUPS, 0, ps_image_group, server, 3), /* as the next one */
    POKE(GROUPS, 1, ps_image_group, server, 5),
    POKE(GROUPS, 0, ps_image_group, first_pick, 0),
    POKE(PICKS, 1, ps_image_pick, rule, 1), /* as the one before */
    POKE(PICKS, 0, ps_image_pick, rule, 4), /* of another conduit */
    POKE(PICKS, 0, ps_image_pick, client, 5),
    POKE(RULES, 0, ps_image_rule, protocol, PS_PROTOCOL_NONE),
    POKE(RULES, 0, ps_image_rule, protocol, PS_N_DISSECTORS),
    POKE(RULES, 0, ps_image_rule, protocol, PS_PROTOCOL_ETHERNET + 1),
    POKE(RULES, 0, ps_image_rule, lists, 0),
    POKE(RULES, 1, ps_image_rule, lists, 0),
    POKE(RULES, 0, ps_image_rule, n_values, 400),
    POKE(RULES, 1, ps_image_rule, n_objects, 2),
    POKE(RULES, 2, ps_image_rule, n_stations, UINT32_MAX),
    POKE(REACHES, 0, ps_image_reach, name, 100000),
    POKE(REACHES, 0, ps_image_reach, conduit, 1), /* whose rule it is not */
    POKE(REACHES, 0, ps_image_reach, conduit, 2),
    POKE(REACHES, 0, ps_image_reach, first_client, 1),
    POKE(REACHES, 0, ps_image_reach, n_servers, 100),
    POKE(REACHES, 0, ps_image_reach, n_ports, 2),
    POKE(REACHES, 3, ps_image_reach, first_code, 0),
    POKE_WORD(IDS, 0, 5), /* no asset */
    POKE_WORD(IDS, 2, 1), /* servers 2, 3: below the one before */
    POKE(SPANS, 0, ps_range, last, 0),
    POKE(SPANS, 3, ps_range, first, 80), /* as the one before */
    POKE_WORD(LISTS, 1, 0),              /* stations 1-8: ends before it begins */
    POKE_WORD(LISTS, 2, 8),              /* station 20: inside the one before */
    POKE_WORD(LISTS, 4, 0),              /* space 0 */
    POKE(RULES, 5, ps_image_rule, n_choices, 1), /* the params behind it lie elsewhere then */
    POKE(RULES, 5, ps_image_rule, n_choices, 3),
    POKE(RULES, 5, ps_image_rule, n_params, 2000),
    POKE(RULES, 5, ps_image_rule, room[0], 0),                        /* choice 0 */
    POKE(RULES, 5, ps_image_rule, room[0], UINT64_C(0x900000002)),    /* 2-9: over the next one */
    POKE(RULES, 5, ps_image_rule, room[1], UINT64_C(0x1000000000009)), /* 9-65536: no choice */
    POKE(RULES, 5, ps_image_rule, room[2], UINT64_C(0x100000000)),    /* params: space 0 */
    POKE(RULES, 5, ps_image_rule, room[2], UINT64_C(0x100000002)),    /* row 2 before row 1 */
    POKE(RULES, 5, ps_image_rule, room[5], PS_PARAMS_MAX + 1),        /* no row */
    POKE(RULES, 4, ps_image_rule, keys, 1),                           /* without a vocabulary */
    POKE(REACHES, 5, ps_image_reach, max_outstanding, 65536),
    POKE(GATEWAYS, 0, ps_image_gateway, name, 100000),
    POKE(GATEWAYS, 0, ps_image_gateway, first_port, 1),
    POKE(GATEWAYS, 0, ps_image_gateway, n_ports, 3),
    POKE(PORTS, 0, ps_image_port, name, 100000),
    POKE(PORTS, 1, ps_image_port, n_zones, 2),
    POKE(PORTS, 1, ps_image_port, first_zone, 0),
};

static uint8_t *element(struct plant *plant, const struct poke *poke)
{
    const struct ps_image_extent *extent = &plant->image.header->sections[poke->section];
    bool is_word = poke->section == PS_SECTION_LISTS; /* counted in halves here */
    uint32_t len = is_word ? 4 : ps_image_element_len(poke->section);
    ck_assert_uint_lt(poke->index, is_word ? 2 * extent->n : extent->n);
    return plant->data + extent->offset + (uint64_t)poke->index * len + poke->offset;
}

START_TEST(test_ps_image_open__each_invariant_broken__refused)
{
    struct plant plant;
    struct ps_image opened;
    plant_open(&plant, text);
    for (size_t i = 0; i < sizeof pokes / sizeof pokes[0]; i++) {
        uint8_t *at = element(&plant, &pokes[i]), old[8];
        memcpy(old, at, pokes[i].len);
        memcpy(at, &pokes[i].value, pokes[i].len); /* tests run on little-endian machines */
        ck_assert_msg(memcmp(old, at, pokes[i].len) != 0, "poke %zu changes nothing", i);
        repair(plant.data, plant.len);
        ck_assert_msg(ps_image_open(plant.data, plant.len, &opened) != NULL, "poke %zu", i);
        memcpy(at, old, pokes[i].len);
    }
    static const enum ps_image_section texts[] = {PS_SECTION_STRINGS, PS_SECTION_FILES};
    for (size_t i = 0; i < 2; i++) {
        const struct ps_image_extent *extent = &plant.image.header->sections[texts[i]];
        plant.data[extent->offset + extent->n - 1] = 'x';
        repair(plant.data, plant.len);
        ck_assert_ptr_nonnull(ps_image_open(plant.data, plant.len, &opened));
        plant.data[extent->offset + extent->n - 1] = '\0';
    }
    repair(plant.data, plant.len);
    ck_assert_pstr_eq(ps_image_open(plant.data, plant.len, &opened), NULL);
    plant_close(&plant);
}
END_TEST

/* The fuzzer's seeds were made by this version of the image: else it would fuzz nothing behind the header. */
START_TEST(test_ps_image_open__seeds_of_the_fuzzer__opened)
{
    static const char *const names[] = {SEEDS "/empty", SEEDS "/small", SEEDS "/everything"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ps_image opened;
        uint8_t *image = aligned_alloc(64, 65536);
        FILE *file = fopen(names[i], "rb");
        ck_assert_msg(image && file, "%s", names[i]);
        size_t len = fread(image, 1, 65536, file);
        fclose(file);
        ck_assert_pstr_eq(ps_image_open(image, len, &opened), NULL);
        free(image);
    }
}
END_TEST

/* What a person would want to hear for the usual accidents. */
START_TEST(test_ps_image_open__other_version_or_machine__said)
{
    struct plant plant;
    struct ps_image opened;
    struct ps_image_header *header;
    plant_open(&plant, text);
    header = (void *)plant.data;
    header->version++;
    ck_assert_ptr_nonnull(strstr(ps_image_open(plant.data, plant.len, &opened), "another version"));
    header->version--;
    header->byte_order = 0x0d0c0b0a;
    ck_assert_ptr_nonnull(strstr(ps_image_open(plant.data, plant.len, &opened), "byte order"));
    header->byte_order = PS_IMAGE_BYTE_ORDER;
    header->magic[0] = 'X';
    ck_assert_ptr_nonnull(strstr(ps_image_open(plant.data, plant.len, &opened), "no policy image"));
    header->magic[0] = 'P';
    header->revision++;
    ck_assert_ptr_nonnull(strstr(ps_image_open(plant.data, plant.len, &opened), "damaged"));
    plant_close(&plant);
}
END_TEST

UNIT_MAIN("match/image_check", test_ps_image_open__seeds_of_the_fuzzer__opened, test_ps_image_open__whole_image__opened,
          test_ps_image_open__any_octet_changed__refused,
          test_ps_image_open__any_octet_changed_and_repaired__never_read_outside,
          test_ps_image_open__any_word_replaced_and_repaired__never_read_outside,
          test_ps_image_open__each_invariant_broken__refused, test_ps_image_open__cut_or_longer__refused,
          test_ps_image_open__not_aligned_or_nothing__refused, test_ps_image_open__other_version_or_machine__said)
