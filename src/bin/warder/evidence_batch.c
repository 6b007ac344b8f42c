/*
 * The loop over lines. A line that cannot be understood is answered too, and
 * the run goes on: one bad request must not cost the others their answer.
 */
#include "bin/warder/evidence_batch.h"

#include "base/alloc.h"
#include "bin/warder/evidence.h"
#include "bin/warder/evidence_answer.h"

enum { ID_MAX = 256, PATH_MAX_BYTES = 4096 };

static int
read_inputs(
    struct evidence_request *q, const struct wd_jval *inputs, struct wd_diag *d)
{
	struct wd_jwalk w = { 0 };
	char path[PATH_MAX_BYTES];
	struct wd_span text;
	int r;

	while (wd_jval_walk(inputs, &w)) {
		if (!wd_jval_text(w.value, &text) ||
		    !wd_span_to_text(text, path, sizeof(path)))
			return wd_reject(
			    d, WD_R_MALFORMED, "inputs: not a path");
		r = evidence_input(q, wd_span_text(w.name), path, d);
		if (r != 0)
			return r;
	}
	return 0;
}

/* What came with the request beside id and tee. */
struct members {
	struct wd_span at, nonce;
	bool has_nonce;
	const struct wd_jval *policy, *inputs;
};

static int
read_members(
    struct evidence_request *q, const struct members *m, struct wd_diag *d)
{
	int r;

	if ((r = evidence_at(q, m->at, d)) != 0 ||
	    (m->has_nonce && (r = evidence_nonce(q, m->nonce, d)) != 0) ||
	    (m->policy != NULL && (r = evidence_policy(q, m->policy, d)) != 0))
		return r;
	return read_inputs(q, m->inputs, d);
}

/* 0 when the line is a request; its own rejection is then *RET_R. */
static int
read_request(const struct wd_json *doc, struct evidence_request *q,
    struct wd_span *ret_id, int *ret_r, struct wd_diag *d)
{
	struct wd_jobj o;
	struct members m;
	struct wd_span tee;
	int r;

	wd_jobj_open(&o, wd_json_root(doc), d, "request");
	*ret_id = wd_jobj_text(&o, "id", WD_REQUIRED, ID_MAX);
	tee = wd_jobj_text(&o, "tee", WD_REQUIRED, 64);
	m.at = wd_jobj_text(&o, "at", WD_REQUIRED, 64);
	m.has_nonce = wd_jobj_has(&o, "nonce");
	m.nonce = wd_jobj_text(&o, "nonce", WD_OPTIONAL, 1024);
	m.policy = wd_jobj_object(&o, "policy", WD_OPTIONAL);
	m.inputs = wd_jobj_object(&o, "inputs", WD_REQUIRED);
	if ((r = wd_jobj_close(&o)) != 0)
		return r;
	*ret_r = evidence_tee(q, tee, d);
	if (*ret_r == 0)
		*ret_r = read_members(q, &m, d);
	return 0;
}

static enum cli_exit
answer(FILE *to, struct wd_span id, int r, const struct wd_claims *claims,
    const struct wd_diag *d, enum cli_exit otherwise)
{
	if (!evidence_answer_json(to, id, r, claims, d))
		return CLI_FAULT;
	return r < 0 ? CLI_FAULT : otherwise;
}

static enum cli_exit
answer_line(struct evidence_verifiers *v, struct wd_span line, FILE *to)
{
	WD_AUTO(wd_json_freep) struct wd_json *doc = NULL;
	WD_AUTO(evidence_done) struct evidence_request q = { 0 };
	struct wd_claims claims = { 0 };
	struct wd_diag d = { 0 };
	struct wd_span id = { 0 };
	int r, own = 0;

	if ((r = wd_json_parse(line, &d, &doc)) != 0 ||
	    (r = read_request(doc, &q, &id, &own, &d)) != 0)
		return answer(to, id, r, NULL, &d, CLI_USAGE);
	if (own == 0)
		own = evidence_appraise(v, &q, &claims, &d);
	return answer(to, id, own, &claims, &d, CLI_OK);
}

enum cli_exit
evidence_batch(FILE *from, FILE *to)
{
	WD_AUTO(evidence_verifiers_freep)
	struct evidence_verifiers *v = evidence_verifiers_new();
	WD_AUTO(wd_libc_freep) char *line = NULL;
	enum cli_exit worst = CLI_OK;
	size_t size = 0;
	ssize_t n;

	if (v == NULL)
		return CLI_FAULT;
	while ((n = getline(&line, &size, from)) > 0) {
		enum cli_exit e;

		if (line[n - 1] == '\n')
			n--;
		e = answer_line(v, wd_span(line, (size_t)n), to);
		if (e != CLI_OK && worst != CLI_FAULT)
			worst = e;
	}
	return ferror(from) ? CLI_FAULT : worst;
}
