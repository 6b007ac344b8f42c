/*
 * Values of the rules that evidence is judged by. What is not named in them is
 * not asked for; a name that is not known is refused.
 */
#include "bin/common/conf.h"

#include "base/num.h"
#include "base/rd.h"
#include "verify/snp/tcb.h"

enum { PCR_LAST = 23 };

static int
wrong_form(const struct wd_conf_value *v, struct wd_diag *d)
{
	return wd_reject(d, WD_R_MALFORMED, "%s is not %s", v->key->name,
	    wd_conf_form(v->key->type));
}

static const struct {
	const char *name;
	size_t at;
} components[] = {
	{ "fmc", offsetof(struct wd_snp_tcb, fmc) },
	{ "boot_loader", offsetof(struct wd_snp_tcb, boot_loader) },
	{ "tee", offsetof(struct wd_snp_tcb, tee) },
	{ "snp", offsetof(struct wd_snp_tcb, snp) },
	{ "microcode", offsetof(struct wd_snp_tcb, microcode) },
};

/* Where NAME's number goes; NULL: no line has it, or this one has none. */
static uint8_t *
component(struct wd_snp_tcb *tcb, enum wd_snp_line line, struct wd_span name)
{
	for (size_t i = 0; i < WD_N(components); i++)
		if (wd_span_is(name, components[i].name) &&
		    (i > 0 || wd_snp_has_fmc(line)))
			return (uint8_t *)tcb + components[i].at;
	return NULL;
}

/* "snp=22". A number that is there is above 0, so that none comes twice. */
static bool
set_component(
    struct wd_snp_tcb *tcb, enum wd_snp_line line, struct wd_span word)
{
	struct wd_span name = word;
	uint8_t *place;
	uint64_t n;

	for (name.len = 0; name.len < word.len; name.len++)
		if (word.p[name.len] == '=')
			break;
	if (name.len == word.len)
		return false;
	place = component(tcb, line, name);
	if (place == NULL || *place != 0 ||
	    !wd_num_parse(
		wd_span(word.p + name.len + 1, word.len - name.len - 1),
		UINT8_MAX, &n) ||
	    n == 0)
		return false;
	*place = (uint8_t)n;
	return true;
}

/* Steppings and the lines that are certified as another are not taken: what is
 * written is what is in the claim product_line. */
static enum wd_snp_line
line_of(struct wd_span word)
{
	enum wd_snp_line line = wd_snp_line_by_name(word);

	return wd_span_is(word, wd_snp_line_name(line)) ? line : WD_SNP_NO_LINE;
}

int
wd_conf_set_snp_tcb(
    const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	static const struct wd_snp_tcb none = { 0 };
	struct wd_snp_tcb tcb = { 0 };
	struct wd_span rest = v->text;
	enum wd_snp_line line = line_of(wd_conf_word(&rest));

	if (line == WD_SNP_NO_LINE || rest.len == 0)
		return wrong_form(v, d);
	if (!wd_snp_tcb_le(&conf->snp_min_tcb[line], &none))
		return wd_reject(d, WD_R_EXISTS, "%s is given twice for %s",
		    v->key->name, wd_snp_line_name(line));
	while (rest.len > 0)
		if (!set_component(&tcb, line, wd_conf_word(&rest)))
			return wrong_form(v, d);
	conf->snp_min_tcb[line] = tcb;
	return 0;
}

int
wd_conf_set_pcrs(
    const struct wd_conf_value *v, struct wd_conf *conf, struct wd_diag *d)
{
	struct wd_span rest = v->text;
	uint32_t pcrs = 0;

	while (rest.len > 0) {
		uint64_t n;

		if (!wd_num_parse(wd_conf_word(&rest), PCR_LAST, &n) ||
		    (pcrs >> n & 1) != 0)
			return wrong_form(v, d);
		pcrs |= UINT32_C(1) << n;
	}
	wd_copy((char *)conf + v->key->offset, wd_span(&pcrs, sizeof(pcrs)));
	return 0;
}
