/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay.h - what the parts of penstock replay share.
 *
 * Each file has an engine of its own, whatever -j says, so that the same input gives the same output. A worker turns
 * one file into a replay_result; the main thread takes results in the order of the files and adds them to
 * replay_totals.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "capture.h"
#include "engine.h"
#include "inputs.h"
#include "plant.h"
#include "replay_denials.h"

enum replay_form { REPLAY_SUMMARY = 0, REPLAY_JSON, REPLAY_PDUS };

struct replay_progress;

/* What all files have in common; read only while they run. */
struct replay {
    struct ps_plant plant;
    struct ps_inputs inputs;
    uint8_t form;      /* enum replay_form */
    uint8_t checksums; /* enum ps_checksums or PS_CHECKSUMS_AUTO */
    bool flow_events;
    bool inline_;      /* judge as a gateway in the line */
    const char *write_denied; /* NULL: no */
    unsigned jobs;
    size_t n_maps;
    struct replay_progress *progress;
    const volatile sig_atomic_t *interrupted;
};

struct replay_conduit_part {
    uint32_t conduit;
    struct ps_conduit_stats stats;
};

struct replay_rule_part {
    uint32_t rule;
    struct ps_rule_stats stats;
};

/* Refused packets of one file, as records of a pcap file. */
struct replay_refused {
    FILE *spool;         /* NULL: none yet */
    void *dumper;        /* pcap_dumper_t */
    void *pcap;          /* pcap_t */
    uint32_t linktype;   /* of the records */
    uint64_t n;          /* records */
    uint64_t n_other;    /* refused packets of another link type: not in it */
    uint32_t other_type; /* the first such */
};

struct replay_result {
    char error[256];  /* could not be read; "": it could */
    char damage[192]; /* read up to here; "": to its end */
    uint64_t damage_at;
    bool rewritten; /* its checksums are those of other addresses: not judged */
    struct ps_capture_counts counts;
    struct ps_engine_stats stats;
    struct replay_conduit_part *conduits; /* those with traffic; n_conduits of the image: no conduit */
    uint32_t n_conduits;
    struct replay_rule_part *rules;
    uint32_t n_rules;
    struct replay_denials denials;
    struct replay_refused refused;
    FILE *out; /* lines for stdout; stdout itself when files run one by one */
};

struct replay_totals {
    uint64_t files;         /* read, to their end or to a damage */
    uint64_t damaged_files; /* of them */
    uint64_t rewritten_files; /* of them */
    uint64_t errors;        /* files that could not be read at all */
    uint64_t write_errors;  /* of --write-denied and of temporary files */
    struct ps_capture_counts counts;
    struct ps_engine_stats stats;
    struct ps_conduit_stats *conduits; /* n_conduits of the image + 1 */
    struct ps_rule_stats *rules;
    uint64_t denied, monitored; /* over all conduits */
    struct replay_denials denials;
    bool interrupted;
};

/* replay_file.c: judges file `index`; out->out is set by the caller. */
void replay_file(const struct replay *replay, size_t index, struct replay_result *out);
void replay_result_fini(struct replay_result *result);

/* replay_totals.c */
void replay_totals_init(struct replay_totals *totals, const struct ps_image *image);
void replay_totals_fini(struct replay_totals *totals);
void replay_totals_add(struct replay_totals *totals, const struct replay_result *result, size_t file);

/* replay_summary.c: for people. */
void replay_summary_print(const struct replay *replay, const struct replay_totals *totals, FILE *out);

/* replay_json.c: NDJSON (docs/events.md). */
void replay_json_event(const struct replay *replay, size_t file, const struct ps_event *event, FILE *out);
void replay_json_summary(const struct replay *replay, const struct replay_totals *totals, FILE *out);

/* replay_pdus.c: one line per judged PDU. */
void replay_pdus_line(const struct replay *replay, size_t file, const struct ps_judged *judged, FILE *out);

/* replay_refused.c: the rest of a file onto another one; false when either had an error, now or before. */
bool replay_copy(FILE *from, FILE *to);

/* replay_refused.c: --write-denied. */
void replay_refused_add(struct replay_refused *refused, const struct ps_capture *capture, uint32_t i,
                        const struct ps_packet *packet);
void replay_refused_fini(struct replay_refused *refused);
/* Appends to the file *to, which is opened with the first record's link type. false and a sentence in err. */
struct replay_writer {
    const char *path;
    FILE *file;
    uint32_t linktype;
    bool open;
};
bool replay_writer_add(struct replay_writer *to, struct replay_refused *refused, char *err, size_t err_size);
bool replay_writer_close(struct replay_writer *to, char *err, size_t err_size);

/* replay_progress.c: a bar on stderr when that is a terminal. NULL otherwise; then all of these do nothing. */
struct replay_progress *replay_progress_new(const struct ps_inputs *inputs);
void replay_progress_add(struct replay_progress *progress, uint64_t octets, uint64_t packets);
void replay_progress_file_done(struct replay_progress *progress);
void replay_progress_free(struct replay_progress *progress);

/* replay_text.c: a file name on one line: control characters, tabs and backslashes as \xHH. */
void replay_text_path(const char *path, FILE *out);
