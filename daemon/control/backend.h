/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * backend.h - which backend penstockd runs on: the one that penstockd.conf names, or with io = "auto" the best of those that work
 * on this host; why each better one does not, and what is lost with the one that was taken.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"

#define PS_BACKEND_MAX 4u /* of them */
#define PS_BACKEND_WHY 256u

/* What is asked of the host. Those with err say what is wrong, and what would help, in a sentence there. */
struct ps_backend_host {
    bool (*is_built)(const char *backend);
    bool (*has_netdev)(const char *name);
    bool (*pci_driver)(const char *address, char driver[32]); /* false: there is no such card; "": it has none */
    bool (*can_capture)(char *err, size_t err_size);          /* packet sockets, with marks */
    bool (*can_guard)(char *err, size_t err_size);
    bool (*is_wire)(const struct ps_config *config, char *err, size_t err_size); /* the kernel does not route between them */
    bool (*can_queue)(char *err, size_t err_size);
    bool (*bridge_asks)(const char *netdev, char *err, size_t err_size); /* if it is a port of a bridge */
    bool (*can_judge)(const struct ps_config *config, char *err, size_t err_size); /* the kernel alone, between these ports */
};
extern const struct ps_backend_host ps_backend_host; /* this one. backend_host.c */

struct ps_backend {
    const char *name; /* NULL: none works here */
    bool by_auto;
    uint32_t n_passed;
    struct ps_backend_passed {
        const char *name;
        const struct ps_io_port *port; /* that it is about; NULL: no one port */
        char why[PS_BACKEND_WHY];
    } passed[PS_BACKEND_MAX]; /* by_auto: better ones, the best first; all of them where none works */
};

void ps_backend_choose(struct ps_backend *backend, const struct ps_config *config, const struct ps_backend_host *host);

/* "io nfqueue (auto)", "not dpdk: ...", a line each that begins with before; nothing where penstockd.conf names the backend. */
void ps_backend_print(const struct ps_backend *backend, const char *before, FILE *out);

/* For status, a new object. */
json_t *ps_backend_json(const struct ps_backend *backend);
