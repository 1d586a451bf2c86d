/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * config.h - the daemon's own configuration, /etc/penstock/penstockd.conf. docs/man/penstockd.conf.5 tells every key.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "diag.h"
#include "model.h"
#include "port.h"

#define PS_CONFIG_PATH "/etc/penstock/penstockd.conf"
#define PS_CONFIG_SINKS_MAX 8u

enum ps_config_io { PS_CONFIG_IO_AUTO = 0, PS_CONFIG_IO_DPDK, PS_CONFIG_IO_NFQUEUE, PS_CONFIG_IO_NFT };
enum ps_config_guard { PS_CONFIG_GUARD_DEFAULT = 0, PS_CONFIG_GUARD_NFTABLES, PS_CONFIG_GUARD_OFF };
enum ps_config_shape { PS_CONFIG_SHAPE_FOUND = 0, PS_CONFIG_SHAPE_BUMP, PS_CONFIG_SHAPE_ROUTED, PS_CONFIG_SHAPE_BRIDGE };
enum ps_config_sink_kind {
    PS_CONFIG_SINK_NONE = 0,
    PS_CONFIG_SINK_FILE,
    PS_CONFIG_SINK_SYSLOG,
    PS_CONFIG_SINK_JOURNAL,
};

struct ps_config_sink {
    uint8_t kind;     /* enum ps_config_sink_kind */
    const char *path; /* of a file, else NULL */
    struct ps_src src;
};

struct ps_config {
    struct ps_model *owner; /* holds the memory, and the names of files */
    const char *gateway;    /* its entry in the plant file */
    struct ps_src gateway_src;
    const char *plant;
    const char *control;    /* path of the control socket */
    const char *state;      /* folder of what is remembered over a restart (statedir.h) */
    const char *user;       /* that the daemon becomes when it was started by root; NULL: it stays */
    struct ps_src control_src, user_src;
    const char *metrics;    /* "127.0.0.1:9417" (metrics.h); NULL: off */
    const char *instance;
    uint8_t io;             /* enum ps_config_io */
    uint8_t guard;          /* enum ps_config_guard; by default where it can be had */
    struct ps_src guard_src;
    struct ps_src io_src, queue_src;
    uint16_t queue;         /* nfqueue: of the first worker, the others' follow */
    uint8_t shape;          /* nft: enum ps_config_shape; by default what the ports are */
    uint32_t dead_man_s;    /* nft: conduits that are not to stay open without penstockd close after so long; 0: they stay */
    struct ps_src shape_src, dead_man_src;
    const char *engine_key; /* a setting of penstockd's own engine, NULL: there is none; and where it stands */
    struct ps_src engine_src;
    bool spin;              /* idle = "spin" */
    bool by_host;           /* spread = "hosts" */
    struct ps_io_port *ports; /* in the order of the file */
    uint32_t n_ports;
    uint32_t n_workers;
    uint32_t mtu;           /* 0: not said */
    int *cpus;              /* one per worker, NULL: not said */
    uint32_t n_cpus;
    struct ps_src cpus_src;
    uint32_t flows;         /* of each worker */
    uint32_t reassembly_kib; /* of each worker: datagrams that came in fragments */
    struct ps_config_sink *sinks;
    uint32_t n_sinks;
};

/* Reads the file; all mistakes are collected in diags in one run. false when there is any. ps_config_fini() in either
 * case. */
bool ps_config_load(const char *path, struct ps_config *config, struct ps_diags *diags);
/* The same from memory; name stands for the file. */
bool ps_config_parse(const char *text, const char *name, struct ps_config *config, struct ps_diags *diags);
void ps_config_fini(struct ps_config *config);

/* Does this host have the user and the processors that the file names, and can a socket have that path? false: findings. */
bool ps_config_fits_host(const struct ps_config *config, struct ps_diags *diags);

/* Can this backend ("dpdk", "nfqueue", "nft") do what the file says? false: findings. */
bool ps_config_suits(const struct ps_config *config, const char *backend, struct ps_diags *diags);

const char *ps_config_file(const struct ps_config *config, struct ps_src src);

/* Findings as "FILE:LINE: error: ...", sorted, on a stream. */

void ps_config_findings_print(struct ps_diags *diags, FILE *out);
