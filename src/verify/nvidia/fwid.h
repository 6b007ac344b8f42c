/*
 * The id of the firmware that a GPU's attestation key was made for, in the
 * certificate of that key.
 */
#pragma once

#include "crypto/x509.h"

enum { WD_FWID = 48 };

/* A view into CERT. False when it has none or one of another form. */
bool wd_fwid_of(const struct wd_cert *cert, struct wd_span *ret);
