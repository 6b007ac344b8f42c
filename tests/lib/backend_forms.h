/*
 * Kinds of backends for tests: keys are files of a folder. Those of the second
 * may leave it wrapped to a client's key alone.
 */
#pragma once

#include "backend/backend.h"

extern const struct wd_backend_form t_backend_form, t_backend_form_wraps;
