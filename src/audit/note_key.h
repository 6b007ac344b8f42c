/*
 * Keys of signed notes (C2SP signed-note): a name, and an Ed25519 key bound to
 * it by a short hash. As text, "name+hash+base64" for who verifies and
 * "PRIVATE+KEY+name+hash+base64" for who signs, as other tools write them.
 */
#pragma once

#include "base/wr.h"
#include "crypto/pkey.h"

enum {
	WD_NOTE_NAME = 264, /* room for a name and its NUL */
	WD_NOTE_KEY_TEXT = 384,
	WD_NOTE_KEY_FILE = 1024,
};

struct wd_note_key {
	char name[WD_NOTE_NAME];
	uint8_t id[4];
	struct wd_pkey *key; /* owned */
};

void wd_note_key_done(struct wd_note_key *k);

/* A new key. WD_R_RANGE when the name is empty, too long, or has a space, a
 * plus sign or anything that is not printable ASCII. */
int wd_note_key_generate(struct wd_span name, struct wd_note_key *ret)
    WD_MUST_USE;

/* 0 or a fault; private only from a key that is. */
int wd_note_key_write_public(struct wd_wr *wr, const struct wd_note_key *k)
    WD_MUST_USE;
int wd_note_key_to_private(
    const struct wd_note_key *k, struct wd_secret **ret_text) WD_MUST_USE;

/* One line, with or without its end. WD_R_MALFORMED, also when the hash is not
 * that of name and key. */
int wd_note_key_read_public(struct wd_span text, struct wd_note_key *ret)
    WD_MUST_USE;
int wd_note_key_read_private(struct wd_span text, struct wd_note_key *ret)
    WD_MUST_USE;
