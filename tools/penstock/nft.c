/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft.c - penstock nft: the plant file as a ruleset for the kernel of a gateway.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "kernel.h"
#include "nft.h"
#include "plant.h"

enum { OPTION_GATEWAY, OPTION_SHAPE, OPTION_PORT, OPTION_GROUP, OPTION_QUEUE };

static const struct ps_option options[] = {
    [OPTION_GATEWAY] = {"gateway", 'g', "NAME", "which gateway of the plant file, if there are several"},
    [OPTION_SHAPE] = {"shape", 0, "SHAPE", "bump (two ports, each forwarded to the other), routed or bridge"},
    [OPTION_PORT] = {"port", 'p', "PORT=DEVICE", "interface of a port; without it the port's name is the interface's"},
    [OPTION_GROUP] = {"log-group", 0, "NUMBER", "nflog group of refusals"},
    [OPTION_QUEUE] = {"queue", 0, "NUMBER", "NFQUEUE of conduits with fallback = \"queue\""},
};

static int print(struct ps_kernel *kernel)
{
    if (!ps_nft_print(&kernel->nft.ruleset, stdout))
        return PS_EXIT_ERROR;
    return PS_EXIT_FINE;
}

static bool read_option(struct ps_args *args, int option, const char *value, struct ps_kernel_options *wanted)
{
    unsigned long number = 0;

    switch (option) {
    case OPTION_GATEWAY:
        wanted->gateway = value;
        return true;
    case OPTION_SHAPE:
        wanted->shape = value;
        return true;
    case OPTION_PORT:
        if (wanted->n_ports < PS_KERNEL_PORTS_MAX)
            wanted->ports[wanted->n_ports++] = value;
        return true;
    case OPTION_GROUP:
        if (!ps_args_number(args, value, 0, UINT16_MAX, &number))
            return false;
        wanted->log_group = (uint16_t)number;
        return true;
    default:
        if (!ps_args_number(args, value, 0, UINT16_MAX, &number))
            return false;
        wanted->queue = (uint16_t)number;
        return true;
    }
}

static int run(struct ps_args *args)
{
    struct ps_kernel_options wanted = {.log_group = PS_NFT_LOG_GROUP};
    struct ps_kernel kernel;
    const char *value;
    int option;

    while ((option = ps_args_next(args, &value)) >= 0)
        if (!read_option(args, option, value, &wanted))
            return PS_EXIT_USAGE;
    if (option != PS_ARGS_END)
        return option == PS_ARGS_STOP ? PS_EXIT_FINE : PS_EXIT_USAGE;
    if (args->n_rest != 1)
        return ps_args_wrong(args, args->n_rest == 0 ? "which plant file?" : "one plant file at a time");

    struct ps_plant plant;
    int answer = PS_EXIT_ERROR;
    if (ps_plant_open(&plant, args->rest[0], NULL, 0) && ps_kernel_compile(&kernel, &plant.image, &wanted)) {
        answer = print(&kernel);
        ps_kernel_fini(&kernel);
    }
    ps_plant_fini(&plant);
    return answer;
}

const struct ps_command ps_command_nft = {
    .name = "nft",
    .arguments = "plant.conf",
    .line = "Print what the kernel enforces of it on a gateway without DPDK",
    .help = "The text is for 'nft -f -', which replaces the table \"penstock\" in one transaction.\n"
            "'penstock check --fallback' says what it enforces of each rule.\n"
            "Exit status: 0 printed, 1 the plant file or the gateway is wrong, 2 wrong usage.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
