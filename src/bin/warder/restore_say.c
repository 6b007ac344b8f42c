/*
 * What is said of a backup that was restored or verified. What a store from
 * before has lost stands there in words: nobody else will remember it.
 */
#include "bin/warder/restore_say.h"

#include "base/clock.h"
#include "codec/base64.h"
#include "codec/jtext.h"
#include "crypto/jwk.h"

#include <stdio.h>

enum { JSON_MAX = 1 << 18 };

enum cli_exit
restore_complain(const char *verb, int result, const struct wd_diag *d)
{
	(void)fprintf(stderr, "%s: %s\n", verb,
	    d->detail[0] != '\0' ? d->detail : wd_reason_row(result)->sentence);
	return result > 0 ? CLI_REJECTED : CLI_FAULT;
}

/* The pin of agents, as init prints it. */
static bool
thumbprint(const struct restore *r, char ret[44])
{
	WD_AUTO(wd_pkey_freep) struct wd_pkey *k = NULL;
	struct wd_wr wr = wd_wr_fixed(ret, 43);
	uint8_t digest[32];

	if (!r->open ||
	    wd_pkey_from_private(wd_secret_borrow(r->ring.release_key), &k) !=
		0 ||
	    wd_jwk_thumbprint(k, digest) != 0)
		return false;
	wd_b64url_write(&wr, WD_SPAN(digest));
	ret[wr.len] = '\0';
	return wd_wr_end(&wr) == 0;
}

/* ---- in words */

static void
say_backup(const struct restore *r)
{
	char made[WD_TIME_TEXT], pin[44];

	wd_time_format(r->f.manifest.made, made);
	(void)printf("backup      %s of %s\n", r->f.manifest.backup.s, made);
	(void)printf("server      %s, store %s\n", r->f.server_name,
	    r->f.manifest.store.s);
	(void)printf("rows        %llu, whole, every reference holds\n",
	    (unsigned long long)r->loaded.rows);
	if (r->open)
		(void)printf("secrets     %llu versions of keys and %llu "
			     "resources: each opens\n",
		    (unsigned long long)r->keys,
		    (unsigned long long)r->secrets);
	if (thumbprint(r, pin))
		(void)printf("release key %s\n", pin);
}

/* Nobody but the HSM can say whether it opens them. */
static void
say_wrapped(const struct restore *r)
{
	if (r->wrapped > 0)
		(void)printf("HSM         %llu keys and secrets open with the "
			     "HSM of the seal alone: without it\n"
			     "            they answer hsm_unavailable\n",
		    (unsigned long long)r->wrapped);
}

static void
say_lost(const struct restore *r)
{
	char made[WD_TIME_TEXT], when[WD_TIME_TEXT];

	wd_time_format(r->f.manifest.made, made);
	(void)printf("LOST        what was changed after %s, revocations "
		     "among it; tokens revoked\n"
		     "            since then are good again\n",
	    made);
	if (!r->same_log) {
		(void)printf("            the log of that time is not here, "
			     "so this is all that is known\n");
		return;
	}
	(void)printf("            the log has %llu changes since entry %llu:\n",
	    (unsigned long long)r->n_lost,
	    (unsigned long long)r->f.manifest.log_entries);
	for (size_t i = 0; i < r->n_lost && i < RESTORE_LOST; i++) {
		wd_time_format(r->lost[i].time, when);
		(void)printf("            %llu %s %s %s\n",
		    (unsigned long long)r->lost[i].entry, when,
		    r->lost[i].event, r->lost[i].detail);
	}
	if (r->n_lost > RESTORE_LOST)
		(void)printf("            and more: warder audit tail\n");
}

static void
say(const struct restore *r)
{
	(void)printf("restored in %s\n", r->x->conf.state_dir);
	say_backup(r);
	say_wrapped(r);
	if (r->same_log)
		(void)printf("log         goes on; its %llu entries are what "
			     "was signed\n",
		    (unsigned long long)r->entries);
	else
		(void)printf("log         begins anew\n");
	if (r->x->log_key[0] != '\0')
		(void)printf("log key     %s\n", r->x->log_key);
	if (r->x->made_key)
		(void)printf("TLS         a new key and certificate: %s\n",
		    r->x->conf.tls_certificate);
	(void)printf("void        sessions, challenges and leases: agents "
		     "attest again\n");
	say_lost(r);
	(void)printf("next        start warderd and unseal it as before; "
		     "warder init --new-token\n"
		     "            makes a token where none is left\n");
}

/* ---- as JSON */

static void
put_lost(struct wd_jtext *j, const struct restore *r)
{
	wd_jtext_key(j, "lost");
	wd_jtext_array(j);
	for (size_t i = 0; i < r->n_lost && i < RESTORE_LOST; i++) {
		wd_jtext_object(j);
		wd_jtext_key_text(j, "detail", r->lost[i].detail);
		wd_jtext_key_uint(j, "entry", r->lost[i].entry);
		wd_jtext_key_text(j, "event", r->lost[i].event);
		wd_jtext_key(j, "time");
		wd_jtext_time(j, r->lost[i].time);
		wd_jtext_end(j);
	}
	wd_jtext_end(j);
	wd_jtext_key_uint(j, "lost_count", r->n_lost);
}

/* RESTORED: what only a place has that a server was made in. */
static bool
put(const struct restore *r, bool restored)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(JSON_MAX);
	struct wd_jtext j = wd_jtext(&wr);
	char pin[44];

	wd_jtext_object(&j);
	wd_jtext_key_bool(&j, "authentic", r->open);
	wd_jtext_key_text(&j, "backup", r->f.manifest.backup.s);
	wd_jtext_key_uint(&j, "keys", r->keys);
	wd_jtext_key_uint(&j, "log_entries", r->f.manifest.log_entries);
	if (restored) {
		if (r->x->log_key[0] != '\0')
			wd_jtext_key_text(&j, "log_key", r->x->log_key);
		put_lost(&j, r);
	}
	wd_jtext_key(&j, "made");
	wd_jtext_time(&j, r->f.manifest.made);
	if (thumbprint(r, pin))
		wd_jtext_key_text(&j, "release_key", pin);
	wd_jtext_key_uint(&j, "rows", r->loaded.rows);
	if (restored)
		wd_jtext_key_bool(&j, "same_log", r->same_log);
	wd_jtext_key_uint(&j, "seal_wrapped", r->wrapped);
	wd_jtext_key_uint(&j, "secrets", r->secrets);
	wd_jtext_key_text(&j, "server_name", r->f.server_name);
	if (restored)
		wd_jtext_key_text(&j, "state_dir", r->x->conf.state_dir);
	wd_jtext_key_text(&j, "store", r->f.manifest.store.s);
	wd_jtext_end(&j);
	wd_wr_u8(&wr, '\n');
	return wd_wr_end(&wr) == 0 && fwrite(wr.p, 1, wr.len, stdout) == wr.len;
}

/* ---- */

bool
restore_say(const struct restore *r, bool json)
{
	if (json)
		return put(r, true) && fflush(stdout) == 0;
	say(r);
	return fflush(stdout) == 0;
}

bool
restore_say_verified(const struct restore *r, bool json)
{
	if (json)
		return put(r, false) && fflush(stdout) == 0;
	say_backup(r);
	say_wrapped(r);
	if (!r->open)
		(void)printf("NOT LOOKED AT: whether this server made it, and "
			     "whether its secrets open; leave out --sealed\n");
	(void)printf("verified\n");
	return fflush(stdout) == 0;
}
