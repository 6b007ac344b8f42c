/*
 * The swtee verbs for --tee snp: a folder of its own, reports, collateral.
 */
#pragma once

#include "bin/warder/args.h"

#define SWTEE_SNP_INIT_OPTIONS                                                 \
	{ "line", "LINE", "snp: Milan (the default), Genoa or Turin", false }, \
	    { "vlek", NULL, "snp: a VLEK, else a VCEK", false },               \
	    { "tcb", "HEX",                                                    \
		    "snp: fmc, boot loader, tee, snp, microcode, a byte each", \
		    false },                                                   \
	    { "chip-id", "HEX", "snp: 64 bytes; random", false },              \
	{                                                                      \
		"csp-id", "TEXT", "snp: whose VLEK it is", false               \
	}

#define SWTEE_SNP_QUOTE_OPTIONS                                             \
	{ "report-version", "N", "snp: 2 to 5, 5", false },                 \
	    { "measurement", "HEX", "snp: 48 bytes", false },               \
	    { "host-data", "HEX", "snp: 32 bytes", false },                 \
	    { "vmpl", "N", "snp: privilege level of the guest's asker",     \
		    false },                                                \
	    { "guest-svn", "N", "snp: security version", false },           \
	    { "family-id", "HEX", "snp: 16 bytes", false },                 \
	    { "image-id", "HEX", "snp: 16 bytes", false },                  \
	    { "id-key-digest", "HEX", "snp: 48 bytes", false },             \
	    { "author-key-digest", "HEX", "snp: 48 bytes", false },         \
	    { "migrate-ma", NULL, "snp: a migration agent may take it",     \
		    false },                                                \
	{                                                                   \
		"mask-chip", NULL, "snp: a host that hides its chip", false \
	}

struct wd_diag;

/* TEE is "snp". */
bool swtee_is_snp(const char *tee);

enum cli_exit swtee_snp_init(const struct cli_args *args, const char *path);
enum cli_exit swtee_snp_quote(const struct cli_args *args);
enum cli_exit swtee_snp_collateral(const struct cli_args *args);

/* WD_R_MALFORMED when ARGS has an option of a report, which for another TEE
 * would be without effect. */
int swtee_snp_refuse(const struct cli_args *args, struct wd_diag *d)
    WD_MUST_USE;
