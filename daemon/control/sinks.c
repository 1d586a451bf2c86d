/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sinks.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"
#include "signals.h"
#include "sink_journal.h"
#include "sink_syslog.h"
#include "text.h"

#define QUEUE_LINES 4096u /* that wait for one sink */
#define RETRY_S 5         /* between attempts of a sink that does not take anything */
#define FAREWELL_S 1      /* for what is queued when the daemon ends */

struct line {
    char *text; /* without its end of line; malloc()ed */
    enum ps_urgency urgency;
};

struct sink {
    uint8_t kind;         /* enum ps_config_sink_kind */
    char *path, *gateway; /* its own: a thread that is stuck may outlive the configuration */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* everything below; held for moments only, never while something is written */
    pthread_cond_t more;
    struct line queue[QUEUE_LINES];
    size_t first, n;
    uint64_t n_written, n_lost, n_lost_told;
    bool reopen, ending;
    char error[256]; /* "": it takes events */
    int fd;          /* its thread's alone, and so is log */
    struct ps_sink_syslog log;
};

struct ps_sinks {
    struct sink *sinks;
    uint32_t n;
};

/* ---- writing, in the sink's thread ------------------------------------------------------------------------------- */

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

/* A line is in the file as a whole or not at all. */
static bool write_file(struct sink *sink, const char *text)
{
    size_t len = strlen(text);
    char *line = malloc(len + 2);
    struct stat before;
    bool good;

    if (sink->fd < 0)
        sink->fd = open(sink->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (sink->fd < 0 || line == NULL || fstat(sink->fd, &before) != 0) {
        free(line);
        return false;
    }
    memcpy(line, text, len);
    line[len] = '\n';
    good = write_all(sink->fd, line, len + 1);
    if (!good) {
        int why = errno;

        if (S_ISREG(before.st_mode))
            (void)!ftruncate(sink->fd, before.st_size);
        close(sink->fd);
        sink->fd = -1;
        errno = why;
    }
    free(line);
    return good;
}

static bool write_line(struct sink *sink, const struct line *line)
{
    switch (sink->kind) {
    case PS_CONFIG_SINK_FILE:
        return write_file(sink, line->text);
    case PS_CONFIG_SINK_JOURNAL:
        return ps_sink_journal_write(line->text, (int)line->urgency);
    default:
        return ps_sink_syslog_write(&sink->log, line->text, (int)line->urgency);
    }
}

/* In the words of docs/events.md, in front of what comes now. */
static bool tell_losses(struct sink *sink, uint64_t n_lost)
{
    struct line line = {.urgency = PS_URGENCY_ERROR};
    char when[PS_TIME_TEXT_MAX];
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I}", "kind", "overload", "time",
                          ps_text_time(ps_clock_calendar(), 9, true, when), "gateway", sink->gateway, "did", "sink",
                          "lost", (json_int_t)n_lost);
    bool good;

    line.text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    good = line.text != NULL && write_line(sink, &line);
    free(line.text);
    if (!good)
        return false;
    pthread_mutex_lock(&sink->lock);
    sink->n_lost_told += n_lost;
    pthread_mutex_unlock(&sink->lock);
    return true;
}

/* Says why nothing is taken, and waits a while; false: there is no time for that, the daemon ends. */
static bool wait_a_while(struct sink *sink, const char *why)
{
    struct timespec until;
    bool ending;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RETRY_S;
    pthread_mutex_lock(&sink->lock);
    snprintf(sink->error, sizeof sink->error, "%s", why);
    while (!sink->ending && !sink->reopen && pthread_cond_timedwait(&sink->more, &sink->lock, &until) == 0)
        ;
    ending = sink->ending;
    pthread_mutex_unlock(&sink->lock);
    return !ending;
}

/* Waits for a line, which stays the queue's first; false: it is over. */
static bool next_line(struct sink *sink, struct line *line, uint64_t *n_lost)
{
    bool reopen;

    pthread_mutex_lock(&sink->lock);
    while (sink->n == 0 && !sink->ending && !sink->reopen)
        pthread_cond_wait(&sink->more, &sink->lock);
    reopen = sink->reopen;
    sink->reopen = false;
    line->text = NULL;
    if (sink->n > 0)
        *line = sink->queue[sink->first];
    *n_lost = sink->n_lost - sink->n_lost_told;
    pthread_mutex_unlock(&sink->lock);
    if (reopen && sink->fd >= 0) {
        close(sink->fd);
        sink->fd = -1;
    }
    if (reopen)
        ps_sink_syslog_close(&sink->log);
    return line->text != NULL || reopen;
}

static void forget_line(struct sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    free(sink->queue[sink->first].text);
    sink->first = (sink->first + 1) % QUEUE_LINES;
    sink->n--;
    sink->n_written++;
    sink->error[0] = '\0';
    pthread_mutex_unlock(&sink->lock);
}

static void *work(void *arg)
{
    struct sink *sink = arg;
    struct line line;
    uint64_t n_lost;

    while (next_line(sink, &line, &n_lost)) {
        if (line.text == NULL)
            continue;
        if ((n_lost == 0 || tell_losses(sink, n_lost)) && write_line(sink, &line))
            forget_line(sink);
        else if (!wait_a_while(sink, strerror(errno)))
            break;
    }
    return NULL;
}

/* ---- the control thread's side ----------------------------------------------------------------------------------- */

