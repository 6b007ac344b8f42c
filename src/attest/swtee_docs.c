/*
 * TCB info and QE identity, spelt member by member as Intel serves them:
 * compact, in Intel's order, signed over the bytes of the inner value. All
 * that goes in is numbers, hexadecimal digits and checked words, so nothing
 * needs escapes.
 */
#include "attest/swtee_in.h"

#include "base/clock.h"

#include <stdio.h>

enum { DOC_MAX = 262144, LEVELS_MAX = 64, DAYS = 86400, VALID_DAYS = 30 };

static void
put_hex_upper(struct wd_wr *wr, struct wd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		wd_wr_printf(wr, "%02X", s.p[i]);
}

static void
put_time(struct wd_wr *wr, const char *name, int64_t seconds)
{
	char text[WD_TIME_TEXT];

	wd_time_format(seconds, text);
	wd_wr_printf(wr, "\"%s\":\"%s\"", name, text);
}

static void
put_dates(struct wd_wr *wr, const struct wd_swtee_collateral *c)
{
	put_time(wr, "issueDate", c->issued);
	wd_wr_u8(wr, ',');
	put_time(wr, "nextUpdate",
	    c->next_update != 0 ? c->next_update
				: c->issued + VALID_DAYS * (int64_t)DAYS);
}

static uint32_t
evaluation_number(const struct wd_swtee_collateral *c)
{
	return c->evaluation_number == 0 ? WD_SWTEE_EVALUATION_NUMBER
					 : c->evaluation_number;
}

/* Words of letters, digits and dashes with one comma between two. */
static bool
are_advisories(struct wd_span s)
{
	bool in_word = false;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (c == ',' && in_word) {
			in_word = false;
			continue;
		}
		if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z') &&
		    (c < '0' || c > '9') && c != '-')
			return false;
		in_word = true;
	}
	return in_word;
}

static void
put_advisories(struct wd_wr *wr, const char *list)
{
	struct wd_span s = wd_span_text(list);

	if (s.len == 0)
		return;
	wd_wr_text(wr, ",\"advisoryIDs\":[\"");
	for (size_t i = 0; i < s.len; i++)
		wd_wr_bytes(wr,
		    s.p[i] == ',' ? WD_SPAN_LIT("\",\"") : wd_span(s.p + i, 1));
	wd_wr_text(wr, "\"]");
}

/* What follows the tcb of every level. */
static void
put_verdict(struct wd_wr *wr, enum wd_tcb_status status, int64_t date,
    const char *advisories)
{
	wd_wr_u8(wr, ',');
	put_time(wr, "tcbDate", date);
	wd_wr_printf(wr, ",\"tcbStatus\":\"%s\"", wd_tcb_status_name(status));
	put_advisories(wr, advisories);
	wd_wr_u8(wr, '}');
}

static void
put_components(struct wd_wr *wr, unsigned version, const uint8_t *svn)
{
	if (version == 3)
		wd_wr_text(wr, "\"sgxtcbcomponents\":[");
	for (unsigned i = 0; i < WD_TCB_COMPONENTS; i++) {
		const char *comma = i + 1 < WD_TCB_COMPONENTS ? "," : "";

		if (version == 3)
			wd_wr_printf(wr, "{\"svn\":%u}%s", svn[i], comma);
		else
			wd_wr_printf(wr, "\"sgxtcbcomp%02usvn\":%u%s", i + 1,
			    svn[i], comma);
	}
	if (version == 3)
		wd_wr_u8(wr, ']');
}

/* As Intel has it: the module's ISVSVN, never its version, the microcode. */
static void
put_td_components(struct wd_wr *wr)
{
	wd_wr_printf(wr,
	    ",\"tdxtcbcomponents\":[{\"svn\":%d},{\"svn\":0},{\"svn\":%d}",
	    WD_SWTEE_MODULE_SVN, WD_SWTEE_MICROCODE);
	for (unsigned i = 3; i < WD_TCB_COMPONENTS; i++)
		wd_wr_text(wr, ",{\"svn\":0}");
	wd_wr_u8(wr, ']');
}

static void
put_level(struct wd_wr *wr, const struct wd_swtee_collateral *c, bool is_td,
    const struct wd_swtee_level *l)
{
	wd_wr_text(wr, "{\"tcb\":{");
	put_components(wr, is_td ? 3 : c->tcb_info_version, l->components);
	wd_wr_printf(wr, ",\"pcesvn\":%u", l->pcesvn);
	if (is_td)
		put_td_components(wr);
	wd_wr_u8(wr, '}');
	put_verdict(
	    wr, l->status, l->date == 0 ? c->issued : l->date, l->advisories);
}

