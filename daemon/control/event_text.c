/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event_text.h"

#include "addr_text.h"

bool ps_event_has_addresses(const struct ps_event *e)
{
    return e->ip_proto != 0 || e->client.hi != 0 || e->client.lo != 0 || e->server.hi != 0 || e->server.lo != 0;
}

void ps_event_text_end(const struct ps_image *image, uint32_t asset, struct ps_addr address, struct ps_txt *out)
{
    char text[PS_ADDR_TEXT_MAX];

    if (asset != PS_NONE) {
        ps_txt_str(out, ps_image_asset_name(image, asset));
        return;
    }
    ps_addr_format(address, text);
    ps_txt_str(out, text);
}

void ps_event_text_host(const struct ps_image *image, uint32_t asset, struct ps_addr address, uint16_t port,
                        struct ps_txt *out)
{
    bool brackets = port != 0 && asset == PS_NONE && !ps_addr_is_v4(address);

    if (brackets)
        ps_txt_char(out, '[');
    ps_event_text_end(image, asset, address, out);
    if (brackets)
        ps_txt_char(out, ']');
    if (port == 0)
        return;
    ps_txt_char(out, ':');
    ps_txt_u64(out, port);
}

void ps_event_text_service(uint8_t ip_proto, uint16_t server_port, struct ps_txt *out)
{
    static const struct {
        uint8_t ip_proto;
        const char *word;
    } words[] = {{6, "tcp/"}, {17, "udp/"}, {1, "icmp/"}, {58, "icmp/"}};

    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].ip_proto != ip_proto)
            continue;
        ps_txt_str(out, words[i].word);
        ps_txt_u64(out, server_port);
        return;
    }
    ps_txt_str(out, "ip/");
    ps_txt_u64(out, ip_proto);
}

void ps_event_text_flow(uint8_t ip_proto, uint16_t server_port, struct ps_txt *out)
{
    if (ip_proto == 0 && server_port == 0x0806) {
        ps_txt_str(out, "arp");
    } else if (ip_proto == 0) {
        ps_txt_str(out, "ethernet/0x");
        ps_txt_hex(out, server_port, 4);
    } else if (server_port == 0 && (ip_proto == 6 || ip_proto == 17)) {
        ps_txt_str(out, ip_proto == 6 ? "tcp" : "udp"); /* refused before its ports were read */
    } else {
        ps_event_text_service(ip_proto, server_port, out);
    }
}
