/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_nflog.c - libFuzzer: one datagram of the kernel's packet log, turned into events and resets as refusals.c does.
 *
 * The input is the datagram, as the kernel of a little-endian machine writes it; its first octet says which policy there is:
 * 0 none, else one. The plant has Modbus, DNP3 and S7comm between 10.1.0.0/24 and 10.2.0.0/24, fd00:1::/64 and fd00:2::/64.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "decode.h"
#include "engine.h"
#include "exact.h"
#include "nflog_message.h"
#include "policy.h"
#include "refusal_event.h"
#include "refusal_reset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char plant[] =
    "schema = 1; revision = 1;\n"
    "zones = (\n"
    "  { name = \"room\"; kind = \"operations\"; networks = [\"10.1.0.0/24\", \"fd00:1::/64\"];\n"
    "    assets = ( { name = \"hmi\"; addresses = [\"10.1.0.10\"]; mac = \"02:00:00:00:01:10\"; } ); },\n"
    "  { name = \"cell\"; kind = \"control\"; networks = [\"10.2.0.0/24\", \"fd00:2::/64\"];\n"
    "    assets = ( { name = \"plc\"; addresses = [\"10.2.0.20\"]; } ); } );\n"
    "conduits = (\n"
    "  { name = \"c\"; from = \"room\"; to = \"cell\"; allow = (\n"
    "    { name = \"m\"; protocol = \"modbus\"; operations = [\"read\"]; },\n"
    "    { name = \"u\"; protocol = \"modbus\"; transport = \"udp\"; operations = [\"read\"]; },\n"
    "    { name = \"s\"; protocol = \"s7comm\"; operations = [\"read\"]; },\n"
    "    { name = \"d\"; protocol = \"dnp3\"; operations = [\"read\"]; } ); },\n"
    "  { name = \"i\"; from = \"cell\"; to = \"cell\"; allow = ( { name = \"m\"; protocol = \"modbus\"; operations = [\"read\"]; } ); } );\n";

static struct ps_policy_slot *slot;
static struct ps_refusal_words *words;

static void prepare(void)
{
    static struct ps_image image;
    struct ps_diags diags;
    size_t len;

    if (slot)
        return;
    ps_diags_init(&diags);
    struct ps_model *model = ps_policy_parse(plant, "plant.conf", &diags);
    check(model != NULL);
    uint8_t *octets = ps_compile(model, &diags, &len);
    check(octets != NULL && ps_image_open(octets, len, &image) == NULL);
    ps_model_free(model);
    ps_diags_fini(&diags);
    slot = ps_policy_slot_new(&image, 1);
    words = ps_refusal_words_new();
    check(slot != NULL);
}

/* What goes out is sound, and of a connection between the same two. */
static void check_rst(const struct ps_refusal_rst *rst, const struct ps_desc *desc, unsigned end)
{
    const struct ps_decode_how how = {.checksums = PS_CHECKSUMS_STRICT, .port_known = true};
    const struct ps_packet packet = {.data = rst->frame, .len = rst->len, .wire_len = rst->len, .port = PS_PORT_UNKNOWN,
                                     .link = rst->ip > 0 ? PS_LINK_ETHERNET : PS_LINK_IP};
    struct ps_desc back;

    check(rst->len <= sizeof rst->frame);
    ps_decode(&packet, how, &back);
    check(back.reason == PS_REASON_NONE && back.kind == PS_KIND_TCP && (back.tcp_flags & PS_TCP_RST));
    check(ps_addr_equal(back.key.addr[end], desc->key.addr[0]) && ps_addr_equal(back.key.addr[!end], desc->key.addr[1]));
}

static void take(const struct ps_nflog *message, bool has_policy)
{
    static uint8_t room[PS_NFLOG_PACKET_MAX];
    struct ps_refusal refusal = {.time_ns = message->time_ns};
    struct ps_refusal_rst rst;
    struct ps_packet packet;
    struct ps_event event;

    check(message->prefix != NULL && message->payload != NULL);
    if (!ps_refusal_said(message->prefix, message->prefix_len, &refusal.said)) /* its packet may be worth something all the same */
        refusal.said = (struct ps_refusal_said){.conduit = "c", .reason = PS_REASON_NO_RULE};
    ps_nflog_packet(message, room, &packet);
    check(packet.len <= sizeof room && packet.wire_len >= packet.len);
    uint8_t *exact = copy(packet.data, packet.len);
    packet.data = exact;
    ps_decode(&packet, (struct ps_decode_how){.checksums = PS_CHECKSUMS_IGNORE, .port_known = true}, &refusal.desc);
    if (ps_refusal_rst_onward(&refusal.desc, &rst))
        check_rst(&rst, &refusal.desc, 0);
    if (ps_refusal_rst_back(&refusal.desc, &rst))
        check_rst(&rst, &refusal.desc, 1);
    ps_refusal_event(words, has_policy ? slot : NULL, &refusal, &event);
    check(event.reason == refusal.said.reason && event.kind != PS_EVENT_NONE && memchr(event.operation, 0, sizeof event.operation));
    check(event.what == PS_JUDGED_PDU || event.operation[0] == '\0');
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum ps_nflog_what what;
    struct ps_nflog message;

    prepare();
    if (size == 0)
        return 0;
    uint8_t *datagram = copy(data + 1, (uint32_t)size - 1);
    const uint8_t *at = datagram;
    size_t len = size - 1;
    while ((what = ps_nflog_next(&at, &len, &message)) != PS_NFLOG_END)
        if (what == PS_NFLOG_PACKET)
            take(&message, data[0] != 0);
    free(datagram);
    return 0;
}
