/*
 * What the files of tokens share.
 */
#pragma once

#include "base/reason.h"
#include "hsm/hsm_in.h"
#include "hsm/token.h"

/* A session for reading and one for changes: that is all that a process which
 * does one thing at a time can use. How many processes there are says how much
 * is asked of a token at once. */
enum { TOKEN_READS, TOKEN_WRITES, TOKEN_SESSIONS };

struct wd_token {
	struct wd_token_how how;
	struct wd_hsm_module module;
	struct ck_function_list *f; /* the module's */
	bool found;                 /* the rest is set: */
	ck_slot_id_t slot;
	struct ck_token_info info;
	struct {
		bool open;
		ck_session_handle_t handle;
	} sessions[TOKEN_SESSIONS];
	ck_session_handle_t session; /* of the call that runs */
	ck_rv_t rv;                  /* why a step of it failed */
	struct wd_secret *refused;   /* a PIN that the token did not take */
	ck_mechanism_type_t kwp;     /* of RFC 5649; 0: not known yet */
};

/* ---- token.c */

/* One call: WORK with a session, and once more when that was lost. */
typedef int (*wd_token_work)(struct wd_token *t, void *ctx, struct wd_diag *d);
int wd_token_run(struct wd_token *t, bool write, wd_token_work work, void *ctx,
    struct wd_diag *d) WD_MUST_USE;

/* ---- token_answer.c */

/* As a rejection, what the token would not do; RV is kept in T. */
int wd_token_refuse(
    struct wd_token *t, struct wd_diag *d, const char *what, ck_rv_t rv);

/* Its label, or else its serial number, for sentences. */
const char *wd_token_name(const struct wd_token *t);

/* A new session may cure it; or only a module that is initialized anew. */
bool wd_token_is_lost(ck_rv_t rv);
bool wd_token_is_away(ck_rv_t rv);

/* ---- token_kind.c */

enum { TOKEN_VALUE_MAX = 1024 }; /* bytes of an attribute */

/* How a kind of key is in tokens. */
struct wd_token_shape {
	struct wd_token_kind kind;
	ck_object_class_t class;
	ck_key_type_t type;
	ck_mechanism_type_t generate;
	unsigned long bits;
	struct wd_span params; /* CKA_EC_PARAMS */
};
/* NULL: none. */
const struct wd_token_shape *wd_token_shape(const struct wd_token_kind *kind);
const struct wd_token_shape *wd_token_shape_of(
    ck_key_type_t type, unsigned long bits, struct wd_span params);

/* An attribute that is "yes" or "no"; false: it is not there. */
bool wd_token_flag(struct wd_token *t, ck_object_handle_t object,
    ck_attribute_type_t type, bool *ret);
/* It is there, and "yes". */
bool wd_token_is(
    struct wd_token *t, ck_object_handle_t object, ck_attribute_type_t type);

/* One of at most MAX bytes. *RET, which is freed, becomes NULL when there is
 * none. */
int wd_token_bytes(struct wd_token *t, ck_object_handle_t object,
    ck_attribute_type_t type, size_t max, struct wd_bytes **ret,
    struct wd_diag *d) WD_MUST_USE;
int wd_token_number(struct wd_token *t, ck_object_handle_t object,
    ck_attribute_type_t type, unsigned long *ret, struct wd_diag *d)
    WD_MUST_USE;

/* ---- token_find.c */

/* A key of a token in the session that runs. */
struct wd_token_object {
	ck_object_handle_t handle;
	ck_object_handle_t public; /* of a pair; 0: there is none */
	const struct wd_token_shape *shape;
	struct wd_hsm_uri uri; /* class, id, label */
};
int wd_token_object(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_token_object *ret, struct wd_diag *d) WD_MUST_USE;

/* Its handle and shape alone, for a key that is only used: each question may
 * be a way over the network. */
int wd_token_handle(struct wd_token *t, const struct wd_hsm_uri *uri,
    struct wd_token_object *ret, struct wd_diag *d) WD_MUST_USE;

/* How many objects have CLASS and the id, or else the label, of URI; up to MAX
 * of them in RET. */
