/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kernel.h - a plant's ruleset for the kernel, from what a command line says about the gateway.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nft.h"

#define PS_KERNEL_PORTS_MAX 64

struct ps_kernel_options {
    const char *gateway; /* NULL: the only one */
    const char *shape;   /* NULL: bump for two ports, else routed */
    const char *ports[PS_KERNEL_PORTS_MAX]; /* "PORT=DEVICE" */
    size_t n_ports;
    uint16_t log_group, queue;
    bool any_device; /* nothing is made of the devices: whatever ports are called */
};

struct ps_kernel {
    struct ps_nft_options options;
    const char **devices;
    char *texts; /* that devices point into */
    struct ps_nft nft;
};

/* false: said why on stderr, and nothing is to be given back. */
bool ps_kernel_compile(struct ps_kernel *kernel, const struct ps_image *image,
                         const struct ps_kernel_options *wanted);
void ps_kernel_fini(struct ps_kernel *kernel);

/* Prints what the kernel enforces of each rule on stdout. false: of some rule it passes less, or more, than it allows. */
bool ps_kernel_report(const struct ps_kernel *kernel, const struct ps_image *image, bool json);
