/*
 * TCG DICE's extension for a composite device id, in the form it had first.
 */
#include "verify/nvidia/fwid.h"

#include "codec/der.h"

#define OID_COMPOSITE \
	WD_SPAN_LIT("\x67\x81\x05\x05\x04\x01") /* 2.23.133.5.4.1 */
#define OID_SHA384 WD_SPAN_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x02")

bool
wd_fwid_of(const struct wd_cert *cert, struct wd_span *ret)
{
	struct wd_span value, fwid;
	struct wd_rd rd, all, id, digest;

	if (!wd_cert_extension(cert, OID_COMPOSITE, &value))
		return false;
	rd = wd_rd(value);
	all = wd_der_enter(&rd, WD_DER_SEQUENCE);
	if (wd_der_uint(&all, WD_DER_INTEGER, 1) != 1)
		wd_rd_fail(&all);
	(void)wd_der_whole(&all, WD_DER_SEQUENCE); /* the device's key */
	id = wd_der_enter(&all, WD_DER_SEQUENCE);
	if (!wd_span_equal(wd_der_oid(&id), OID_SHA384))
		wd_rd_fail(&id);
	digest = wd_der_enter(&id, WD_DER_OCTET_STRING);
	fwid = wd_rd_bytes(&digest, WD_FWID);
	if (wd_rd_end(&digest) != 0 || wd_rd_end(&id) != 0 ||
	    wd_rd_end(&all) != 0 || wd_rd_end(&rd) != 0)
		return false;
	*ret = fwid;
	return true;
}
