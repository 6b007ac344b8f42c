/*
 * Reports of SEV-SNP in words, and those of Azure's paravisor around them.
 */
#include "bin/warder/inspect.h"

#include "base/rd.h"
#include "verify/azure/hcl.h"
#include "verify/snp/report.h"

#include <stdio.h>

enum { RUNTIME_LINE = 120 };

/* Without a processor in the report nobody can tell which byte is which. */
static void
say_tcb(const char *name, enum wd_snp_line line, struct wd_span bytes)
{
	struct wd_snp_tcb tcb;
	char text[96];

	if (line == WD_SNP_NO_LINE) {
		say_hex(name, bytes);
		return;
	}
	tcb = wd_snp_tcb_read(line, bytes);
	(void)snprintf(text, sizeof(text),
	    "fmc %u, boot loader %u, tee %u, snp %u, microcode %u", tcb.fmc,
	    tcb.boot_loader, tcb.tee, tcb.snp, tcb.microcode);
	say(name, text);
}

static void
say_policy(const struct wd_snp_report *p)
{
	say_hex("guest policy", p->policy_bytes);
	say("can be debugged",
	    (p->policy & WD_SNP_POLICY_DEBUG) != 0 ? "YES" : "no");
	say("migration agent",
	    (p->policy & WD_SNP_POLICY_MIGRATE_MA) != 0 ? "ALLOWED" : "no");
	say_yes("SMT allowed", (p->policy & WD_SNP_POLICY_SMT) != 0);
	say_yes(
	    "single socket", (p->policy & WD_SNP_POLICY_SINGLE_SOCKET) != 0);
	say_hex("platform info", p->platform_bytes);
	say_yes("TSME", (p->platform & WD_SNP_PLATFORM_TSME) != 0);
	say_yes("alias check complete",
	    (p->platform & WD_SNP_PLATFORM_ALIAS_CHECK) != 0);
	say_yes("ciphertext hiding",
	    (p->platform & WD_SNP_PLATFORM_CIPHERTEXT_HIDING) != 0);
}

static void
say_guest(const struct wd_snp_report *p)
{
	say_hex("measurement", p->measurement);
	say_hex("report data", p->report_data);
	say_hex("host data", p->host_data);
	say_number("VMPL", p->vmpl);
	say_number("guest SVN", p->guest_svn);
	say_hex("family id", p->family_id);
	say_hex("image id", p->image_id);
	say_hex("id key digest", p->id_key_digest);
	say_hex("author key digest", p->author_key_digest);
	say_hex("report id", p->report_id);
	say_hex("report id of agent", p->report_id_ma);
}

static void
say_platform(const struct wd_snp_report *p)
{
	say("product line",
	    p->has_cpuid ? wd_snp_line_name(p->line) : "not in this version");
	say("signed by", p->key == WD_SNP_VLEK ? "a VLEK" : "a VCEK");
	say_hex("chip id", p->chip_id);
	say_tcb("reported TCB", p->line, p->reported);
	say_tcb("committed TCB", p->line, p->committed);
	say_tcb("current TCB", p->line, p->current);
	say_tcb("launch TCB", p->line, p->launch);
	if (p->launch_mitigation.p != NULL) {
		say_hex("mitigations at launch", p->launch_mitigation);
		say_hex("mitigations now", p->current_mitigation);
	}
}

bool
inspect_snp_report(struct wd_span bytes)
{
	struct wd_snp_report report;

	if (wd_snp_report_parse(bytes, &report, NULL) != 0)
		return false;
	(void)printf("SEV-SNP report, NOT VERIFIED\n");
	say_number("version", report.version);
	say_guest(&report);
	say_policy(&report);
	say_platform(&report);
	return true;
}

/* What the paravisor says is JSON, and hostile: in pieces, as text. */
static void
say_runtime(struct wd_span json)
{
	struct wd_rd rd = wd_rd(json);

	(void)printf("runtime data\n");
	while (wd_rd_more(&rd))
		say_text("",
		    wd_rd_bytes(
			&rd, rd.left < RUNTIME_LINE ? rd.left : RUNTIME_LINE));
}

bool
inspect_hcl_report(struct wd_span bytes)
{
	struct wd_hcl hcl;

	if (wd_hcl_parse(bytes, &hcl, NULL) != 0)
		return false;
	(void)printf("report of Azure's paravisor, NOT VERIFIED\n");
	say("hardware",
	    hcl.kind == WD_HCL_SNP       ? "snp"
		: hcl.kind == WD_HCL_TDX ? "tdx"
					 : "another");
	say_runtime(hcl.runtime);
	if (hcl.kind == WD_HCL_SNP && !inspect_snp_report(hcl.report))
		say("report", "malformed");
	return true;
}
