/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_push.c - a plant's ruleset into the kernel of this network namespace, as penstockd would put it there:
 *
 *     nft_push PLANT SHAPE [compare]
 *
 * Interfaces have the names of the first gateway's ports. Drift is told, a line each; with "compare" nothing is put there.
 * Exit status: 0 there and the same, 1 it is not, 77 this kernel has no nf_tables for us.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft.h"
#include "plant_image.h"
#include "push.h"

#define PORTS_MAX 64u

static int put(const struct ps_nft_ruleset *ruleset, bool compare_only)
{
    static struct ps_push_drifts drifts;
    char err[800] = "";
    struct ps_push *push = ps_push_open(err, sizeof err);
    int answer = push ? 1 : 77;

    if (!push || (!compare_only && !ps_push_set(push, ruleset, err, sizeof err)) ||
        !ps_push_compare(push, ruleset, &drifts, err, sizeof err)) {
        fprintf(stderr, "%s\n", err);
        ps_push_close(push);
        return answer;
    }
    for (uint32_t i = 0; i < drifts.n && i < PS_PUSH_DRIFTS_MAX; i++)
        puts(drifts.items[i].text);
    ps_push_close(push);
    return drifts.n > 0;
}

static int put_image(const struct ps_image *image, const char *shape, bool compare_only)
{
    const char *devices[PORTS_MAX];
    struct ps_nft_options options = {.log_group = PS_NFT_LOG_GROUP, .devices = devices};
    struct ps_nft nft;

    options.shape = (uint8_t)ps_nft_shape_by_name(shape);
    if (options.shape == PS_NFT_N_SHAPES || ps_nft_shape_refuses(image, 0, options.shape) ||
        ps_image_gateway_n_ports(image, 0) > PORTS_MAX)
        return 1;
    for (uint32_t i = 0; i < ps_image_gateway_n_ports(image, 0) && i < PORTS_MAX; i++)
        devices[i] = ps_image_gateway_port_name(image, 0, i);
    ps_nft_compile(image, &options, &nft);
    int answer = put(&nft.ruleset, compare_only);
    ps_nft_fini(&nft);
    return answer;
}

int main(int argc, char **argv)
{
    struct ps_image image;
    uint8_t *loaded = argc > 2 ? plant_image_load(argv[1], &image) : NULL;
    int answer = loaded ? put_image(&image, argv[2], argc > 3) : 1;

    free(loaded);
    return answer;
}
