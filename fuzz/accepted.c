#include "fuzz.h"

bool fuzz_accepted;
