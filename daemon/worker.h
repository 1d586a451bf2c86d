/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * worker.h - the threads that judge: an engine, and a queue of every port, for each.
 *
 * A worker takes a burst in, has it judged, sends what passes and what the engine adds, and lets time pass. It touches no
 * lock, heap, file or log. The control thread talks to it through a mailbox that it looks into between two bursts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "port.h"
#include "ways.h"

struct ps_crew; /* all workers */

struct ps_crew_config {
    struct ps_io *io;
    uint32_t n_ports;   /* of io */
    uint32_t n_workers; /* as io was opened for; 0: nobody judges here, and every request is done at once */
    const struct ps_engine_config *engine;
    const struct ps_image *image;
    const struct ps_ways *ways; /* of the image; must outlive the crew or ps_crew_set_ways() */
    bool spin;          /* never sleep */
    const int *cpus;    /* one per worker, NULL: the scheduler chooses */
};

/* The calling thread, and the threads and programs that it starts from here on, keep off these processors: what waits for one
 * of them is a packet. Workers run on theirs all the same. False: they stay where they were, as none would be left. */
bool ps_crew_keep_off(const int *cpus, uint32_t n_cpus);

/* Every worker has its engine, and none runs yet: requests are done by who asks. NULL and a sentence in err. The image must
 * outlive the crew. */
struct ps_crew *ps_crew_new(const struct ps_crew_config *config, char *err, size_t err_size);

/* Packets are judged from here on. False and a sentence in err: stop and free it. */
bool ps_crew_run(struct ps_crew *crew, char *err, size_t err_size);

/* Both. */
struct ps_crew *ps_crew_start(const struct ps_crew_config *config, char *err, size_t err_size);

/* Ends the threads; what they held is dropped. Their engines stay until ps_crew_free(). */
void ps_crew_stop(struct ps_crew *crew);
void ps_crew_free(struct ps_crew *crew); /* stops it too; NULL is fine */

/* ---- requests -------------------------------------------------------------------------------------------------- */

/* What a worker is asked to do, in its own thread, between two bursts, and so under its rules. Long work is done in steps:
 * false: not done, call again after the next burst. */
struct ps_request {
    bool (*run)(struct ps_engine *engine, uint32_t worker, void *arg);
    void *arg; /* shared by all workers; each touches what is its own there */
};

enum ps_answer {
    PS_ANSWER_DONE = 0, /* every worker has done it */
    PS_ANSWER_LATE,     /* some worker has not begun; it will not any more */
    PS_ANSWER_STUCK,    /* some worker is still at it, or at the one before: arg must stay */
};

/* Asks all workers and waits for them, at most timeout_ms. Control thread; one request at a time. Without a running crew the
 * caller's thread does it. */
enum ps_answer ps_crew_ask(struct ps_crew *crew, const struct ps_request *request, uint32_t timeout_ms);

/* For a request that gives a worker another policy, in that worker's thread: its ways out. */
void ps_crew_set_ways(struct ps_crew *crew, uint32_t worker, const struct ps_ways *ways);

/* ---- what workers have done -------------------------------------------------------------------------------------- */

struct ps_progress {
    uint64_t loops;    /* a worker whose number stands still is stuck */
    uint64_t packets;  /* judged */
    uint64_t stayed;   /* passed, but for nobody behind another port */
    uint64_t busy_ns;  /* in loops with something to do */
    uint64_t idle_ns;  /* in others, sleep included */
    uint64_t sleeps;
};

/* Any thread. */
void ps_crew_progress(const struct ps_crew *crew, uint32_t worker, struct ps_progress *out);

/* Takes up to max events of a worker, oldest first. Control thread, while the worker goes on. Times are those of the
 * calendar, since 1970. */
uint32_t ps_crew_events(struct ps_crew *crew, uint32_t worker, struct ps_event *events, uint32_t max);

/* For requests, and after ps_crew_stop(). */
struct ps_engine *ps_crew_engine(struct ps_crew *crew, uint32_t worker);
uint32_t ps_crew_n_workers(const struct ps_crew *crew);
