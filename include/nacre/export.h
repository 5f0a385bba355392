// NACRE_API marks what the shared library exports; all else in it is hidden. Plain C, for c.h uses it too.
#pragma once

#define NACRE_API __attribute__((visibility("default")))
