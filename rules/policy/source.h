/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * source.h - plant text as libconfig gets it: files joined, comments gone, every token with its place.
 *
 * libconfig 1.5 stops at its first complaint, calls nearly everything "syntax error", cuts numbers above 32 bits
 * silently, takes an unclosed comment as the end of the file, looks for includes beside the program instead of beside
 * the file that names them, and gives the last element of a list the line of the bracket behind it. So a scanner reads
 * the text first: it finds these mistakes, says what to do about them, and mends what it can, so that the meaning of
 * the rest is checked in the same run.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "model.h"

#define PS_SOURCE_MAX_LEN (UINT32_C(1) << 29) /* octets of all files together */
#define PS_SOURCE_MAX_FILES 4096u
#define PS_SOURCE_MAX_INCLUDE_DEPTH 10u
#define PS_SOURCE_MAX_NESTING 16u    /* brackets */
#define PS_SOURCE_MAX_GROUP_KEYS 64u /* libconfig looks for duplicate keys linearly */

#define PS_SOURCE_BATCH 32u          /* conduits */

/* For config_read_string(). */
struct ps_text {
    char *s; /* ends with a NUL */
    size_t len, capacity;
    struct ps_src *lines; /* line i + 1 of s came from lines[i] */
    size_t n_lines, lines_capacity;
};

/* Some entries of the list `conduits`, as a text of its own: "conduits=({...},{...})". */
struct ps_batch {
    size_t offset; /* in source->apart, where it ends with a NUL */
    size_t before; /* lines of source->apart before its first */
};

/* Conduits and their rules are nearly all of a large plant, and its tree would be ten times as large as the file. So the list
 * stays empty in the text, and its entries are read and forgotten in batches. */
struct ps_source {
    struct ps_diags *diags;
    struct ps_text text, apart;
    struct ps_batch *batches; /* each of PS_SOURCE_BATCH entries, but the last */
    size_t n_batches, batches_capacity;
    uint32_t n_conduits; /* entries of all batches, groups or not */
    size_t n_rules;      /* at least as many as the conduits have */
    char **files; /* [0] is the file that the user named */
    uint32_t n_files;
    size_t n_read; /* octets read so far */
    bool mended;   /* brackets were closed: that something is missing may be a consequence */
    bool lost;     /* text is not worth parsing */
};

/* Reads the file, or standard input for "-" and "/dev/stdin". Errors go to diags; `lost` when there is no text. */
void ps_source_read(struct ps_source *source, const char *path, struct ps_diags *diags);
/* The same from memory; name stands for the file, and includes are beside it. */
void ps_source_from_text(struct ps_source *source, const char *text, const char *name, struct ps_diags *diags);
void ps_source_fini(struct ps_source *source);

/* Where a line of a text came from. */
struct ps_src ps_source_place(const struct ps_text *text, size_t line);

/* ---- between source.c and scan.c ------------------------------------------------------------------------------- */

/* Contents of a file, NUL-terminated, free() them; NULL after an error in diags at `from` (line 0: no place). */
char *ps_source_slurp(struct ps_source *source, const char *path, struct ps_src from, size_t *len);
/* "-" or "/dev/stdin". */
bool ps_source_is_stdin(const char *path);
/* Index of a file name, new or not; PS_NONE when there are too many. */
uint32_t ps_source_file(struct ps_source *source, const char *path);
/* Scans the text of a file, which it may change. */
void ps_source_scan(struct ps_source *source, char *text, size_t len, uint32_t file);
__attribute__((format(printf, 3, 4))) void ps_source_error(struct ps_source *source, struct ps_src at,
                                                           const char *format, ...);
