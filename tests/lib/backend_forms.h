/*
 * A kind of backend for tests: keys are files of a folder.
 */
#pragma once

#include "backend/backend.h"

extern const struct wd_backend_form t_backend_form;
