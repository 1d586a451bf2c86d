/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * logged.h - a network namespace whose lo logs every segment and datagram that it receives, as rules that refuse it would.
 */
#pragma once

#include <arpa/inet.h>
#include <check.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nft_put.h"
#include "nft_ruleset.h"
#include "push.h"

#define LOGGED_GROUP 1347

static inline bool logged_up(void)
{
    struct ifreq req = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &req) == 0;
    if (fd >= 0)
        close(fd);
    return up;
}

/* With this prefix. false and a sentence: it cannot be tried here. */
static inline bool logged_begin(const char *prefix, char *err, size_t err_size)
{
    struct ps_nft_ruleset r = {.family = PS_NFT_INET, .table = "penstock", .log_group = LOGGED_GROUP};
    struct ps_push *push = ps_push_open(err, err_size);
    uint32_t chain = ps_nft_chain_add(&r, "in");
    r.chains[chain].hook = PS_NFT_PREROUTING;
    r.chains[chain].policy_accept = true;
    for (uint32_t protocol = 6; protocol <= 17; protocol += 11) {
        ps_nft_rule_add(&r, chain);
        ps_nft_put_match(&r, ps_nft_key(PS_NFT_L4PROTO), protocol, false);
        ps_nft_put_log(&r, prefix);
    }
    bool good = logged_up() && push && ps_push_set(push, &r, err, err_size);
    ps_push_close(push);
    ps_nft_ruleset_fini(&r);
    return good;
}

static inline void logged_send(uint32_t n)
{
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(20000), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_ge(fd, 0);
    for (uint32_t i = 0; i < n; i++)
        (void)sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof to); /* nobody listens, and an error says so */
    close(fd);
}
