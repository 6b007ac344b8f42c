/*
 * Tables of the product lines.
 */
#include "verify/snp/tcb.h"

#include "base/rd.h"

#include <assert.h>

enum { FAMILY_19 = 0x19, FAMILY_1A = 0x1a, NOT_HERE = -1 };

/* SPLs of certificates, by the last number of their OIDs. */
enum {
	SPL_BOOT_LOADER = 1,
	SPL_TEE = 2,
	SPL_SNP = 3,
	SPL_4 = 4,
	SPL_5 = 5,
	SPL_6 = 6,
	SPL_7 = 7,
	SPL_MICROCODE = 8,
	SPL_FMC = 9
};

/* A TCB version by byte: which SPL each is. */
static const struct {
	const char *name;
	uint8_t spl[WD_SNP_TCB];
	uint8_t chip_id;
} lines[WD_SNP_LINES] = {
	[WD_SNP_MILAN] = { "Milan",
	    { SPL_BOOT_LOADER, SPL_TEE, SPL_4, SPL_5, SPL_6, SPL_7, SPL_SNP,
		SPL_MICROCODE },
	    64 },
	[WD_SNP_GENOA] = { "Genoa",
	    { SPL_BOOT_LOADER, SPL_TEE, SPL_4, SPL_5, SPL_6, SPL_7, SPL_SNP,
		SPL_MICROCODE },
	    64 },
	[WD_SNP_TURIN] = { "Turin",
	    { SPL_FMC, SPL_BOOT_LOADER, SPL_TEE, SPL_SNP, SPL_5, SPL_6, SPL_7,
		SPL_MICROCODE },
	    8 },
};

/* Processors that are certified as another line. */
static const struct {
	const char *name;
	enum wd_snp_line line;
} others[] = {
	{ "Bergamo", WD_SNP_GENOA },
	{ "Siena", WD_SNP_GENOA },
};

static const struct {
	uint8_t family, first, last;
	enum wd_snp_line line;
} models[] = {
	{ FAMILY_19, 0x00, 0x0f, WD_SNP_MILAN },
	{ FAMILY_19, 0x10, 0x1f, WD_SNP_GENOA },
	{ FAMILY_19, 0xa0, 0xaf, WD_SNP_GENOA },
	{ FAMILY_1A, 0x00, 0x11, WD_SNP_TURIN },
};

const char *
wd_snp_line_name(enum wd_snp_line line)
{
	return line == WD_SNP_NO_LINE ? "none" : lines[line].name;
}

static struct wd_span
before_stepping(struct wd_span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] == '-')
			return wd_span(name.p, i);
	return name;
}

enum wd_snp_line
wd_snp_line_by_name(struct wd_span name)
{
	struct wd_span stem = before_stepping(name);

	for (size_t i = WD_SNP_MILAN; i < WD_SNP_LINES; i++)
		if (wd_span_is(stem, lines[i].name))
			return (enum wd_snp_line)i;
	for (size_t i = 0; i < WD_N(others); i++)
		if (wd_span_is(stem, others[i].name))
			return others[i].line;
	return WD_SNP_NO_LINE;
}

enum wd_snp_line
wd_snp_line_by_cpuid(uint8_t family, uint8_t model)
{
	for (size_t i = 0; i < WD_N(models); i++)
		if (models[i].family == family && model >= models[i].first &&
		    model <= models[i].last)
			return models[i].line;
	return WD_SNP_NO_LINE;
}

size_t
wd_snp_chip_id_len(enum wd_snp_line line)
{
	return lines[line].chip_id;
}

int
wd_snp_spl_place(enum wd_snp_line line, unsigned spl)
{
	for (int i = 0; i < WD_SNP_TCB; i++)
		if (lines[line].spl[i] == spl)
			return i;
	return NOT_HERE;
}

bool
wd_snp_has_fmc(enum wd_snp_line line)
{
	return wd_snp_spl_place(line, SPL_FMC) != NOT_HERE;
}

static uint8_t
component(enum wd_snp_line line, struct wd_span bytes, unsigned spl)
{
	int place = wd_snp_spl_place(line, spl);

	return place == NOT_HERE ? 0 : bytes.p[place];
}

struct wd_snp_tcb
wd_snp_tcb_read(enum wd_snp_line line, struct wd_span bytes)
{
	assert(line != WD_SNP_NO_LINE && bytes.len == WD_SNP_TCB);
	return (struct wd_snp_tcb){
		.fmc = component(line, bytes, SPL_FMC),
		.boot_loader = component(line, bytes, SPL_BOOT_LOADER),
		.tee = component(line, bytes, SPL_TEE),
		.snp = component(line, bytes, SPL_SNP),
		.microcode = component(line, bytes, SPL_MICROCODE),
	};
}

void
wd_snp_tcb_write(enum wd_snp_line line, const struct wd_snp_tcb *tcb,
    uint8_t ret[WD_SNP_TCB])
{
	const uint8_t of_spl[] = {
		[SPL_BOOT_LOADER] = tcb->boot_loader,
		[SPL_TEE] = tcb->tee,
		[SPL_SNP] = tcb->snp,
		[SPL_MICROCODE] = tcb->microcode,
		[SPL_FMC] = tcb->fmc,
	};

	assert(line != WD_SNP_NO_LINE);
	for (size_t i = 0; i < WD_SNP_TCB; i++)
		ret[i] = of_spl[lines[line].spl[i]];
}

bool
wd_snp_tcb_le(const struct wd_snp_tcb *a, const struct wd_snp_tcb *b)
{
	return a->fmc <= b->fmc && a->boot_loader <= b->boot_loader &&
	    a->tee <= b->tee && a->snp <= b->snp &&
	    a->microcode <= b->microcode;
}
