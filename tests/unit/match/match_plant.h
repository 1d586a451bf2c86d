/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * match_plant.h - the plant that test_match.c asks about: four zones, a conduit with a rule of each kind, an inner one.
 */
#pragma once

#include "plant.h"

#define ZONES                                                                                                          \
    "zones = ("                                                                                                        \
    "{ name = 'sup'; networks = ['10.1.0.0/24', 'fd00:1::/64']; assets = ("                                            \
    "  { name = 'hmi'; addresses = ['10.1.0.10', 'fd00:1::10']; mac = '00:00:00:00:01:10'; },"                         \
    "  { name = 'eng'; addresses = ['10.1.0.20']; mac = '00:00:00:00:01:20'; } ); },"                                  \
    "{ name = 'ctl'; networks = ['10.2.0.0/24', 'fd00:2::/64']; vlans = [20, 30]; assets = ("                          \
    "  { name = 'plc'; addresses = ['10.2.0.10', 'fd00:2::10']; mac = '00:00:00:00:02:10';"                            \
    "    relax = ['modbus-padding']; },"                                                                               \
    "  { name = 'rtu'; addresses = ['10.2.0.20']; },"                                                                  \
    "  { name = 'goose'; mac = '02:0c:cd:01:00:01';} ); },"                                                            \
    "{ name = 'open'; intra = 'allow'; networks = ['10.3.0.0/24']; },"                                                 \
    "{ name = 'ring'; networks = ['10.4.0.0/24']; vlans = [40];"                                                       \
    "  assets = ( { name = 'node'; addresses = ['10.4.0.1']; } ); } );"
#define CONDUITS                                                                                                       \
    "conduits = ("                                                                                                     \
    "{ name = 'c'; from = 'sup'; to = 'ctl'; mode = 'monitor'; on_deny = 'answer'; answer_code = 3; allow = ("         \
    "  { name = 'poll'; clients = ['hmi']; servers = ['plc']; protocol = 'modbus'; stations = ['1-8', '20'];"          \
    "    operations = ['read']; max_outstanding = 4; },"                                                               \
    "  { name = 'set'; clients = ['hmi']; servers = ['plc']; protocol = 'modbus';"                                     \
    "    functions = ['write-single-register', 'write-multiple-registers', 'mask-write-register',"                     \
    "      'read-exception-status'];"                                                                                  \
    "    objects = ['holding:40-47', 'holding:48-49', 'holding:60-69', 'coil:5']; values = ['0..10', '20..30'];"       \
    "    max_quantity = 3; response_timeout = 2.5; max_outstanding = 2; },"                                            \
    "  { name = 'alt'; clients = ['eng', 'hmi']; servers = ['rtu', 'plc']; protocol = 'modbus'; ports = "              \
    "['1502-1504'];"                                                                                                   \
    "    operations = ['diagnose']; },"                                                                                \
    "  { name = 'dgram'; servers = ['rtu']; protocol = 'modbus'; transport = 'udp'; operations = ['read']; },"         \
    "  { name = 'web'; clients = ['eng']; protocol = 'tcp'; ports = ['80', '443']; },"                                 \
    "  { name = 'ntp'; protocol = 'udp'; ports = ['123']; },"                                                          \
    "  { name = 'ping'; servers = ['plc']; protocol = 'icmp'; icmp_types = [8, 128]; },"                               \
    "  { name = 'any'; servers = ['rtu']; protocol = 'icmp'; },"                                                       \
    "  { name = 'gre'; protocol = 'ip'; ip_protocols = [47]; },"                                                       \
    "  { name = 'pn'; protocol = 'ethernet'; ethertypes = ['0x8892', 'llc:0x42']; } ); },"                             \
    "{ name = 'inner'; from = 'ring'; to = 'ring'; segments = 'whole'; hold_limit = 0.5; allow = ("             \
    "  { name = 'peer'; protocol = 'tcp'; ports = ['80']; } ); } );"

/* Of Modbus. */
static inline uint16_t function(const char *name)
{
    const struct ps_vocab *vocab = ps_dissector_by_name("modbus")->vocab;
    uint16_t row = ps_function_by_text(vocab, ps_str_from(name));
    ck_assert_msg(row != PS_FUNCTION_UNKNOWN, "%s", name);
    return row;
}

static inline uint32_t space(const char *name)
{
    const struct ps_vocab *vocab = ps_dissector_by_name("modbus")->vocab;
    for (uint16_t i = 0; i < vocab->n_spaces; i++)
        if (strcmp(vocab->spaces[i].name, name) == 0)
            return vocab->spaces[i].code;
    ck_abort_msg("%s", name);
    return 0;
}
