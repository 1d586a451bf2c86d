/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal.h"

#include "clock.h"
#include "event_json.h"
#include "flood.h"
#include "json.h"
#include "sinks.h"
#include "text.h"

static void tell(struct ps_journal *journal, json_t *o, enum ps_urgency urgency)
{
    journal->n_events++;
    if (journal->sinks != NULL)
        ps_sinks_put(journal->sinks, o, urgency);
    if (journal->server != NULL)
        ps_server_tell(journal->server, o);
    json_decref(o);
}

/* ---- events of the engine --------------------------------------------------------------------------------------- */

static bool is_refusal(const struct ps_event *event)
{
    return event->kind == PS_EVENT_DENY || event->kind == PS_EVENT_MALFORMED || event->kind == PS_EVENT_WOULD_DENY;
}

static void tell_engine(struct ps_journal *journal, json_t *o)
{
    bool refusal = json_object_get(o, "reason") != NULL;

    if (refusal) {
        json_t **place = &journal->last[journal->n_last++ % PS_JOURNAL_LAST];

        json_decref(*place);
        *place = json_incref(o);
    }
    tell(journal, o, refusal ? PS_URGENCY_WARNING : PS_URGENCY_INFO);
}

void ps_journal_event(struct ps_journal *journal, const struct ps_policy *policy, const struct ps_event *event)
{
    enum ps_flood_way way = PS_FLOOD_TOLD;
    json_t *o;

    journal->n_refusals += is_refusal(event);
    if (journal->flood != NULL && (is_refusal(event) || event->kind == PS_EVENT_GAP))
        way = ps_flood_take(journal->flood, event);
    journal->n_held += way != PS_FLOOD_TOLD;
    if (way == PS_FLOOD_COUNTED)
        return;
    o = ps_event_json(policy != NULL ? &policy->loaded.image : NULL, policy != NULL ? policy->loaded.digest : NULL,
                      NULL, event);
    ps_json_put(o, "gateway", journal->gateway);
    if (way == PS_FLOOD_HELD)
        ps_flood_hold(journal->flood, o);
    else
        tell_engine(journal, o);
}

/* ---- floods ------------------------------------------------------------------------------------------------------ */

static void put_count(json_t *o, const struct ps_flood_count *count)
{
    char when[PS_TIME_TEXT_MAX];

    ps_json_put_n(o, "count", count->n);
    ps_json_put(o, "first", ps_text_time(count->first_ns, 9, true, when));
    ps_json_put(o, "last", ps_text_time(count->last_ns, 9, true, when));
}

/* One that was held alone is an event like any other. */
static void tell_held(void *ctx, json_t *o, const struct ps_flood_count *count)
{
    if (o == NULL) {
        o = json_object();
        put_count(o, count);
        ps_journal_overload(ctx, "flood", o);
        return;
    }
    if (count->n > 1)
        put_count(o, count);
    tell_engine(ctx, o);
}

void ps_journal_flush(struct ps_journal *journal)
{
    if (journal->flood != NULL)
        ps_flood_flush(journal->flood, tell_held, journal);
}

json_t *ps_journal_last(const struct ps_journal *journal)
{
    json_t *list = json_array();

    for (uint64_t i = 0; i < PS_JOURNAL_LAST && i < journal->n_last; i++)
        json_array_append(list, journal->last[(journal->n_last - 1 - i) % PS_JOURNAL_LAST]);
    return list;
}

void ps_journal_fini(struct ps_journal *journal)
{
    for (unsigned i = 0; i < PS_JOURNAL_LAST; i++)
        json_decref(journal->last[i]);
    ps_flood_free(journal->flood);
}

/* ---- what was done ----------------------------------------------------------------------------------------------- */

struct done {
    const char *kind, *did;
    const struct ps_peer *who; /* NULL: the gateway itself, and nobody is named */
    enum ps_urgency urgency;
};

/* o's own keys come last. */
static void tell_done(struct ps_journal *journal, const struct done *done, json_t *o)
{
    char when[PS_TIME_TEXT_MAX];
    json_t *whole = json_pack("{s:s, s:s, s:s, s:s}", "kind", done->kind, "time",
                              ps_text_time(ps_clock_calendar(), 9, true, when), "gateway", journal->gateway, "did",
                              done->did);

    if (done->who != NULL && done->who->name[0] != '\0') {
        ps_json_put_any(whole, "who", done->who->name);
        ps_json_put_n(whole, "uid", done->who->uid);
        ps_json_put_n(whole, "pid", (uint64_t)done->who->pid);
    }
    json_object_update(whole, o);
    json_decref(o);
    tell(journal, whole, done->urgency);
}

void ps_journal_policy(struct ps_journal *journal, const struct ps_peer *who, const char *did, json_t *o)
{
    bool bad = json_object_get(o, "error") != NULL;
    struct done done = {"policy", did, who, bad ? PS_URGENCY_ERROR : PS_URGENCY_NOTICE};

    tell_done(journal, &done, o);
}

void ps_journal_mode(struct ps_journal *journal, const struct ps_peer *who, const char *did, json_t *o)
{
    struct done done = {"mode", did, who, PS_URGENCY_NOTICE};

    tell_done(journal, &done, o);
}

void ps_journal_system(struct ps_journal *journal, const char *did, json_t *o)
{
    bool bad = json_object_get(o, "error") != NULL;
    struct done done = {"system", did, NULL, bad ? PS_URGENCY_ERROR : PS_URGENCY_NOTICE};

    tell_done(journal, &done, o);
}

void ps_journal_overload(struct ps_journal *journal, const char *did, json_t *o)
{
    struct done done = {"overload", did, NULL, PS_URGENCY_ERROR};

    tell_done(journal, &done, o);
}
