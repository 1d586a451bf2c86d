/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * loader_main.c - penstock-loader: the child of loader.h. Not for people: it writes an image to descriptor 3.
 *
 * Exit code 0: image written; 1: the plant file has errors. Both times standard output holds one JSON object, that of
 * penstock check --json. Others: what went wrong, as a sentence.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "findings_json.h"
#include "json.h"
#include "loader.h"
#include "plant.h"
#include "sandbox.h"

enum { EXIT_IMAGE = 0, EXIT_FINDINGS = 1, EXIT_BROKEN = 2 };

static int broken(const char *what)
{
    puts(what);
    return EXIT_BROKEN;
}

static bool write_all(const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(PS_LOADER_IMAGE_FD, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* What an assessor would ask is told but does not keep a policy from running: exceptions run out by themselves, and a
 * gateway that refuses its policy one morning stops the plant. */
static int load(const char *path)
{
    struct ps_plant plant;
    int answer = EXIT_FINDINGS;

    if (ps_plant_load(&plant, path) && ps_plant_compile(&plant)) {
        answer = EXIT_IMAGE;
        if (!write_all(plant.data, (size_t)plant.image.len))
            answer = broken("cannot write the image");
    }
    if (answer != EXIT_BROKEN)
        ps_json_print(ps_findings_json(&plant), stdout);
    return answer;
}

int main(int argc, char **argv)
{
    static const struct ps_sandbox_limits limits = {
        .memory = PENSTOCK_LOADER_MEMORY, .output = PS_LOADED_MAX, .cpu_s = PS_LOADER_SECONDS};
    struct ps_error err;
    int answer;

    if (argc != 2 || write(PS_LOADER_IMAGE_FD, "", 0) != 0) {
        fputs("penstock-loader is started by penstockd; to look at a plant file use penstock check\n", stderr);
        return EXIT_BROKEN;
    }
    tzset(); /* reads a file of its own; what follows may not open all of them */
    answer = ps_sandbox_reader(&limits, &err) ? load(argv[1]) : broken(err.text);
    fflush(stdout);
    _exit(answer);
}