static bool
is_out_of_date(enum wd_tcb_status s)
{
	return s == WD_TCB_OUT_OF_DATE ||
	    s == WD_TCB_OUT_OF_DATE_CONFIGURATION || s == WD_TCB_REVOKED;
}

/* The platform's own level with STATUS, and its neighbours. */
static size_t
usual_levels(const struct wd_swtee *t, const struct wd_swtee_collateral *c,
    struct wd_swtee_level ret[3])
{
	const struct wd_pck *pck = wd_swtee_pck(t);
	struct wd_swtee_level own = { .pcesvn = pck->pcesvn,
		.status = c->status,
		.advisories = c->advisories };
	size_t n = 0;

	wd_copy(own.components, WD_SPAN(pck->components));
	if (is_out_of_date(c->status) && own.pcesvn < UINT16_MAX) {
		ret[n] = own;
		ret[n].pcesvn++;
		ret[n].status = WD_TCB_UP_TO_DATE;
		ret[n++].advisories = NULL;
	}
	ret[n++] = own;
	if (own.pcesvn > 0) {
		ret[n] = own;
		ret[n].pcesvn--;
		ret[n++].status = WD_TCB_OUT_OF_DATE;
	}
	return n;
}

static int
check_level(const struct wd_swtee_level *l, struct wd_diag *d)
{
	if (l->status >= WD_TCB_RELAUNCH)
		return wd_reject(d, WD_R_RANGE,
		    "%s: not a status that documents have",
		    wd_tcb_status_name(l->status));
	if (l->advisories != NULL &&
	    !are_advisories(wd_span_text(l->advisories)))
		return wd_reject(d, WD_R_MALFORMED,
		    "advisories are letters, digits and dashes");
	return 0;
}

static int
put_levels(struct wd_wr *wr, const struct wd_swtee *t,
    const struct wd_swtee_collateral *c, bool is_td, struct wd_diag *d)
{
	struct wd_swtee_level usual[3];
	const struct wd_swtee_level *l = c->levels;
	size_t n = c->n_levels;
	int r;

	if (n == 0) {
		n = usual_levels(t, c, usual);
		l = usual;
	}
	if (n > LEVELS_MAX)
		return wd_reject(d, WD_R_RANGE, "too many levels");
	for (size_t i = 0; i < n; i++) {
		if ((r = check_level(&l[i], d)) != 0)
			return r;
		put_level(wr, c, is_td, &l[i]);
		if (i + 1 < n)
			wd_wr_u8(wr, ',');
	}
	return 0;
}

/* {"NAME":BODY,"signature":"…"} */
static int
sign_document(const struct wd_swtee *t, const char *name, struct wd_span body,
    struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(DOC_MAX);
	uint8_t rs[64];
	int r = wd_swtee_sign(t, WD_SWTEE_SIGNING, body, rs, d);

	if (r != 0)
		return r;
	wd_wr_printf(&wr, "{\"%s\":", name);
	wd_wr_bytes(&wr, body);
	wd_wr_text(&wr, ",\"signature\":\"");
	for (size_t i = 0; i < sizeof(rs); i++)
		wd_wr_printf(&wr, "%02x", rs[i]);
	wd_wr_text(&wr, "\"}");
	if (wd_wr_take(&wr, ret) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for %s", name);
	return 0;
}

/* What TCB info has for TDX modules. */
static void
put_modules(struct wd_wr *wr, const struct wd_swtee_collateral *c)
{
	static const char zeros[] = "0000000000000000";
	char fields[200];

	(void)snprintf(fields, sizeof(fields),
	    "\"mrsigner\":\"%s%s%s%s%s%s\",\"attributes\":\"%s\","
	    "\"attributesMask\":\"FFFFFFFFFFFFFFFF\"",
	    zeros, zeros, zeros, zeros, zeros, zeros, zeros);
	wd_wr_printf(wr,
	    "\"tdxModule\":{%s},\"tdxModuleIdentities\":[{\"id\":\"TDX_01\",",
	    fields);
	wd_wr_printf(wr, "%s,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":%d}", fields,
	    WD_SWTEE_MODULE_SVN);
	put_verdict(wr, c->module_status, c->issued, NULL);
	wd_wr_printf(wr, ",{\"tcb\":{\"isvsvn\":%d}", WD_SWTEE_MODULE_SVN_OLD);
	put_verdict(wr, WD_TCB_OUT_OF_DATE, c->issued, "INTEL-SA-01036");
	wd_wr_printf(wr, "]},{\"id\":\"TDX_03\",%s,\"tcbLevels\":[", fields);
	wd_wr_text(wr, "{\"tcb\":{\"isvsvn\":3}");
	put_verdict(wr, WD_TCB_UP_TO_DATE, c->issued, NULL);
	wd_wr_text(wr, "]}],");
}

