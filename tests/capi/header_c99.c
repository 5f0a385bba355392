// The header alone, as C99; twice, for it may come by two ways.
#include "nacre/c.h"

extern const size_t nacre_header_c99;
const size_t nacre_header_c99 = sizeof(nacre_stats);