int wd_token_search(struct wd_token *t, ck_object_class_t class,
    const struct wd_hsm_uri *uri, ck_object_handle_t *ret, size_t max,
    size_t *ret_n, struct wd_diag *d) WD_MUST_USE;

/* WD_R_UNSUPPORTED when O is no key to rely on. */
int wd_token_judge(struct wd_token *t, const struct wd_token_object *o,
    bool *ret_stays, struct wd_diag *d) WD_MUST_USE;

/* O for the outside, judged. */
int wd_token_describe(struct wd_token *t, const struct wd_token_object *o,
    struct wd_token_key *ret, struct wd_diag *d) WD_MUST_USE;

/* ---- token_public.c */

int wd_token_public(struct wd_token *t, const struct wd_token_object *o,
    struct wd_pkey **ret, struct wd_diag *d) WD_MUST_USE;

/* ---- token_mech.c */

/* Beside each other, since one points to the other; must not be copied. */
struct wd_token_mechanism {
	struct ck_mechanism m;
	struct ck_gcm_params gcm;
	struct ck_rsa_pkcs_oaep_params oaep;
	struct ck_rsa_pkcs_pss_params pss;
	unsigned char nonce[12];
};
void wd_token_plain(struct wd_token_mechanism *x, ck_mechanism_type_t type);
void wd_token_gcm(struct wd_token_mechanism *x, struct wd_span aad);
void wd_token_oaep(struct wd_token_mechanism *x, bool sha1);
void wd_token_pss(struct wd_token_mechanism *x, enum wd_hash hash);

/* The interface lacks a const; nobody writes there. */
unsigned char *wd_token_in(struct wd_span s);
void wd_token_attribute(
    struct ck_attribute *a, ck_attribute_type_t type, struct wd_span value);

/* ---- token_wrap.c */

/* The mechanism of RFC 5649 that the module has. WD_R_UNSUPPORTED. */
int wd_token_kwp(struct wd_token *t, ck_mechanism_type_t *ret,
    struct wd_diag *d) WD_MUST_USE;

/* ---- token_use.c */

/* With a key of the session that runs, as wd_token_encrypt() and
 * wd_token_sign(). *RET, which is freed, is set even on failure. */
int wd_token_seal(struct wd_token *t, const struct wd_token_object *o,
    struct wd_span plain, struct wd_span aad, struct wd_secret **ret,
    struct wd_diag *d) WD_MUST_USE;
int wd_token_sign_object(struct wd_token *t, const struct wd_token_object *o,
    enum wd_token_scheme scheme, const struct wd_token_text *text,
    struct wd_secret **ret, struct wd_diag *d) WD_MUST_USE;

/* ---- token_bring.c */

/* The key of SPEC into the token; O has its shape and gets its handles. */
int wd_token_bring(struct wd_token *t, const struct wd_token_spec *spec,
    struct wd_token_object *o, struct wd_diag *d) WD_MUST_USE;

/* ---- token_prove.c */

/* That O is the private half of its public key, or is the AES key BYTES: by
 * its doing. One that was made, or may do nothing of the kind, is believed.
 * WD_R_BACKEND_ANSWER. */
int wd_token_prove(struct wd_token *t, const struct wd_token_object *o,
    struct wd_span bytes, struct wd_diag *d) WD_MUST_USE;

/* ---- token_make.c */

enum { TOKEN_TEMPLATE_MAX = 24 };

/* Attributes with the values they point to; must not be copied. */
struct wd_token_template {
	struct ck_attribute at[TOKEN_TEMPLATE_MAX];
	size_t n;
	ck_object_class_t class;
	ck_key_type_t type;
	unsigned long bits;
	unsigned char yes, no;
};
void wd_token_private_template(const struct wd_token_spec *spec,
    const struct wd_token_shape *shape, struct wd_token_template *ret);
void wd_token_public_template(const struct wd_token_spec *spec,
    const struct wd_token_shape *shape, struct wd_token_template *ret);
void wd_token_template_add(struct wd_token_template *x,
    ck_attribute_type_t type, struct wd_span value);