static void
put_tcb_head(struct wd_wr *wr, const struct wd_swtee_collateral *c, bool is_td)
{
	if (is_td)
		wd_wr_text(wr, "{\"id\":\"TDX\",\"version\":3,");
	else
		wd_wr_printf(wr, "{%s\"version\":%u,",
		    c->tcb_info_version == 3 ? "\"id\":\"SGX\"," : "",
		    c->tcb_info_version);
}

int
wd_swtee_tcb_info(const struct wd_swtee *t, const struct wd_swtee_collateral *c,
    bool is_td, struct wd_bytes **ret, struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(DOC_MAX);
	const struct wd_pck *pck = wd_swtee_pck(t);
	int r;

	if (c->module_status >= WD_TCB_RELAUNCH)
		return wd_reject(
		    d, WD_R_RANGE, "not a status that modules have");
	put_tcb_head(&wr, c, is_td);
	put_dates(&wr, c);
	wd_wr_text(&wr, ",\"fmspc\":\"");
	put_hex_upper(&wr, WD_SPAN(pck->fmspc));
	wd_wr_text(&wr, "\",\"pceId\":\"");
	put_hex_upper(&wr, WD_SPAN(pck->pceid));
	wd_wr_printf(&wr, "\",\"tcbType\":0,\"tcbEvaluationDataNumber\":%u,",
	    evaluation_number(c));
	if (is_td)
		put_modules(&wr, c);
	wd_wr_text(&wr, "\"tcbLevels\":[");
	if ((r = put_levels(&wr, t, c, is_td, d)) != 0)
		return r;
	wd_wr_text(&wr, "]}");
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for TCB info");
	return sign_document(t, "tcbInfo", wd_wr_span(&wr), ret, d);
}

/* Two levels: of the quoting enclave as it is, and of an older one. */
static void
put_qe_levels(struct wd_wr *wr, const struct wd_swtee_collateral *c)
{
	wd_wr_printf(wr, "{\"tcb\":{\"isvsvn\":%u}", (unsigned)WD_SWTEE_QE_SVN);
	put_verdict(wr, c->qe_status, c->issued, NULL);
	wd_wr_printf(
	    wr, ",{\"tcb\":{\"isvsvn\":%u}", (unsigned)WD_SWTEE_QE_SVN_OLD);
	put_verdict(wr, WD_TCB_OUT_OF_DATE, c->issued, "INTEL-SA-00615");
}

int
wd_swtee_qe_identity(const struct wd_swtee *t,
    const struct wd_swtee_collateral *c, bool is_td, struct wd_bytes **ret,
    struct wd_diag *d)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(DOC_MAX);
	const struct wd_swtee_qe *qe = wd_swtee_qe(is_td);

	if (c->qe_status >= WD_TCB_RELAUNCH)
		return wd_reject(
		    d, WD_R_RANGE, "not a status that identities have");
	wd_wr_printf(&wr, "{\"id\":\"%s\",\"version\":2,", qe->id);
	put_dates(&wr, c);
	wd_wr_printf(
	    &wr, ",\"tcbEvaluationDataNumber\":%u,", evaluation_number(c));
	wd_wr_text(&wr,
	    "\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\","
	    "\"attributes\":\"11000000000000000000000000000000\","
	    "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\","
	    "\"mrsigner\":\"");
	put_hex_upper(&wr, WD_SPAN(qe->mrsigner));
	wd_wr_printf(&wr, "\",\"isvprodid\":%u,\"tcbLevels\":[", qe->prod_id);
	put_qe_levels(&wr, c);
	wd_wr_text(&wr, "]}");
	if (wd_wr_end(&wr) != 0)
		return wd_fault(d, WD_F_MEMORY, "no room for QE identity");
	return sign_document(t, "enclaveIdentity", wd_wr_span(&wr), ret, d);
}
