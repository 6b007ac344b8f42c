/*
 * Chains as operators give them. Only the form is checked; which chains are
 * trusted is decided elsewhere.
 */
#include "crypto/x509.h"

#include "base/rd.h"
#include "codec/pem.h"

void
wd_chain_done(struct wd_chain *chain)
{
	for (size_t i = 0; i < chain->n; i++)
		chain->cert[i] = wd_cert_free(chain->cert[i]);
	chain->n = 0;
}

static int
next_cert(struct wd_rd *rd, struct wd_cert **ret)
{
	WD_AUTO(wd_bytes_freep) struct wd_bytes *der = NULL;
	int r = wd_pem_next(rd, "CERTIFICATE", &der);

	return r != 0 ? r : wd_cert_parse(wd_bytes_span(der), ret);
}

/* WD_R_NOT_FOUND when the text is read to its end. */
static int
append(struct wd_rd *rd, struct wd_chain *chain, struct wd_diag *d)
{
	WD_AUTO(wd_cert_freep) struct wd_cert *c = NULL;
	int r = next_cert(rd, &c);

	if (r == WD_R_MALFORMED)
		return wd_reject(d, WD_R_MALFORMED,
		    "certificate %zu of the chain is malformed", chain->n + 1);
	if (r != 0)
		return r;
	if (chain->n == WD_N(chain->cert))
		return wd_reject(d, WD_R_MALFORMED,
		    "a chain has at most %zu certificates", WD_N(chain->cert));
	chain->cert[chain->n++] = WD_TAKE(c);
	return 0;
}

int
wd_chain_parse_pem(struct wd_span pem, struct wd_chain *ret, struct wd_diag *d)
{
	WD_AUTO(wd_chain_done) struct wd_chain chain = { 0 };
	struct wd_rd rd = wd_rd(pem);
	int r;

	while ((r = append(&rd, &chain, d)) == 0)
		continue;
	if (r != WD_R_NOT_FOUND)
		return r;
	if (chain.n == 0)
		return wd_reject(
		    d, WD_R_MALFORMED, "there is no certificate in the chain");
	*ret = chain;
	chain.n = 0;
	return 0;
}
