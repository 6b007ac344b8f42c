/*
 * Just enough DER to find four elements of a certificate (RFC 5280, section
 * 4.1): the module links no decoder.
 */
#include "bin/pkcs11/cert.h"

#include "base/rd.h"

enum { INTEGER = 0x02, SEQUENCE = 0x30, VERSION = 0xa0 };

/* Length octets in their shortest form, two at most behind the first. */
static size_t
read_len(struct wd_rd *rd)
{
	size_t n = wd_rd_u8(rd);

	if (n < 0x80)
		return n;
	if (n == 0x81)
		n = wd_rd_u8(rd);
	else if (n == 0x82)
		n = wd_rd_be16(rd);
	else
		wd_rd_fail(rd);
	if (n < 0x80)
		wd_rd_fail(rd);
	return n;
}

/* The next element with its head, and a cursor over its contents. */
static struct wd_span
take(struct wd_rd *rd, uint8_t tag, struct wd_rd *ret_contents)
{
	const uint8_t *start = rd->p;

	if (wd_rd_u8(rd) != tag)
		wd_rd_fail(rd);
	*ret_contents = wd_rd_sub(rd, read_len(rd));
	return rd->bad ? wd_span(NULL, 0)
		       : wd_span(start, (size_t)(rd->p - start));
}

bool
wd_p11_cert_read(struct wd_span der, struct wd_p11_cert *ret)
{
	struct wd_rd rd = wd_rd(der);
	struct wd_rd cert, tbs, skipped;
	struct wd_p11_cert c = { .der = der };

	(void)take(&rd, SEQUENCE, &cert);
	(void)take(&cert, SEQUENCE, &tbs);
	if (tbs.left > 0 && tbs.p[0] == VERSION)
		(void)take(&tbs, VERSION, &skipped);
	c.serial = take(&tbs, INTEGER, &skipped);
	(void)take(&tbs, SEQUENCE, &skipped); /* signature algorithm */
	c.issuer = take(&tbs, SEQUENCE, &skipped);
	(void)take(&tbs, SEQUENCE, &skipped); /* validity */
	c.subject = take(&tbs, SEQUENCE, &skipped);
	c.spki = take(&tbs, SEQUENCE, &skipped);
	if (wd_rd_end(&rd) != 0 || wd_rd_ok(&tbs) != 0)
		return false;
	*ret = c;
	return true;
}
