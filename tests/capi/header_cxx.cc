// The header alone, as a C++ program of 2011 takes it.
#include "nacre/c.h"

extern const size_t nacre_header_cxx;
const size_t nacre_header_cxx = sizeof(nacre_stats);
