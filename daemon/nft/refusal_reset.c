/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusal_reset.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine.h"
#include "steer.h"

/* ---- what is sent ---------------------------------------------------------------------------------------------- */

static bool is_segment(const struct ps_desc *desc)
{
    return desc->kind == PS_KIND_TCP && desc->reason == PS_REASON_NONE && desc->network && !(desc->tcp_flags & PS_TCP_RST);
}

/* Would a gateway take it? Nobody answers from an address that many have. */
static bool is_sound(const struct ps_refusal_rst *rst)
{
    const struct ps_packet packet = {.data = rst->frame, .len = rst->len, .wire_len = rst->len, .port = PS_PORT_UNKNOWN,
                                     .link = rst->ip > 0 ? PS_LINK_ETHERNET : PS_LINK_IP};
    struct ps_desc desc;
    ps_decode(&packet, (struct ps_decode_how){.checksums = PS_CHECKSUMS_STRICT, .port_known = true}, &desc);
    return desc.reason == PS_REASON_NONE;
}

static bool build(const struct ps_template *t, const struct ps_tcp_head *head, struct ps_refusal_rst *out)
{
    if (t->ip_len == 0)
        return false; /* more tags than a template takes */
    out->ip = t->link_len;
    out->len = ps_template_len(t);
    ps_segment_build(t, head, out->frame, 0);
    return is_sound(out);
}

/* An acknowledgement that the segment had too: who waits for the answer to a SYN looks at that. */
bool ps_refusal_rst_onward(const struct ps_desc *desc, struct ps_refusal_rst *out)
{
    struct ps_template t = {0};
    if (!is_segment(desc) || !(desc->tcp_flags & PS_TCP_ACK))
        return false;
    ps_template_take(&t, desc, PS_PORT_UNKNOWN);
    return build(&t, &(struct ps_tcp_head){.seq = desc->seq, .ack = desc->ack, .flags = PS_TCP_RST | PS_TCP_ACK}, out);
}

/* RFC 9293 3.10.7.1: at the number that the segment acknowledges, else at 0 with an acknowledgement of all of it. */
bool ps_refusal_rst_back(const struct ps_desc *desc, struct ps_refusal_rst *out)
{
    struct ps_template onward = {0}, t;
    uint32_t end = desc->seq + desc->payload_wire + !!(desc->tcp_flags & PS_TCP_SYN) + !!(desc->tcp_flags & PS_TCP_FIN);
    bool acks = (desc->tcp_flags & PS_TCP_ACK) != 0;
    if (!is_segment(desc))
        return false;
    ps_template_take(&onward, desc, PS_PORT_UNKNOWN);
    ps_template_mirror(&t, &onward, PS_PORT_UNKNOWN);
    return build(&t, &(struct ps_tcp_head){.seq = acks ? desc->ack : 0, .ack = end, .flags = PS_TCP_RST | PS_TCP_ACK}, out);
}

/* ---- sockets --------------------------------------------------------------------------------------------------- */

void ps_refusal_sender_init(struct ps_refusal_sender *sender, bool routed)
{
    *sender = (struct ps_refusal_sender){.routed = routed, .packet = -1, .raw4 = -1, .raw6 = -1};
}

