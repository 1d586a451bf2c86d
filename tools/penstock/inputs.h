/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inputs.h - the capture files that a command line names: files as they stand, directories with all captures below
 * them in the order of their names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ps_input {
    char *path;
    uint64_t size; /* octets, 0 where it cannot be known (pipes) */
};

struct ps_inputs {
    struct ps_input *items;
    size_t n, capacity;
    size_t n_skipped; /* files of directories that are not captures */
    size_t n_errors;  /* reported on stderr */
};

/* Collects from paths[0..n). A directory's own directories are followed, symbolic links to directories are not. What
 * cannot be read is reported on stderr and counted. Files named on the command line are taken whatever they hold; files
 * of a directory only when they start like a capture or are named like one. */
void ps_inputs_collect(struct ps_inputs *inputs, char *const *paths, size_t n);
void ps_inputs_fini(struct ps_inputs *inputs);
