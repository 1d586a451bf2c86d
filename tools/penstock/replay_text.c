/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay_text.c - hosts, flows and file names on one line.
 */
#include "replay.h"

#include "why.h"

void replay_text_host(const struct ps_image *image, uint32_t asset, struct ps_addr address, uint16_t port,
                      struct ps_txt *out)
{
    bool brackets = port != 0 && asset == PS_NONE && !ps_addr_is_v4(address);

    if (brackets)
        ps_txt_char(out, '[');
    ps_why_end(image, asset, address, out);
    if (brackets)
        ps_txt_char(out, ']');
    if (port == 0)
        return;
    ps_txt_char(out, ':');
    ps_txt_u64(out, port);
}

void replay_text_flow(uint8_t ip_proto, uint16_t server_port, struct ps_txt *out)
{
    if (ip_proto == 0 && server_port == 0x0806) {
        ps_txt_str(out, "arp");
    } else if (ip_proto == 0) {
        ps_txt_str(out, "ethernet/0x");
        ps_txt_hex(out, server_port, 4);
    } else if (server_port == 0 && (ip_proto == 6 || ip_proto == 17)) {
        ps_txt_str(out, ip_proto == 6 ? "tcp" : "udp"); /* refused before its ports were read */
    } else {
        ps_why_flow(ip_proto, server_port, out);
    }
}

void replay_text_path(const char *path, FILE *out)
{
    for (; *path != '\0'; path++) {
        unsigned char c = (unsigned char)*path;

        if (c < ' ' || c == 0x7f || c == '\\')
            fprintf(out, "\\x%02x", c);
        else
            putc(c, out);
    }
}
