/*
 * The types of PKCS#11 2.40, from p11-kit's header under its own spelling. The
 * one place that includes it.
 */
#pragma once

#define CRYPTOKI_GNU 1
#include <p11-kit/pkcs11.h>