/* The thread takes no signals: not the daemon's, and not those for a pipe without a reader or a file that may not grow. */
static bool start_thread(struct sink *sink)
{
    sigset_t before;

    ps_signals_block(&before);
    sink->started = pthread_create(&sink->thread, NULL, work, sink) == 0;
    ps_signals_restore(&before);
    if (sink->started)
        pthread_setname_np(sink->thread, "events");
    return sink->started;
}

static bool start(struct sink *sink, const struct ps_config *config, const struct ps_config_sink *place)
{
    pthread_condattr_t attr;

    sink->kind = place->kind;
    sink->path = place->path != NULL ? ps_need(strdup(place->path)) : NULL;
    sink->gateway = ps_need(strdup(config->gateway));
    sink->fd = -1;
    sink->log = (struct ps_sink_syslog){.path = PS_SINK_SYSLOG_PATH, .fd = -1};
    pthread_mutex_init(&sink->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&sink->more, &attr);
    pthread_condattr_destroy(&attr);
    return start_thread(sink);
}

struct ps_sinks *ps_sinks_new(const struct ps_config *config, struct ps_error *err)
{
    struct ps_sinks *sinks = calloc(1, sizeof *sinks);

    if (sinks != NULL)
        sinks->sinks = calloc(config->n_sinks + 1, sizeof *sinks->sinks);
    if (sinks == NULL || sinks->sinks == NULL) {
        free(sinks);
        ps_error_say(err, "no memory for the places of events");
        return NULL;
    }
    while (sinks->n < config->n_sinks) {
        uint32_t i = sinks->n++;

        if (!start(&sinks->sinks[i], config, &config->sinks[i])) {
            ps_error_errno(err, "cannot start a thread for a place of events");
            ps_sinks_free(sinks);
            return NULL;
        }
    }
    return sinks;
}

static void fini(struct sink *sink)
{
    for (; sink->n > 0; sink->n--, sink->first = (sink->first + 1) % QUEUE_LINES)
        free(sink->queue[sink->first].text);
    if (sink->fd >= 0)
        close(sink->fd);
    ps_sink_syslog_close(&sink->log);
    pthread_cond_destroy(&sink->more);
    pthread_mutex_destroy(&sink->lock);
    free(sink->path);
    free(sink->gateway);
}

void ps_sinks_free(struct ps_sinks *sinks)
{
    struct timespec until;
    bool stuck = false;

    for (uint32_t i = 0; sinks != NULL && i < sinks->n; i++) {
        pthread_mutex_lock(&sinks->sinks[i].lock);
        sinks->sinks[i].ending = true;
        pthread_cond_signal(&sinks->sinks[i].more);
        pthread_mutex_unlock(&sinks->sinks[i].lock);
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += FAREWELL_S;
    for (uint32_t i = 0; sinks != NULL && i < sinks->n; i++) {
        struct sink *sink = &sinks->sinks[i];

        /* Stuck in a write: it and its memory stay until the process ends. */
        if (sink->started && pthread_clockjoin_np(sink->thread, NULL, CLOCK_MONOTONIC, &until) != 0)
            stuck = true;
        else
            fini(sink);
    }
    if (sinks != NULL && !stuck)
        free(sinks->sinks);
    free(sinks);
}

void ps_sinks_put(struct ps_sinks *sinks, const json_t *o, enum ps_urgency urgency)
{
    char *whole = json_dumps(o, JSON_COMPACT);

    for (uint32_t i = 0; i < sinks->n; i++) {
        struct sink *sink = &sinks->sinks[i];
        char *text = whole != NULL ? strdup(whole) : NULL;

        pthread_mutex_lock(&sink->lock);
        if (text != NULL && sink->n < QUEUE_LINES) {
            sink->queue[(sink->first + sink->n++) % QUEUE_LINES] = (struct line){text, urgency};
            text = NULL;
        } else {
            sink->n_lost++;
        }
        pthread_cond_signal(&sink->more);
        pthread_mutex_unlock(&sink->lock);
        free(text);
    }
    free(whole);
}

void ps_sinks_reopen(struct ps_sinks *sinks)
{
    for (uint32_t i = 0; sinks != NULL && i < sinks->n; i++) {
        pthread_mutex_lock(&sinks->sinks[i].lock);
        sinks->sinks[i].reopen = true;
        pthread_cond_signal(&sinks->sinks[i].more);
        pthread_mutex_unlock(&sinks->sinks[i].lock);
    }
}

json_t *ps_sinks_json(struct ps_sinks *sinks)
{
    static const char *const kinds[] = {"none", "file", "syslog", "journal"};
    json_t *list = json_array();

    for (uint32_t i = 0; i < sinks->n; i++) {
        struct sink *sink = &sinks->sinks[i];
        json_t *o = json_object();

        ps_json_put(o, "kind", kinds[sink->kind]);
        if (sink->path != NULL)
            ps_json_put_any(o, "path", sink->path);
        pthread_mutex_lock(&sink->lock);
        ps_json_put_n(o, "written", sink->n_written);
        ps_json_put_n(o, "lost", sink->n_lost);
        ps_json_put_n(o, "queued", sink->n);
        if (sink->error[0] != '\0')
            ps_json_put_any(o, "error", sink->error);
        pthread_mutex_unlock(&sink->lock);
        json_array_append_new(list, o);
    }
    return list;
}
