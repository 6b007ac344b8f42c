/*
 * The one slot and the token in it.
 */
#pragma once

#include "bin/pkcs11/ck.h"

enum { WD_P11_SLOT = 1 };

/* Copies TEXT into a field of SIZE bytes and fills it up with blanks. */
void wd_p11_pad(unsigned char *field, size_t size, struct wd_span text);