/* IPPROTO_RAW: the header is ours, and nothing is received. The mark tells the host's own rules who sent it. */
static int raw_socket(int family)
{
    const uint32_t mark = PS_STEER_MARK;
    int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

bool ps_refusal_sender_open(struct ps_refusal_sender *sender, char *err, size_t err_size)
{
    bool good;
    if (sender->routed) {
        sender->raw4 = raw_socket(AF_INET);
        if (sender->raw4 >= 0)
            sender->raw6 = raw_socket(AF_INET6);
        good = sender->raw4 >= 0 && (sender->raw6 >= 0 || errno == EAFNOSUPPORT);
    } else {
        sender->packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); /* nothing is received */
        good = sender->packet >= 0;
    }
    if (!good)
        snprintf(err, err_size, "no socket for resets: %s", strerror(errno));
    return good;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void ps_refusal_sender_close(struct ps_refusal_sender *sender)
{
    close_fd(sender->packet);
    close_fd(sender->raw4);
    close_fd(sender->raw6);
    ps_refusal_sender_init(sender, sender->routed);
}

/* ---- ports ----------------------------------------------------------------------------------------------------- */

bool ps_refusal_sender_add(struct ps_refusal_sender *sender, const char *device, char *err, size_t err_size)
{
    struct ps_refusal_port port = {.index = if_nametoindex(device)};
    if (port.index == 0)
        snprintf(err, err_size, "%s: %s", device, strerror(errno));
    else if (sender->n_ports == PS_REFUSAL_PORTS_MAX)
        snprintf(err, err_size, "more than %u ports", PS_REFUSAL_PORTS_MAX);
    if (port.index == 0 || sender->n_ports == PS_REFUSAL_PORTS_MAX)
        return false;
    snprintf(port.device, sizeof port.device, "%s", device);
    sender->ports[sender->n_ports++] = port;
    return true;
}

static const struct ps_refusal_port *find(const struct ps_refusal_sender *sender, uint32_t index)
{
    for (uint32_t i = 0; i < sender->n_ports; i++)
        if (sender->ports[i].index == index)
            return &sender->ports[i];
    return NULL;
}

static const struct ps_refusal_port *find_now(struct ps_refusal_sender *sender, uint32_t index)
{
    const struct ps_refusal_port *port = index != 0 ? find(sender, index) : NULL;
    if (port || index == 0)
        return port;
    for (uint32_t i = 0; i < sender->n_ports; i++)
        sender->ports[i].index = if_nametoindex(sender->ports[i].device);
    return find(sender, index);
}

uint32_t ps_refusal_other_port(struct ps_refusal_sender *sender, uint32_t index)
{
    const struct ps_refusal_port *port = find_now(sender, index);
    return port && sender->n_ports == 2 ? sender->ports[port == &sender->ports[0] ? 1 : 0].index : 0;
}

/* ---- sending --------------------------------------------------------------------------------------------------- */

/* By which device a packet leaves, as a control message. */
struct by {
    int level, type;
    const void *info;
    size_t len;
};

static bool send_by(int fd, struct msghdr *msg, const struct by *by)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = {0};
    msg->msg_control = control;
    msg->msg_controllen = CMSG_SPACE(by->len);
    struct cmsghdr *head = CMSG_FIRSTHDR(msg);
    head->cmsg_level = by->level;
    head->cmsg_type = by->type;
    head->cmsg_len = CMSG_LEN(by->len);
    memcpy(CMSG_DATA(head), by->info, by->len);
    return sendmsg(fd, msg, 0) == (ssize_t)msg->msg_iov->iov_len;
}

static bool send_ip(const struct ps_refusal_sender *sender, uint8_t *ip, uint32_t len, uint32_t index)
{
    const struct in_pktinfo info4 = {.ipi_ifindex = (int)index};
    const struct in6_pktinfo info6 = {.ipi6_ifindex = index};
    const struct by by4 = {IPPROTO_IP, IP_PKTINFO, &info4, sizeof info4}, by6 = {IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof info6};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
    struct sockaddr_in to4 = {.sin_family = AF_INET};
    struct iovec packet = {.iov_base = ip, .iov_len = len};
    bool v4 = ip[0] >> 4 == 4;
    memcpy(v4 ? (uint8_t *)&to4.sin_addr : (uint8_t *)&to6.sin6_addr, ip + (v4 ? 16 : 24), v4 ? 4 : 16);
    struct msghdr msg = {.msg_name = v4 ? (void *)&to4 : (void *)&to6, .msg_namelen = v4 ? sizeof to4 : sizeof to6,
                         .msg_iov = &packet, .msg_iovlen = 1};
    return send_by(v4 ? sender->raw4 : sender->raw6, &msg, v4 ? &by4 : &by6);
}

bool ps_refusal_send(struct ps_refusal_sender *sender, const struct ps_refusal_rst *rst, uint32_t index)
{
    const struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)index};
    struct ps_refusal_rst out = *rst;
    if (!find_now(sender, index))
        return false;
    if (sender->routed)
        return send_ip(sender, out.frame + out.ip, out.len - out.ip, index);
    return out.ip > 0 &&
           sendto(sender->packet, out.frame, out.len, 0, (const struct sockaddr *)&to, sizeof to) == (ssize_t)out.len;
}
