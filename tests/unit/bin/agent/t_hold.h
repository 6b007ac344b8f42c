/*
 * Keys as a release brings them, made afresh.
 */
#pragma once

#include "lib/t.h"

#include "base/clock.h"
#include "bin/agent/hold.h"
#include "codec/pem.h"
#include "crypto/init.h"
#include "crypto/rand.h"
#include "crypto/x509_make.h"

/* A key, its certificate and rights: the buffers a record views. */
struct t_release {
	struct wd_pkey *key;
	struct wd_secret *pkcs8;
	struct wd_bytes *chain;
	struct wd_hold_rights rights;
	struct wd_hold_record record;
};

static inline void
t_release_done(struct t_release *r)
{
	wd_pkey_freep(&r->key);
	wd_secret_freep(&r->pkcs8);
	wd_bytes_freep(&r->chain);
}

/* PEM of a certificate for SUBJECT that ISSUER signed. */
static inline struct wd_bytes *
t_certificate(const struct wd_pkey *subject, const struct wd_pkey *issuer)
{
	static const struct wd_rdn name = { "2.5.4.3", "test" };
	const struct wd_cert_spec spec = {
		.subject = &name,
		.n_subject = 1,
		.not_before = 1700000000,
		.not_after = 2000000000,
		.path_len = -1,
	};
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(8192);
	struct wd_bytes *pem = NULL;

	t_ok(wd_cert_make(&spec, subject, issuer, &der));
	wd_pem_write(&wr, "CERTIFICATE", wd_bytes_span(der));
	t_ok(wd_wr_take(&wr, &pem));
	return pem;
}

/* The same key as one that is not here. */
static inline void
t_release_public(struct t_release *r, struct wd_bytes **spki)
{
	t_ok(wd_pkey_to_spki(r->key, spki));
	r->record.pkcs8 = wd_span(NULL, 0);
	r->record.spki = wd_bytes_span(*spki);
}

/* Version 1 for user 1000 to use and group 2000 to see, for an hour. */
static inline void
t_release_make(struct t_release *r, enum wd_pkey_alg alg)
{
	struct wd_hold_record *m = &r->record;

	t_ok(wd_pkey_generate(alg, &r->key));
	t_ok(wd_pkey_to_pkcs8(r->key, &r->pkcs8));
	r->chain = t_certificate(r->key, r->key);
	r->rights.use[r->rights.n_use++] =
	    (struct wd_hold_grant){ false, 1000 };
	r->rights.see[r->rights.n_see++] = (struct wd_hold_grant){ true, 2000 };
	t_ok(wd_rand_id(&m->id));
	m->version = 1;
	m->label = WD_SPAN_LIT("label");
	m->pkcs8 = wd_secret_borrow(r->pkcs8);
	m->chain_pem = wd_bytes_span(r->chain);
	m->rights = &r->rights;
	m->deadline = wd_time_boot() + 3600;
}
