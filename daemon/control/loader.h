/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * loader.h - plant file -> image, in a process of its own.
 *
 * Whoever writes a plant file must not be able to stop the plant with it. So it is read and compiled by a short-lived
 * child (penstock-loader, loader_main.c) that has no privileges, no network and writes nowhere (sandbox.h) but to a
 * memory file that it was handed. When it has ended the memory file is sealed, mapped and checked. A child that
 * crashes, runs too long or writes nonsense costs a reload, never traffic.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "loaded.h"

#define PS_LOADER_SECONDS 60u                    /* and the child is ended */
#define PS_LOADER_SAID_MAX ((size_t)4 << 20)     /* octets of findings */
#define PS_LOADER_IMAGE_FD 3                     /* in the child */

/* A child at work. */
struct ps_loader {
    pid_t pid; /* 0: none */
    int image_fd, said_fd;
    char *said;
    size_t n_said;
    uint64_t began_ns; /* CLOCK_MONOTONIC */
    bool late, chatty; /* ended by us */
};

/* Starts the child. program: NULL, the one beside this program, else the installed one. said_fd is to be polled for
 * reading. false and a sentence in err. */
bool ps_loader_start(struct ps_loader *loader, const char *program, const char *plant, struct ps_error *err);

/* Reads what the child says; never waits. True when it has ended, or its time is over: call ps_loader_finish(). */
bool ps_loader_step(struct ps_loader *loader);

/* Takes what it left behind. True: *loaded is an image for ps_loaded_fini(). *findings: the object of penstock check
 * --json, NULL where the child did not come so far; the caller's. err: why there is no image. */
bool ps_loader_finish(struct ps_loader *loader, struct ps_loaded *loaded, json_t **findings,
                      struct ps_error *err);

/* All three, waiting for the end. */
bool ps_loader_run(const char *program, const char *plant, struct ps_loaded *loaded, json_t **findings,
                   struct ps_error *err);
