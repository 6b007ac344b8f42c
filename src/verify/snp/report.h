/*
 * An attestation report of SEV-SNP: its form and its fields. layout.md beside
 * this file has the offsets. Nothing here is authentic before the signature
 * has been checked.
 */
#pragma once

#include "verify/snp/tcb.h"

enum {
	WD_SNP_REPORT = 1184,
	WD_SNP_SIGNED = 0x2a0, /* bytes from the start that are signed */
};

enum wd_snp_key { WD_SNP_VCEK = 0, WD_SNP_VLEK = 1 };

/* Spans view the report's bytes. */
struct wd_snp_report {
	struct wd_span signed_part;
	uint32_t version, guest_svn, vmpl;
	struct wd_span policy_bytes, platform_bytes; /* 8 each */
	uint64_t policy, platform;
	struct wd_span family_id, image_id; /* 16 */
	bool has_author_key, masks_chip_key;
	enum wd_snp_key key;
	struct wd_span report_data;                          /* 64 */
	struct wd_span measurement;                          /* 48 */
	struct wd_span host_data;                            /* 32 */
	struct wd_span id_key_digest, author_key_digest;     /* 48 */
	struct wd_span report_id, report_id_ma;              /* 32 */
	struct wd_span current, reported, committed, launch; /* TCBs */
	bool has_cpuid;         /* version 3 and later */
	enum wd_snp_line line;  /* by CPUID; NO_LINE also when there is none */
	struct wd_span chip_id; /* 64 */
	struct wd_span launch_mitigation, current_mitigation; /* 8, version 5 */
	uint8_t rs[96]; /* big endian, as signatures are elsewhere */
};

/* Bits of policy and platform that mean something here. */
enum {
	WD_SNP_POLICY_SMT = 1 << 16,
	WD_SNP_POLICY_MUST = 1 << 17,
	WD_SNP_POLICY_MIGRATE_MA = 1 << 18,
	WD_SNP_POLICY_DEBUG = 1 << 19,
	WD_SNP_POLICY_SINGLE_SOCKET = 1 << 20,
	WD_SNP_PLATFORM_TSME = 1 << 1,
	WD_SNP_PLATFORM_CIPHERTEXT_HIDING = 1 << 4,
	WD_SNP_PLATFORM_ALIAS_CHECK = 1 << 5,
};

/* WD_R_MALFORMED. */
int wd_snp_report_parse(struct wd_span bytes, struct wd_snp_report *ret,
    struct wd_diag *d) WD_MUST_USE;
