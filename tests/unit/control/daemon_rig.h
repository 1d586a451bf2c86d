/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * daemon_rig.h - the control thread's world without the thread: policies, engines and a state folder as they are, a crew of
 * two that does not run, and a control socket that writes down what it is told to say.
 */
#pragma once

#include "daemon.h"
#include "fake_port.h"
#include "rig.h"

struct daemon_rig {
    struct ps_daemon daemon;
    struct ps_config config;
    struct ps_backend backend;
    struct ps_io_port ports[2];
    struct ps_io io;
    struct rig packets; /* for the engine of the first worker */
    char folder[64];    /* of the state */
    char plant[96];     /* path of the plant file, in it */
    /* what was said last, since the last request */
    json_t *reply;      /* NULL: nothing, or a refusal */
    char refusal[512];  /* "": none */
    uint64_t client;    /* to whom */
    bool with_fd;
    uint32_t n_replies, n_followers;
    json_t *told;       /* to those who follow: the last one */
    bool refuses;       /* the next policies are not to be published */
    /* the ports: ps_io_carry_for() and ps_io_carried() */
    uint32_t carry_state, n_carry_for;
    bool carry_fails, carries;
};

/* "gw" with zones ops (hmi, eng) at port p0, ctl (plc) and lab (probe) at port p1; conduit "main" from ops to ctl by which hmi
 * reads ("poll"), and "watched" from lab to ctl, in monitor mode, by which nobody may do anything. */
extern const char daemon_rig_plant[];

/* No policy is in force yet. */
void daemon_rig_init(struct daemon_rig *r);
void daemon_rig_init_with(struct daemon_rig *r, uint32_t n_workers); /* 0: others enforce */
void daemon_rig_fini(struct daemon_rig *r);

/* An image of the text, as the loader brings it. */
void daemon_rig_load(const char *text, struct ps_loaded *loaded);
/* It is in force. NULL text: the plant above. */
const struct ps_policy *daemon_rig_publish(struct daemon_rig *r, const char *text);

/* Every engine has obeyed, and judged its flows again. */
void daemon_rig_settle(struct daemon_rig *r);

/* A request with these members, such as "\"verb\":\"status\"", by client 7, whose name is otto. */
void daemon_rig_ask(struct daemon_rig *r, const char *members, bool may_change);

/* What the last one answered at a path, as text: "" when there is none. */
const char *daemon_rig_said(const struct daemon_rig *r, const char *path);
