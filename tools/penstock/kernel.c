/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool find_gateway(const struct ps_image *image, const char *name, uint32_t *gateway)
{
    uint32_t n = ps_image_n_gateways(image);

    if (n == 0) {
        fputs("penstock: error: the plant file has no gateway; add one to gateways\n", stderr);
        return false;
    }
    *gateway = name ? ps_image_gateway_by_name(image, name) : 0;
    if (name && *gateway == PS_NONE)
        fprintf(stderr, "penstock: error: the plant file has no gateway \"%s\"; it has", name);
    else if (!name && n > 1)
        fprintf(stderr, "penstock: error: the plant file has %u gateways; choose with --gateway one of", n);
    else
        return true;
    for (uint32_t i = 0; i < n; i++)
        fprintf(stderr, "%s \"%s\"", i > 0 ? "," : "", ps_image_gateway_name(image, i));
    fputc('\n', stderr);
    return false;
}

static bool find_shape(const struct ps_image *image, const char *name, struct ps_nft_options *options)
{
    bool two = ps_image_gateway_n_ports(image, options->gateway) == 2;
    unsigned shape = name ? ps_nft_shape_by_name(name) : two ? PS_NFT_BUMP : PS_NFT_ROUTED;

    if (shape == PS_NFT_N_SHAPES) {
        fprintf(stderr, "penstock: error: --shape %s: there are bump, routed and bridge\n", name);
        return false;
    }
    const char *why = ps_nft_shape_refuses(image, options->gateway, shape);
    if (why)
        fprintf(stderr, "penstock: error: gateway \"%s\": %s\n", ps_image_gateway_name(image, options->gateway), why);
    options->shape = (uint8_t)shape;
    return why == NULL;
}

/* Letters that an interface's name may have and that stand for nothing in the text that nft reads. */
static bool is_device(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= PS_NFT_DEVICE_MAX && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@+") == len;
}

static bool set_device(struct ps_kernel *f, const struct ps_image *image, char *text)
{
    char *equals = strchr(text, '=');

    if (!equals) {
        fprintf(stderr, "penstock: error: --port %s: write PORT=DEVICE\n", text);
        return false;
    }
    *equals = '\0';
    uint32_t port = ps_image_gateway_port_by_name(image, f->options.gateway, text);
    if (port == PS_NONE) {
        fprintf(stderr, "penstock: error: --port %s=%s: gateway \"%s\" has no port of this name\n", text, equals + 1,
                ps_image_gateway_name(image, f->options.gateway));
        return false;
    }
    f->devices[port] = equals + 1;
    return true;
}

static bool check_devices(const struct ps_kernel *f, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!is_device(f->devices[i])) {
            fprintf(stderr, "penstock: error: \"%s\" is no name of an interface; say which one it is with --port PORT=DEVICE\n",
                    f->devices[i]);
            return false;
        }
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(f->devices[i], f->devices[k]) == 0) {
                fprintf(stderr, "penstock: error: interface \"%s\" is at two ports\n", f->devices[i]);
                return false;
            }
    }
    return true;
}

static void *calloc_or_end(size_t n, size_t size)
{
    void *memory = calloc(n > 0 ? n : 1, size);

    if (!memory) {
        fputs("penstock: out of memory\n", stderr);
        abort();
    }
    return memory;
}

static bool find_devices(struct ps_kernel *f, const struct ps_image *image, const struct ps_kernel_options *wanted)
{
    uint32_t n = ps_image_gateway_n_ports(image, f->options.gateway);
    size_t len = 0;

    for (size_t i = 0; i < wanted->n_ports; i++)
        len += strlen(wanted->ports[i]) + 1;
    f->texts = calloc_or_end(len, 1);
    f->devices = calloc_or_end(n, sizeof *f->devices);
    for (uint32_t i = 0; i < n; i++)
        f->devices[i] = ps_image_gateway_port_name(image, f->options.gateway, i);
    char *at = f->texts;
    for (size_t i = 0; i < wanted->n_ports; i++) {
        strcpy(at, wanted->ports[i]);
        if (!set_device(f, image, at))
            return false;
        at += strlen(wanted->ports[i]) + 1;
    }
    f->options.devices = f->devices;
    return wanted->any_device || check_devices(f, n);
}

bool ps_kernel_compile(struct ps_kernel *f, const struct ps_image *image, const struct ps_kernel_options *wanted)
{
    *f = (struct ps_kernel){.options = {.log_group = wanted->log_group, .queue = wanted->queue}};
    if (find_gateway(image, wanted->gateway, &f->options.gateway) && find_shape(image, wanted->shape, &f->options) &&
        find_devices(f, image, wanted)) {
        ps_nft_compile(image, &f->options, &f->nft);
        return true;
    }
    ps_kernel_fini(f);
    return false;
}

void ps_kernel_fini(struct ps_kernel *f)
{
    ps_nft_fini(&f->nft);
    free(f->devices);
    free(f->texts);
    *f = (struct ps_kernel){0};
}
